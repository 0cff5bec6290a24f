#include "miner/generation/remote_run.hpp"

#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "miner/generation/remote_answer.hpp"
#include "miner/generation/remote_call.hpp"
#include "miner/generation/remote_picture.hpp"
#include "miner/generation/server_timing.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace miner {
namespace {

using std::chrono::seconds;

bool is_cancelled(const config::Error& error) { return error.code == generator::Errc::cancelled; }

// Whether that is all that is wrong: it may have some soon, and another there may have some now.
bool has_no_room(const network::HttpAnswer& answer) {
    return answer.status == 429 || (answer.status == 503 && read_report(answer.headers));
}

// With any other it may go better elsewhere. A proxy in between that finds a request too large, or
// takes it for none, does not say which backend it is.
bool is_about_request(const network::HttpAnswer& answer) {
    if (answer.status == 400) return read_report(answer.headers).has_value();
    return answer.status == 422 || answer.status == 500;
}

// What a backend answered: the number of Gaussians and, unless they were too few, themselves.
class RemoteStructure final : public generator::Structure {
public:
    RemoteStructure(storage::EnhancementChain used_chain, std::uint64_t seed, std::int64_t count,
                    generator::StageTimes times)
        : chain(used_chain), used_seed(seed), count_(count), times_(times) {}

    std::int64_t voxels() const override { return -1; }  // is not told
    std::int64_t gaussians() const override { return count_; }
    const generator::StageTimes& times() const override { return times_; }

    const storage::EnhancementChain chain;
    const std::uint64_t used_seed;
    generator::Splats splats;

private:
    std::int64_t count_;
    generator::StageTimes times_;
};

class RemoteRun final : public GenerationRun {
public:
    RemoteRun(Lanes& lanes, RemoteBackend& backend, Input input)
        : lanes_(lanes), backend_(backend), input_(std::move(input)) {}

    // To see whether it can be: bad pictures are told from bad backends here. What is too large for
    // another miner goes there smaller.
    asio::awaitable<config::Result<void>> read() override {
        const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&input_.request);
        if (!bytes) co_return config::Result<void>();
        if (input_.stage) input_.stage("decode");
        const auto& limits = input_.generation_config.picture_limits;
        co_return co_await run_on(lanes_.cpu, [&]() -> config::Result<void> {
            const auto decoded = generator::decode(*bytes, limits);
            if (!decoded) return decoded.error();
            if (auto smaller = smaller_for_remote(*decoded, bytes->size()))
                smaller_ = std::move(*smaller);
            return {};
        });
    }

    // The backend does it, as its own settings have it.
    asio::awaitable<config::Result<void>> cut_out() override { co_return config::Result<void>(); }

    asio::awaitable<StructureResult> generate_structure(storage::EnhancementChain chain,
                                                        std::uint64_t seed,
                                                        std::stop_token stop) override {
        StructureResult result;
        const auto least = input_.generation_config.gate.min_gaussians;
        auto made = co_await make(chain, seed, least, stop);
        result.error = made.error;
        result.lost = made.lost;
        result.full = made.full;
        if (made.structure) {
            result.times = made.structure->times();
            result.structure = std::move(made.structure);
        }
        co_return result;
    }

    // Splats that came with the structure are there; those that were held back for being too few
    // are asked for now, and come out the same: request, config and seed are.
    asio::awaitable<SplatsResult> generate_splats(const generator::Structure& structure,
                                                  std::stop_token stop) override {
        const auto& chosen = dynamic_cast<const RemoteStructure&>(structure);
        SplatsResult result;
        if (chosen.splats.size() > 0) {
            result.generated = {chosen.splats, chosen.times()};
            co_return result;
        }
        auto made = co_await make(chosen.chain, chosen.used_seed, 0, stop);
        result.error = made.error;
        result.lost = made.lost;
        result.full = made.full;
        if (!made.structure) co_return result;
        if (made.structure->splats.size() > 0)
            result.generated = {std::move(made.structure->splats), made.structure->times()};
        else
            result.error =
                config::fail(generator::Errc::bad_splats,
                             backend_.name() + ": none, though any number was asked for");
        co_return result;
    }

private:
    struct Made {
        std::unique_ptr<RemoteStructure> structure;
        config::Error error;
        bool lost = false, full = false;
    };

