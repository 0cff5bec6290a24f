#include "miner/generation/remote_backend.hpp"

#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "miner/generation/remote_answer.hpp"
#include "miner/generation/remote_call.hpp"
#include "miner/generation/server_timing.hpp"
#include "miner/runtime/until_stopped.hpp"
#include "network/await_all.hpp"
#include "network/first_of.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

namespace miner {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLargestHealth = 64 << 10;
constexpr int kMostLooks = 8;  // rounds of questions in one look; each shows twice as many
constexpr int kMostRefused = 32, kMostLost = 3;  // calls for one request, without a pause

bool is_cancelled(const config::Error& error) { return error.code == generator::Errc::cancelled; }

// Whether that is all that is wrong: it may have some soon, and another there may have some now.
bool has_no_room(const network::HttpAnswer& answer) {
    return answer.status == 429 || (answer.status == 503 && read_report(answer.headers));
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
        const auto request =
            remote_request(input_.request, input_.generation_config, chain, seed, min_gaussians);
        network::HttpLimits limits;
        limits.write = seconds(30);
        // The config's deadline fires through the stop token; this one only outlasts it.
        limits.read = input_.generation_config.deadline + seconds(5);
        limits.body_bytes = kLargestRemoteResult;
        auto tries = backend_.begin_tries();
        for (;;) {
            auto asked = request;
            auto calling = backend_.call(std::move(asked), limits, stop, tries);
            auto answer = co_await std::move(calling);
            const bool told = answer && read_report(answer->headers);
            Made made;
            if (!answer) {
                made.error = answer.error();
                made.lost = !is_cancelled(made.error);
            } else if (has_no_room(*answer)) {
                made.error = config::fail(generator::Errc::internal,
                                          backend_.name() + ": " + refusal_words(*answer));
                made.lost = made.full = true;
            } else {
                auto understanding = understand(std::move(*answer), chain, seed);
                made = co_await std::move(understanding);
            }
            if (!made.lost) {
                if (!is_cancelled(made.error)) backend_.succeeded();
                co_return made;
            }
            auto judging = made.full ? backend_.refused(tries, std::move(*answer))
                                     : backend_.lost(tries, made.error, told);
            const bool again = co_await std::move(judging);
            if (!again) co_return made;
            if (stop.stop_requested()) {
                made.error = config::fail(generator::Errc::cancelled, backend_.name());
                made.lost = made.full = false;
                co_return made;
            }
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

// While a look is to tell who is left, nobody is turned away.
bool RemoteBackend::able() const {
    const auto now = Clock::now();
    if (!up_ || now < rests_until_) return false;
    return !fleet_.known() || doubting_ > 0 || fleet_.places() > 0;
}

std::size_t RemoteBackend::places() const {
    if (!up_) return 0;
    return fleet_.known() ? fleet_.places() : 1;
}

// One alone lets wait whom it cannot serve yet, behind whom it does.
bool RemoteBackend::has_room() const {
    const auto now = Clock::now();
    if (now < full_until_ || doubting_ > 0) return false;
    return !fleet_.several() || std::size_t(load()) < fleet_.places();
}

RemoteBackend::Tries RemoteBackend::begin_tries() const { return {.several = fleet_.several()}; }

asio::awaitable<config::Result<network::HttpAnswer>> RemoteBackend::call(
    network::HttpRequest request, network::HttpLimits limits, std::stop_token stop,
    const Tries& tries) {
    if (tries.several || fleet_.several())
        request.headers.emplace_back(kNoQueue.first, kNoQueue.second);
    const auto begun = calls_.insert(Clock::now());
    const std::shared_ptr<void> over(nullptr, [this, begun](void*) { calls_.erase(begun); });
    auto asking = ask(std::move(request), limits, stop);
    co_return co_await std::move(asking);
}

asio::awaitable<config::Result<network::HttpAnswer>> RemoteBackend::ask(
    network::HttpRequest request, network::HttpLimits limits, std::stop_token stop) {
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
    auto& answer = std::get<0>(first);
    if (answer)
        if (const auto report = read_report(answer->headers)) {
            fleet_.heard(*report, Clock::now());
            if (report->free > 0) full_until_ = {};
        }
    co_return std::move(answer);
}

// Of several who want to know at once, one looks.
asio::awaitable<void> RemoteBackend::check() {
    const auto wanted = Clock::now();
    if (!looked_) looked_.emplace(co_await asio::this_coro::executor);
    while (looking_) {
        co_await looked_->wait();
    }
    if (look_began_ > wanted) co_return;
    looking_ = true;
    look_began_ = Clock::now();
    const std::shared_ptr<void> over(nullptr, [this](void*) {
        looking_ = false;
        looked_->happen();
        tell_change();
    });
    auto looking = look_round();
    co_await std::move(looking);
}

// Until no question leads to one that is new.
asio::awaitable<void> RemoteBackend::look_round() {
    const auto began = look_began_;
    Look look;
    auto first = question(look);
    co_await std::move(first);
    for (int round = 0; round < kMostLooks && fleet_.known(); ++round) {
        const auto before = fleet_.heard_since(began);
        std::vector<asio::awaitable<void>> questions;
        for (auto left = fleet_.questions(); left > 0; --left) questions.push_back(question(look));
        auto asking = network::await_all(std::move(questions));
        co_await std::move(asking);
        if (fleet_.heard_since(began) == before) break;
    }
    const auto before = std::size_t(std::distance(calls_.begin(), calls_.lower_bound(began)));
    fleet_.looked(began, {.all = calls_.size(), .since_before = before});
    set_up(look.healthy, look.why);
}

asio::awaitable<void> RemoteBackend::question(Look& look) {
    network::HttpRequest request{.method = "GET", .target = "/health", .headers = {}, .body = {}};
    network::HttpLimits limits;
    limits.read = seconds(5);
    limits.body_bytes = kLargestHealth;
    const std::stop_token never;
    auto asking = ask(std::move(request), limits, never);
    const auto answer = co_await std::move(asking);
    if (answer)
        heard(*answer, look);
    else
        look.why = answer.error().message();
}

void RemoteBackend::heard(const network::HttpAnswer& answer, Look& look) {
    boost::system::error_code error;
    const auto json = boost::json::parse(answer.body, error, {}, {.max_depth = 8});
    const auto* object = error ? nullptr : json.if_object();
    const auto* status = object ? object->if_contains("status") : nullptr;
    const bool healthy =
        answer.status == 200 && status && status->is_string() && status->as_string() == "healthy";
    if (!healthy) {
        look.why =
            answer.status == 200 ? "its /health does not say healthy" : refusal_words(answer);
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
    look.healthy = true;
}

// One line when it changes.
void RemoteBackend::set_up(bool up, const std::string& why) {
    const auto instances = up ? fleet_.instances() : 0;
    const bool same = checked_ && up == up_;
    if (same && instances == instances_) return;
    checked_ = true;
    up_ = up;
    instances_ = instances;
    if (!up) {
        log_.warn("backend down", {{"backend", name_},
                                   {"error", why},
                                   {"remedy", "does miner serve run there? see generator.remote"}});
    } else if (!same) {
        log_.info("backend up",
                  {{"backend", name_}, {"pictures", takes_pictures_}, {"prompts", takes_prompts_}});
    }
    if (up && fleet_.known() && (same || instances > 1))
        log_.info("backend has",
                  {{"backend", name_}, {"instances", instances}, {"places", places()}});
}

void RemoteBackend::succeeded() { backoff_.after_success(); }

asio::awaitable<bool> RemoteBackend::refused(Tries& tries, network::HttpAnswer answer) {
    const auto now = Clock::now();
    const auto report = read_report(answer.headers);
    const auto until = now + retry_after(answer);
    if (report && report->places == 0 && fleet_.instances() == 0) {
        auto finding = finds_others(tries);
        const bool others = co_await std::move(finding);
        if (others) co_return true;
    }
    if (report) fleet_.full(*report, until);
    const auto bound = std::min<std::size_t>(fleet_.questions(), kMostRefused);
    const bool several = tries.several && report && fleet_.instances() > 0;
    const auto all_full = fleet_.full_until(now);
    if (several && !all_full && std::size_t(++tries.refused) < bound) co_return true;
    // Of several, one that was not met may have room.
    full_until_ = all_full ? *all_full : several ? now + seconds(1) : until;
    log_.info("backend full",
              {{"backend", name_},
               {"error", refusal_words(answer)},
               {"rests_s", std::chrono::duration<double>(full_until_ - now).count()}});
    co_return false;
}

// Whether a call that was lost can be made by another that is there.
asio::awaitable<bool> RemoteBackend::finds_others(Tries& tries) {
    fleet_.doubt(Clock::now());
    {
        ++doubting_;
        const std::shared_ptr<void> over(nullptr, [this](void*) { --doubting_; });
        auto looking = check();
        co_await std::move(looking);
    }
    tell_change();
    co_return ++tries.lost < kMostLost&& able();
}

asio::awaitable<bool> RemoteBackend::lost(Tries& tries, config::Error error, bool told) {
    if (fleet_.known() && (tries.several || !told)) {
        auto finding = finds_others(tries);
        const bool others = co_await std::move(finding);
        if (others) {
            log_.info("backend lost one", {{"backend", name_},
                                           {"error", error.message()},
                                           {"hint", "another that is there makes it"}});
            co_return true;
        }
    }
    failed(error);
    co_return false;
}

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
