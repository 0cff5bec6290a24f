#include "miner/generation/remote_backend.hpp"

#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "miner/generation/remote_call.hpp"
#include "miner/generation/server_timing.hpp"
#include "miner/runtime/until_stopped.hpp"
#include "network/first_of.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <random>

namespace miner {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLargestHealth = 64 << 10;

bool is_cancelled(const config::Error& error) { return error.code == generator::Errc::cancelled; }

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

    // Only to see whether it can be: bad pictures are told from bad backends here.
    asio::awaitable<config::Result<void>> read() override {
        const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&input_.request);
        if (!bytes) co_return config::Result<void>();
        if (input_.stage) input_.stage("decode");
        const generator::DecodeLimits limits{.max_pixels = input_.generation_config.max_pixels};
        auto decoded =
            co_await run_on(lanes_.cpu, [&] { return generator::decode(*bytes, limits); });
        if (!decoded) co_return decoded.error();
        co_return config::Result<void>();
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
        bool lost = false;
    };

    asio::awaitable<Made> make(storage::EnhancementChain chain, std::uint64_t seed,
                               std::int64_t min_gaussians, std::stop_token stop) {
        if (input_.stage) input_.stage("remote");
        auto request =
            remote_request(input_.request, input_.generation_config, chain, seed, min_gaussians);
        network::HttpLimits limits;
        limits.write = seconds(30);
        // The config's deadline fires through the stop token; this one only outlasts it.
        limits.read = input_.generation_config.deadline + seconds(5);
        limits.body_bytes = kLargestRemoteResult;
        auto answer = co_await backend_.ask(std::move(request), limits, stop);
        Made made;
        if (!answer) {
            made.error = answer.error();
            made.lost = !is_cancelled(made.error);
        } else {
            made = co_await understand(std::move(*answer), chain, seed);
        }
        if (made.lost)
            backend_.failed(made.error);
        else if (!is_cancelled(made.error))
            backend_.succeeded();
        co_return made;
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
            made.error = config::fail(generator::Errc::internal, where + refusal_words(answer));
            // 422 and 500 are about the request; with anything else it may go better elsewhere.
            made.lost = answer.status != 422 && answer.status != 500;
        }
        co_return made;
    }

    Lanes& lanes_;
    RemoteBackend& backend_;
    Input input_;
};

}  // namespace

RemoteBackend::RemoteBackend(Lanes& lanes, config::Logger& log, Options options)
    : lanes_(lanes), log_(log), options_(std::move(options)), backoff_(options_.rest) {
    auto& target = options_.url.target;
    while (target.ends_with('/')) target.pop_back();
    name_ = network::shown(options_.url);
}

bool RemoteBackend::able() const { return up_ && Clock::now() >= rests_until_; }

asio::awaitable<config::Result<network::HttpAnswer>> RemoteBackend::ask(
    network::HttpRequest request, network::HttpLimits limits, std::stop_token stop) const {
    const auto cancelled = config::fail(generator::Errc::cancelled, name_);
    if (stop.stop_requested()) co_return cancelled;
    request.host = options_.url.host;
    request.port = options_.url.port;
    request.target = options_.url.target + request.target;
    if (options_.url.tls) request.tls = options_.tls;
    if (!options_.token.empty())
        request.headers.emplace_back("authorization", "Bearer " + options_.token);
    auto asking = network::request(std::move(request), limits);
    auto stopping = until_stopped(stop);
    auto first = co_await network::first_of(std::move(asking), std::move(stopping));
    if (first.index() == 1) co_return cancelled;
    co_return std::move(std::get<0>(first));
}

asio::awaitable<void> RemoteBackend::check() {
    network::HttpRequest request{.method = "GET", .target = "/health", .headers = {}, .body = {}};
    network::HttpLimits limits;
    limits.read = seconds(5);
    limits.body_bytes = kLargestHealth;
    const std::stop_token never;
    const auto answer = co_await ask(std::move(request), limits, never);
    if (!answer)
        set_up(false, answer.error().message());
    else
        heard(*answer);
}

void RemoteBackend::heard(const network::HttpAnswer& answer) {
    boost::system::error_code error;
    const auto json = boost::json::parse(answer.body, error, {}, {.max_depth = 8});
    const auto* object = error ? nullptr : json.if_object();
    const auto* status = object ? object->if_contains("status") : nullptr;
    const bool healthy =
        answer.status == 200 && status && status->is_string() && status->as_string() == "healthy";
    if (!healthy) {
        set_up(false,
               answer.status == 200 ? "its /health does not say healthy" : refusal_words(answer));
        return;
    }
    const auto* model = object->if_contains("model");
    const auto takes = [&](const char* what, bool unless_told) {
        const auto* fields = model ? model->if_object() : nullptr;
        const auto* value = fields ? fields->if_contains(what) : nullptr;
        return value && value->is_bool() ? value->as_bool() : unless_told;
    };
    takes_pictures_ = takes("takes_pictures", true);
    takes_prompts_ = takes("takes_prompts", false);
    set_up(true, {});
}

// One line when it changes.
void RemoteBackend::set_up(bool up, const std::string& why) {
    if (checked_ && up == up_) return;
    checked_ = true;
    up_ = up;
    if (up)
        log_.info("backend up",
                  {{"backend", name_}, {"pictures", takes_pictures_}, {"prompts", takes_prompts_}});
    else
        log_.warn("backend down", {{"backend", name_},
                                   {"error", why},
                                   {"remedy", "does miner serve run there? see generator.remote"}});
}

void RemoteBackend::succeeded() { backoff_.after_success(); }

void RemoteBackend::failed(const config::Error& error) {
    std::uniform_real_distribution<double> unit(0, 1);
    std::random_device random;
    const auto rest = backoff_.after_failure(unit(random));
    rests_until_ = Clock::now() + rest;
    log_.warn("backend failed", {{"backend", name_},
                                 {"error", error.message()},
                                 {"rests_s", std::chrono::duration<double>(rest).count()}});
}

std::unique_ptr<GenerationRun> RemoteBackend::begin(GenerationRun::Input input) {
    return std::make_unique<RemoteRun>(lanes_, *this, std::move(input));
}

}  // namespace miner
