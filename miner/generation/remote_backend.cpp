#include "miner/generation/remote_backend.hpp"

#include "generator/errc.hpp"
#include "miner/generation/remote_answer.hpp"
#include "miner/generation/remote_run.hpp"
#include "miner/runtime/until_stopped.hpp"
#include "network/await_all.hpp"
#include "network/first_of.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

namespace miner {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLargestHealth = 64 << 10;
constexpr int kMostLooks = 8;  // rounds of questions in one look; each shows twice as many
constexpr int kMostRefused = 32, kMostLost = 3;  // calls for one attempt, without a pause
constexpr int kPatience = 2;                     // rounds of refusals by all that stand there
// Of a question; one packet may be lost. Who does not take part any more is not waited for.
constexpr seconds kLongestConnect{2};

}  // namespace

RemoteBackend::RemoteBackend(Lanes& lanes, config::Logger& log, Options options)
    : lanes_(lanes),
      log_(log),
      options_(std::move(options)),
      backoff_(options_.rest),
      fullness_(options_.long_full) {
    auto& target = options_.url.target;
    while (target.ends_with('/')) target.pop_back();
    name_ = network::shown(options_.url);
}

bool RemoteBackend::able() const { return is_there() && !fullness_.is_long(Clock::now()); }

// While a look is to tell who is left, nobody is turned away.
bool RemoteBackend::is_there() const {
    const auto now = Clock::now();
    if (!up_ || now < rests_until_) return false;
    return !fleet_.known() || doubting_ > 0 || fleet_.places() > 0;
}

std::size_t RemoteBackend::places() const {
    if (!up_) return 0;
    return fleet_.known() ? fleet_.places() : 1;
}

// One alone lets wait whom it cannot serve yet, behind whom it does. Of several, a place is no less
// free for requests that only wait for their turn to make candidates, or have theirs scored here.
bool RemoteBackend::has_room() const {
    if (!fullness_.has_room(Clock::now()) || doubting_ > 0) return false;
    return !fleet_.several() || precedence().at_work() < fleet_.places();
}

RemoteBackend::Tries RemoteBackend::begin_tries(bool begun) const {
    return {.several = fleet_.several(), .begun = begun, .queues = fullness_.rounds() >= kPatience};
}

asio::awaitable<config::Result<network::HttpAnswer>> RemoteBackend::call(
    network::HttpRequest request, network::HttpLimits limits, std::stop_token stop,
    const Tries& tries) {
    if (!tries.queues && (tries.several || fleet_.several()))
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
            if (report->free > 0) fullness_.over();
            if (news_) news_->happen();
        }
    co_return std::move(answer);
}

asio::awaitable<void> RemoteBackend::check() {
    const auto never = [] { return false; };
    auto looking = until_looked(Clock::now(), never);
    co_await std::move(looking);
}

asio::awaitable<void> RemoteBackend::until_looked(Clock::time_point wanted,
                                                  std::function<bool()> enough) {
    const auto io = co_await asio::this_coro::executor;
    if (!news_) news_.emplace(io);
    look_wanted_ = std::max(look_wanted_, wanted);
    while (looked_ < wanted && !enough() && !closing_.stop_requested()) {
        if (!looking_) begin_looks(io);
        co_await news_->wait();
        if (look_failure_) std::rethrow_exception(std::exchange(look_failure_, nullptr));
    }
}

// Beside whoever wants to know: who has learnt enough goes on, and of several one looks for all.
void RemoteBackend::begin_looks(asio::any_io_executor io) {
    looking_ = true;
    asio::co_spawn(io, look_while_wanted(), [this](std::exception_ptr failure) {
        look_failure_ = failure;
        looking_ = false;
        news_->happen();
        tell_change();
    });
}

asio::awaitable<void> RemoteBackend::look_while_wanted() {
    while (looked_ < look_wanted_ && !closing_.stop_requested()) {
        const auto began = Clock::now();
        auto looking = look(began);
        co_await std::move(looking);
        looked_ = began;
        news_->happen();
        tell_change();
    }
}

asio::awaitable<void> RemoteBackend::close() {
    closing_.request_stop();
    while (looking_) {
        co_await news_->wait();
    }
}

