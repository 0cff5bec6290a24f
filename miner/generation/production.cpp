#include "miner/generation/production.hpp"

#include "config/elapsed.hpp"
#include "generator/errc.hpp"
#include "generator/splat/encode.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace miner {
namespace {

using storage::AttemptOutcome;
using storage::EnhancementChain;
using storage::Route;

storage::Attempt::Health recorded(const generator::SplatHealth& health) {
    return {.invisible = health.invisible,
            .opacity_mean = health.opacity_mean,
            .opacity_spread = health.opacity_spread,
            .non_finite = health.non_finite,
            .identity_rotations = health.identity_rotations,
            .extent = *std::max_element(health.extent.begin(), health.extent.end())};
}

storage::Outcome outcome_of(GateVerdict verdict) {
    if (verdict == GateVerdict::passed) return storage::Outcome::passed;
    return verdict == GateVerdict::retry_passed ? storage::Outcome::retry_passed
                                                : storage::Outcome::retry_improved;
}

// A prompt has nothing to enhance, so each retry changes its seed. A picture's first retry changes
// the enhancement alone, and those after it, which are enhanced alike, the seed.
std::uint64_t seed_of(int attempt, std::uint64_t first, bool prompt) {
    const int unchanged = prompt ? 1 : 2;
    return first + std::uint64_t(std::max(0, attempt - unchanged));
}

}  // namespace

void Production::fail(GenerationResult& result, const config::Error& error) {
    using End = GenerationResult::End;
    result.end = error.code == generator::Errc::cancelled     ? End::stopped
                 : error.code == generator::Errc::device_lost ? End::device_lost
                 : error.code == generator::Errc::bad_mask    ? End::no_object
                                                              : End::decided;
    result.outcome = result.given_up() ? storage::Outcome::none : storage::Outcome::error;
    result.detail = error.message();
    result.error = error.code;
}

asio::awaitable<GenerationResult> Production::produce(GenerationRequest request, std::uint64_t seed,
                                                      std::stop_token outer, Watch watch,
                                                      std::optional<CandidatePlan> plan) {
    const bool off = candidates_off_ || !predictor_ || !predictor_->loaded();
    if (off || (plan && plan->settings.most < 2)) plan.reset();
    auto result = co_await produce_as(generation_config_, request, seed, outer, watch,
                                      {.plan = plan ? &*plan : nullptr});
    const auto io = co_await asio::this_coro::executor;
    watch_memory(io, result, plan.has_value());
    co_return result;
}

asio::awaitable<GenerationResult> Production::produce_here(GenerationConfig generation_config,
                                                           GenerationRequest request,
                                                           std::uint64_t seed,
                                                           std::stop_token outer, Watch watch) {
    auto result =
        co_await produce_as(generation_config, request, seed, outer, watch, {.here_only = true});
    const auto io = co_await asio::this_coro::executor;
    watch_memory(io, result, false);
    co_return result;
}

asio::awaitable<Production::Next> Production::decode_and_cut_out(GenerationResult& result,
                                                                 GenerationRun& run,
                                                                 const RoutedRequest& routed) {
    const auto read = co_await run.read();
    if (!read) {
        fail(result, read.error());
        co_return Next::finished;
    }
    const auto cut = co_await run.cut_out();
    if (cut) co_return Next::proceed;
    if (routed.generation_config.matting == GenerationConfig::Matting::automatic &&
        cut.error().code == generator::Errc::bad_mask) {
        log_.warn("not cut out", {{"task", routed.watch.task},
                                  {"error", cut.error().message()},
                                  {"hint", "goes on with the whole picture"}});
        result.not_cut_out = cut.error().message();
        co_return Next::proceed;
    }
    fail(result, cut.error());
    ran_out(result, cut.error(), routed);
    if (goes_elsewhere(cut.error(), routed)) co_return Next::try_another;
    // The prompt is tried next.
    if (result.end == GenerationResult::End::no_object &&
        routed.route == Route::prompt_via_picture && pool_.takes_prompts())
        co_return Next::finished;
    result.attempts.push_back({.chain = EnhancementChain::standard,
                               .route = routed.route,
                               .outcome = AttemptOutcome::error,
                               .error = cut.error().message()});
    if (routed.watch.attempt) co_await routed.watch.attempt(result.attempts.back());
    co_return Next::finished;
}