    asio::awaitable<Made> make(storage::EnhancementChain chain, std::uint64_t seed,
                               std::int64_t min_gaussians, std::stop_token stop) {
        if (input_.stage) input_.stage("remote");
        const auto request = remote_request(smaller_ ? *smaller_ : input_.request,
                                            input_.generation_config, chain, seed, min_gaussians);
        network::HttpLimits limits;
        limits.write = seconds(30);
        // The config's deadline fires through the stop token; this one only outlasts it.
        limits.read = input_.generation_config.deadline + seconds(5);
        limits.body_bytes = kLargestRemoteResult;
        auto tries = backend_.begin_tries(begun_);
        for (;;) {
            auto asked = request;
            auto calling = backend_.call(std::move(asked), limits, stop, tries);
            auto answer = co_await std::move(calling);
            const auto report = answer ? read_report(answer->headers) : std::nullopt;
            const auto who = report ? report->instance : std::string();
            Made made;
            if (!answer && is_cancelled(answer.error())) {
                made.error = answer.error();
                // In a queue, as far as anybody knows: nothing was begun there.
                made.lost = made.full = tries.queues && !begun_;
                co_return made;
            }
            if (!answer) {
                made.error = answer.error();
                made.lost = true;
            } else if (has_no_room(*answer)) {
                made.error = config::fail(generator::Errc::internal,
                                          backend_.name() + ": " + refusal_words(*answer));
                made.lost = made.full = true;
            } else {
                auto understanding = understand(std::move(*answer), chain, seed);
                made = co_await std::move(understanding);
            }
            if (!made.lost) {
                begun_ = true;
                backend_.succeeded();
                co_return made;
            }
            auto judging = made.full ? backend_.refused(tries, std::move(*answer), stop)
                                     : backend_.lost(tries, made.error, who, stop);
            const bool again = co_await std::move(judging);
            if (!again || stop.stop_requested()) co_return made;
        }
    }

    asio::awaitable<Made> understand(network::HttpAnswer answer, storage::EnhancementChain chain,
                                     std::uint64_t seed) {
        Made made;
        const auto timing = network::find_header(answer.headers, "server-timing");
        const auto times = read_server_timing(timing.value_or(""));
        const auto count = gaussians_told(answer);
        const auto where = backend_.name() + ": ";
        if (answer.status == 200) {
            auto splats = co_await run_on(lanes_.cpu, [&] { return remote_splats(answer.body); });
            if (!splats) {
                made.error =
                    config::fail(generator::Errc::bad_splats, where + splats.error().message());
                made.lost = true;
                co_return made;
            }
            made.structure =
                std::make_unique<RemoteStructure>(chain, seed, std::int64_t(splats->size()), times);
            made.structure->splats = std::move(*splats);
        } else if (answer.status == 422 && count && *count > 0) {
            made.structure = std::make_unique<RemoteStructure>(chain, seed, *count, times);
        } else if (answer.status == 422 && count) {
            made.error = config::fail(generator::Errc::no_voxels, backend_.name());
        } else {
            made.lost = !is_about_request(answer);
            // 500: it failed there, and was not refused.
            const bool refused = !made.lost && answer.status != 500;
            made.error =
                config::fail(refused ? generator::Errc::refused_input : generator::Errc::internal,
                             where + refusal_words(answer));
        }
        co_return made;
    }

    Lanes& lanes_;
    RemoteBackend& backend_;
    Input input_;
    std::optional<GenerationRequest> smaller_;  // what is sent in place of input_.request
    bool begun_ = false;                        // an attempt was made there
};

}  // namespace

std::unique_ptr<GenerationRun> make_remote_run(Lanes& lanes, RemoteBackend& backend,
                                               GenerationRun::Input input) {
    return std::make_unique<RemoteRun>(lanes, backend, std::move(input));
}

}  // namespace miner