// Until no question leads to one that is new. Where nobody is known, one question tells whether
// reports come; one without an answer may have been led to the wrong one.
asio::awaitable<void> RemoteBackend::look(Clock::time_point began) {
    Look look;
    if (!fleet_.known()) {
        auto first = question(look);
        co_await std::move(first);
    }
    for (int round = 0; round < kMostLooks && (fleet_.known() || !look.answered); ++round) {
        const auto before = fleet_.heard_since(began);
        std::vector<asio::awaitable<void>> questions;
        for (auto left = fleet_.questions(); left > 0; --left) questions.push_back(question(look));
        auto asking = network::await_all(std::move(questions));
        co_await std::move(asking);
        if (fleet_.heard_since(began) == before) break;
    }
    if (closing_.stop_requested()) co_return;
    const auto before = std::size_t(std::distance(calls_.begin(), calls_.lower_bound(began)));
    fleet_.looked(began, {.all = calls_.size(), .since_before = before});
    if (look.healthy) fleet_.well(began);
    set_up(look.healthy, look.why);
}

asio::awaitable<void> RemoteBackend::question(Look& look) {
    network::HttpRequest request{.method = "GET", .target = "/health", .headers = {}, .body = {}};
    network::HttpLimits limits;
    limits.connect = kLongestConnect;
    limits.read = seconds(5);
    limits.body_bytes = kLargestHealth;
    auto asking = ask(std::move(request), limits, closing_.get_token());
    const auto answer = co_await std::move(asking);
    look.answered = look.answered || answer;
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

void RemoteBackend::succeeded() {
    backoff_.after_success();
    fullness_.made_one();
}

asio::awaitable<bool> RemoteBackend::refused(Tries& tries, network::HttpAnswer answer,
                                             std::stop_token stop) {
    const auto now = Clock::now();
    const auto report = read_report(answer.headers);
    const auto until = now + retry_after(answer);
    if (report && report->places == 0 && fleet_.instances() == 0) {
        auto finding = finds_others(tries, report->instance, stop);
        const bool others = co_await std::move(finding);
        if (others) co_return true;
    }
    if (report) fleet_.full(*report, until);
    const auto bound = std::min<std::size_t>(fleet_.questions(), kMostRefused);
    const bool several = tries.several && report && fleet_.instances() > 0;
    const auto all_full = fleet_.full_until(now);
    // A queue may have room where no place is free.
    const bool another_may = tries.queues || !all_full;
    if (several && another_may && std::size_t(++tries.refused) < bound) co_return true;
    if (several && tries.begun && !tries.queues) {
        tries.queues = true;
        tries.refused = 0;
        co_return true;
    }
    // Of several, one that was not met may have room.
    const auto again_at = all_full ? *all_full : several ? now + seconds(1) : until;
    fullness_.refused(now, again_at);
    log_.info("backend full", {{"backend", name_},
                               {"error", refusal_words(answer)},
                               {"rests_s", std::chrono::duration<double>(again_at - now).count()}});
    co_return false;
}

// Whether a call that one lost (its name; empty: nobody knows whose) can be made by another that is
// there. As soon as one is met that can, or when the asker stops.
asio::awaitable<bool> RemoteBackend::finds_others(Tries& tries, std::string loser,
                                                  std::stop_token stop) {
    const auto now = Clock::now();
    fleet_.doubt(now);
    {
        ++doubting_;
        const std::shared_ptr<void> over(nullptr, [this](void*) { --doubting_; });
        auto looking = until_looked(now, [&] { return fleet_.met_other(loser, now); });
        auto stopping = until_stopped(stop);
        auto first = network::first_of(std::move(looking), std::move(stopping));
        co_await std::move(first);
    }
    tell_change();
    co_return ++tries.lost < kMostLost&& is_there();
}

asio::awaitable<bool> RemoteBackend::lost(Tries& tries, config::Error error, std::string loser,
                                          std::stop_token stop) {
    if (fleet_.known() && (tries.several || loser.empty())) {
        auto finding = finds_others(tries, std::move(loser), stop);
        const bool others = co_await std::move(finding);
        if (stop.stop_requested()) {
            log_.info("backend lost one", {{"backend", name_},
                                           {"error", error.message()},
                                           {"hint", "nobody waits for it any more"}});
            co_return true;
        }
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
    return make_remote_run(lanes_, *this, std::move(input));
}

}  // namespace miner