storage::Attempt Production::report_of(const GenerationRun::StructureResult& tried, int number,
                                       EnhancementChain chain, std::uint64_t seed,
                                       const RoutedRequest& routed) {
    storage::Attempt report{.number = number,
                            .chain = chain,
                            .route = routed.route,
                            .seed = seed,
                            .times = tried.times,
                            .outcome = AttemptOutcome::error,
                            .error = {}};
    if (number == 1 && routed.text_to_image_ms >= 0)  // part of making the picture ready
        report.times.prepare = routed.text_to_image_ms + std::max(report.times.prepare, 0.0);
    report.times.compress = -1;  // ours, once it is chosen; not that of a remote backend
    if (tried.structure) {
        report.voxels = tried.structure->voxels();
        report.gaussians = tried.structure->gaussians();
        report.outcome = report.gaussians >= routed.generation_config.gate.min_gaussians
                             ? AttemptOutcome::passed
                             : AttemptOutcome::sparse;
    } else if (tried.error.code == generator::Errc::no_voxels) {
        // An empty structure is the sparsest there is, not a failure: the retry may see more.
        report.voxels = report.gaussians = 0;
        report.outcome = AttemptOutcome::sparse;
    } else {
        report.error = tried.error.message();
    }
    return report;
}

asio::awaitable<Production::Next> Production::make(GenerationResult& result, GenerationRun& run,
                                                   const RoutedRequest& routed, Backend& backend,
                                                   Precedence::Place& place) {
    const auto prepared = co_await decode_and_cut_out(result, run, routed);
    if (prepared != Next::proceed) co_return prepared;
    Structures structures;
    const auto next = co_await pass_gate(result, run, routed, structures);
    if (next != Next::finished || !routed.plan) co_return next;
    place.move_to(1);
    if (routed.watch.gate_decided) routed.watch.gate_decided();
    CandidateQueue queue(co_await asio::this_coro::executor);
    CandidateRound round{run, routed, *routed.plan, backend, place, structures, result, queue};
    co_await make_candidates(round);
    co_return Next::finished;
}

asio::awaitable<Production::Next> Production::pass_gate(GenerationResult& result,
                                                        GenerationRun& run,
                                                        const RoutedRequest& routed,
                                                        Structures& structures) {
    GaussianCounts counts;
    Decision decision{GateVerdict::retry, -1};
    for (;;) {
        while (decision.verdict == GateVerdict::retry) {
            const auto next = co_await attempt(result, run, routed, structures);
            if (next != Next::proceed) co_return next;
            counts.push_back(result.attempts.back().gaussians);
            decision = judge(counts, routed.generation_config.gate);
            log_verdict(routed, decision, result);
            if (routed.watch.attempt) co_await routed.watch.attempt(result.attempts.back());
        }
        if (decision.attempt < 0) break;
        result.detail.clear();
        result.attempt = decision.attempt + 1;
        result.outcome = outcome_of(decision.verdict);
        const auto next = co_await generate_splats(
            result, run, *structures[std::size_t(decision.attempt)], routed);
        if (next != Next::proceed) co_return next;
        auto& report = result.attempts[std::size_t(decision.attempt)];
        auto fault = co_await examine(result.splats, report, routed);
        if (fault.empty()) co_return Next::finished;
        result.splats = {};
        result.detail = std::move(fault);
        counts[std::size_t(decision.attempt)] = -1;
        decision = judge(counts, routed.generation_config.gate);
    }

    result.attempt = 0;
    // All attempts failed: that is an error, not a verdict on the picture.
    const bool failed =
        std::all_of(result.attempts.begin(), result.attempts.end(),
                    [](const auto& each) { return each.outcome == AttemptOutcome::error; });
    if (!failed) result.outcome = storage::Outcome::rejected;
    co_return Next::finished;
}

