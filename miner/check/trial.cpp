#include "miner/check/trial.hpp"

#include "config/elapsed.hpp"
#include "miner/generation/production.hpp"
#include "miner/rehearsal/pictures.hpp"
#include "network/run_alone.hpp"

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include <chrono>

namespace miner {
namespace {

using State = Finding::State;
using Clock = std::chrono::steady_clock;

Finding model_finding(const config::Generator& settings, const generator::ModelInfo& model,
                      double seconds) {
    if (model.device == "remote") return {State::ok, "model", model.name, ""};
    const auto found =
        fmt::format("{} on {} ({}), {} million parameters, loaded in {:.1f} s", model.name,
                    model.device, model.dtype, model.parameters / 1'000'000, seconds);
    if (settings.model.empty())
        return {State::warn, "model", found,
                "the embedded model is for rehearsals; fetch a published one with `miner weights` "
                "and name its folder in generator.model"};
    if (model.device == "cpu")
        return {State::warn, "model", found,
                "a CPU takes minutes where validators expect seconds; is there a GPU, and is this "
                "build for it?"};
    return {State::ok, "model", found, ""};
}

Finding trial_finding(const GenerationResult& result, const EncodedAsset& encoded, double seconds,
                      std::chrono::milliseconds deadline) {
    const double limit = std::chrono::duration<double>(deadline).count();
    if (result.end == GenerationResult::End::late)
        return {State::fail, "trial generation", result.detail,
                "raise generator.deadline, or use a faster device"};
    if (result.outcome == storage::Outcome::error || result.undecided())
        return {State::fail, "trial generation", result.detail,
                "try `miner generate` with a picture of your own, at --log.level debug"};
    if (encoded.spz->empty())
        return {State::warn, "trial generation",
                fmt::format("nothing dense enough to submit in {:.1f} s", seconds),
                "see gate.min_gaussians and gate.floor in `miner config --print`"};
    const auto found =
        fmt::format("{:.1f} s, {:.2f} MB of SPZ", seconds, double(encoded.spz->size()) / 1e6);
    if (seconds > limit / 2)
        return {State::warn, "trial generation", found,
                "that is more than half of generator.deadline"};
    return {State::ok, "trial generation", found, ""};
}

asio::awaitable<void> try_one(const config::Settings& settings, const MakeGenerator& make_generator,
                              BackendPool& pool, Production& production, Findings& findings) {
    auto begun = Clock::now();
    const auto loaded = co_await pool.load(make_generator);
    if (!loaded) {
        findings.push_back({State::fail, "model", loaded.error().message(),
                            "see generator.model and generator.device in `miner config --print`"});
        co_return;
    }
    findings.push_back(
        model_finding(settings.generator, pool.info(), config::seconds_since(begun)));
    begun = Clock::now();
    auto picture = embedded_pictures().front();
    // Each with a name: g++ 12 destroys temporaries of an awaited call twice.
    const auto seed = std::uint64_t(std::max<std::int64_t>(settings.generator.seed, 0));
    GenerationRequest request = std::move(picture.bytes);
    const std::stop_token never;
    Production::Watch watch{.task = picture.name};
    auto result = co_await production.produce(std::move(request), seed, never, std::move(watch));
    EncodedAsset encoded;
    if (result.splats.size() > 0) encoded = co_await production.encode(std::move(result.splats));
    findings.push_back(
        trial_finding(result, encoded, config::seconds_since(begun), settings.generator.deadline));
    co_await pool.unload();
}

}  // namespace

Findings check_generation(const config::Settings& settings, const MakeGenerator& make_generator,
                          config::Logger& log) {
    auto generation_config = read_generation_config(settings);
    if (!generation_config)
        return {{State::fail, "enhancement", generation_config.error().message(), "see enhance.*"}};
    Findings findings;
    asio::io_context io{1};
    Lanes lanes;
    auto pool = BackendPool::build(lanes, log, settings.generator, BackendPool::Extent::one);
    if (!pool) return {{State::fail, "backends", pool.error().message(), "see generator.remote"}};
    Production production(lanes, **pool, log, std::move(*generation_config));
    network::run_alone(io, try_one(settings, make_generator, **pool, production, findings));
    return findings;
}

}  // namespace miner