// The gate's next attempt at a structure; `proceed` also when it failed, but may be tried again.
asio::awaitable<Production::Next> Production::attempt(GenerationResult& result, GenerationRun& run,
                                                      const RoutedRequest& routed,
                                                      Structures& structures) {
    const int number = int(result.attempts.size()) + 1;
    if (number > 1)
        log_.info("retry", {{"task", routed.watch.task},
                            {"attempt", number},
                            {"gate", routed.generation_config.gate.min_gaussians}});
    const bool prompt = is_prompt(routed.request);
    const auto chain = prompt        ? EnhancementChain::prompt
                       : number == 1 ? EnhancementChain::standard
                                     : EnhancementChain::extreme;
    const auto seed = seed_of(number, routed.seed, prompt);
    auto tried = co_await run.generate_structure(chain, seed, routed.stop);
    if (tried.error.code == generator::Errc::out_of_memory) {
        const double prepare_ms = tried.times.prepare;
        tried = co_await run.generate_structure(chain, seed, routed.stop);
        tried.times.prepare = std::max(tried.times.prepare, prepare_ms);
    }
    auto report = report_of(tried, number, chain, seed, routed);
    if (report.outcome == AttemptOutcome::error) {
        fail(result, tried.error);
        ran_out(result, tried.error, routed);
        if (tried.lost) co_return tried.full ? Next::refused : Next::try_another;
        if (goes_elsewhere(tried.error, routed)) co_return Next::try_another;
        if (result.given_up() || result.end == GenerationResult::End::device_lost)
            co_return Next::finished;
    }
    structures.push_back(std::move(tried.structure));
    result.attempts.push_back(std::move(report));
    co_return Next::proceed;
}

asio::awaitable<std::string> Production::examine(const generator::Splats& splats,
                                                 storage::Attempt& report,
                                                 const RoutedRequest& routed) {
    const auto health = co_await run_on(lanes_.cpu, [&] { return generator::measure(splats); });
    report.health = recorded(health);
    auto fault = unhealthy(health, routed.generation_config.gate);
    if (fault.empty()) co_return fault;
    log_.warn("unhealthy",
              {{"task", routed.watch.task}, {"attempt", report.number}, {"error", fault}});
    report.outcome = AttemptOutcome::unhealthy;
    report.error = fault;
    co_return fault;
}

asio::awaitable<Production::Next> Production::generate_splats(GenerationResult& result,
                                                              GenerationRun& run,
                                                              const generator::Structure& chosen,
                                                              const RoutedRequest& routed) {
    auto made = co_await run.generate_splats(chosen, routed.stop);
    if (made.error.code == generator::Errc::out_of_memory)
        made = co_await run.generate_splats(chosen, routed.stop);
    if (made.error.code) {
        fail(result, made.error);
        ran_out(result, made.error, routed);
        if (made.full) co_return Next::refused;
        const bool elsewhere = made.lost || goes_elsewhere(made.error, routed);
        co_return elsewhere ? Next::try_another : Next::finished;
    }
    result.splats = std::move(made.generated.splats);
    auto& report = result.attempts[std::size_t(result.attempt - 1)];
    report.times.latent = made.generated.times.latent;
    report.times.gaussians = made.generated.times.gaussians;
    co_return result.splats.size() > 0 ? Next::proceed : Next::finished;
}

asio::awaitable<EncodedAsset> Production::encode(generator::Splats splats) {
    co_return co_await run_on(lanes_.cpu, [&] {
        const auto begin = std::chrono::steady_clock::now();
        EncodedAsset encoded;
        auto bytes =
            generator::encode_spz(splats, generator::export_options(generation_config_.export_),
                                  {.fraction_bits = generation_config_.export_.fraction_bits,
                                   .zstd_level = generation_config_.export_.zstd_level});
        encoded.gaussians = bytes.gaussians;
        if (bytes.gaussians > 0)
            encoded.spz = std::make_shared<std::vector<std::uint8_t>>(std::move(bytes.spz));
        encoded.milliseconds = config::milliseconds_since(begin);
        return encoded;
    });
}

// One line an event, with the words that operators grep for.
void Production::log_verdict(const RoutedRequest& routed, const Decision& decision,
                             const GenerationResult& result) const {
    const auto& last = result.attempts.back();
    const auto say = [&](config::Level level, std::string_view event) {
        log_.event(level, event,
                   {{"task", routed.watch.task},
                    {"attempt", last.number},
                    {"gaussians", last.gaussians},
                    {"gate", routed.generation_config.gate.min_gaussians},
                    {"ms", std::llround(config::total(last.times))}});
    };
    using enum config::Level;
    if (last.outcome == AttemptOutcome::error)
        log_.warn("attempt failed",
                  {{"task", routed.watch.task}, {"attempt", last.number}, {"error", last.error}});
    if (last.outcome == AttemptOutcome::sparse) say(info, "sparse");
    switch (decision.verdict) {
        case GateVerdict::passed:
            say(info, "passed");
            break;
        case GateVerdict::retry:
            break;
        case GateVerdict::retry_passed:
            say(info, "retry successful");
            break;
        case GateVerdict::retry_improved:
            say(warn, "retry improved");
            break;
        case GateVerdict::rejected:
            say(warn, "rejected");
            break;
    }
}

}  // namespace miner
