// One pipeline of a miner with a scripted generator, clocks that the test sets, and a validator
// that says what it is told to.
#pragma once

#include "miner/mining/pipeline.hpp"
#include "miner/mining/worker.hpp"
#include "network/base64.hpp"
#include "network/http/date.hpp"
#include "storage/database.hpp"
#include "storage/listing.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/fake_scorer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tests {

namespace asio = boost::asio;

// Unix seconds by which the validator counts.
constexpr std::int64_t kTheirNow = 1'800'000'000;

// An answer over HTTP with the body, and with a date unless that is 0.
inline std::string says(const std::string& body, std::int64_t date = kTheirNow) {
    return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" +
           (date ? "date: " + network::http_date(date) + "\r\n" : std::string()) +
           "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string picture_task(const std::string& id) {
    return R"({"task":{"type":"image","id":")" + id + R"(","prompt":")" +
           network::base64_encode(small_png()) + R"("}})";
}

inline std::string cooling_down(std::int64_t until, int violations = 0) {
    return R"({"task":null,"cooldown_until":)" + std::to_string(until) +
           R"(,"cooldown_violations":)" + std::to_string(violations) + "}";
}

inline std::string feedback(const std::string& score, std::int64_t cooldown_until,
                            bool failed = false) {
    return R"({"feedback":{"validation_failed":)" + std::string(failed ? "true" : "false") +
           R"(,"task_fidelity_score":)" + score +
           R"(,"average_fidelity_score":1.0,"generations_within_the_window":1,)"
           R"("current_duel_rating":1500.0,"current_miner_reward":1500.0},"cooldown_until":)" +
           std::to_string(cooldown_until) + "}";
}

// Each call is answered by the next line of the script for its kind; an empty line hangs up. When
// the script is over it hangs up, too.
class ScriptedValidator {
public:
    std::deque<std::string> pulls, submits;
    std::atomic<bool> silent = false;  // submissions are not answered at all
    std::function<void()> submitting;  // when one has come; on the validator's thread

    network::Peer peer() const { return {key_of(100).address(), "127.0.0.1", peer_.port()}; }
    int pulled() const { return pulled_; }
    int submitted() const { return submitted_; }

private:
    void serve(LoopbackPeer::Socket& socket) {
        const bool pull = read_request(socket).starts_with("POST /PullTask ");
        auto& lines = pull ? pulls : submits;
        const auto index = std::size_t(pull ? pulled_++ : submitted_++);
        if (!pull && submitting) submitting();
        if (!pull && silent) return await_hang_up(socket);
        if (index < lines.size() && !lines[index].empty()) send(socket, lines[index]);
    }

    std::atomic<int> pulled_ = 0, submitted_ = 0;
    LoopbackPeer peer_{[this](LoopbackPeer::Socket& socket) { serve(socket); }};
};

class PipelineBench {
public:
    using Time = miner::Schedule::Time;

    ScriptedValidator validator;
    config::Settings settings;
    std::shared_ptr<Script> script = std::make_shared<Script>();
    std::vector<std::string> lines;
    std::atomic<std::int64_t> boot_ms = 5'000'000, unix_ms = kTheirNow * 1000;
    std::vector<miner::TaskInHand> staged;  // tasks of which a stage was told
    std::vector<miner::Turn> told;
    std::vector<double> predictions;       // that were told, of attempts
    std::vector<std::string> unreached;    // errors of pulls that failed
    std::shared_ptr<ScorerScript> scorer;  // set before open(): candidates are made
    std::function<void(std::string_view)> on_stage;
    std::chrono::milliseconds busy_wait{5000};  // for whoever holds the database

    PipelineBench() {
        settings.generator.seed = 1;
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        script->voxels = {100};
        for (const std::uint8_t number : {1, 2}) {
            identities.push_back({key_of(number), miner::Schedule(settings.schedule)});
            identities.back().schedule.set_validators({listed()});
        }
    }
    ~PipelineBench() { close(); }

    // Hotkey `who` asks; runs to the end of the turn.
    miner::Turn turn(std::size_t who = 0) { return turn_with({}, who); }
    miner::Turn turn_with(const miner::TurnProgress& progress, std::size_t who = 0) {
        open();
        miner::Turn result;
        const auto whom = listed();
        run([&]() -> asio::awaitable<void> {
            auto heard = progress;
            result = co_await pipeline_->turn(identities[who], whom, std::move(heard));
        });
        return result;
    }

    // Both ask at once.
    std::vector<miner::Turn> two_turns() {
        open();
        std::vector<miner::Turn> results;
        const auto whom = listed();
        const auto one = [&]() -> asio::awaitable<void> {
            auto turn = co_await pipeline_->turn(identities[0], whom);
            results.push_back(std::move(turn));
        };
        asio::co_spawn(io_, one(), asio::detached);
        run(one);
        return results;
    }

    // One worker, until `finished`, which is polled between turns.
    void work(std::chrono::milliseconds idle, std::function<bool()> finished) {
        open();
        miner::Roster roster(identities);
        miner::Slots slots(io_.get_executor(), 2);
        run([&]() -> asio::awaitable<void> {
            co_await miner::work(roster, *pipeline_, slots, *stop_, idle, finished, clocks());
        });
    }

    // The last that a pipeline does.
    void finish() {
        run([&]() -> asio::awaitable<void> { co_await pipeline_->finish(); });
    }

    // How long hotkey `who` leaves the validator alone from now on.
    std::chrono::milliseconds rest(std::size_t who = 0) const {
        return identities[who].schedule.cooldown_until(listed()) - now();
    }
    Time now() const { return Time(std::chrono::milliseconds(boot_ms)); }

    // The process ends and another begins.
    void restart() {
        close();
        for (auto& who : identities) who.schedule.cool_down(listed(), Time());
    }

    void open() {
        if (pipeline_) return;
        database_ = storage::Database::open(file(), {.busy_wait = busy_wait}).value();
        journal_.emplace(*database_, "1", "hash", storage::Milliseconds(unix_ms));
        REQUIRE(journal_->recover(unix_ms).has_value());
        artifacts_.emplace(storage::Artifacts::open(assets()).value());
        lanes_.emplace();
        stop_.emplace(io_.get_executor());
        pool_ = miner::BackendPool::build(*lanes_, log_, settings.generator).value();
        if (scorer) predictor_.emplace(io_.get_executor());
        production_.emplace(*lanes_, *pool_, log_, miner::read_generation_config(settings).value(),
                            scorer ? &*predictor_ : nullptr);
        network::Dendrite::Options options;
        options.connect_timeout = options.pull_timeout = options.submit_timeout =
            std::chrono::seconds(60);
        options.now_ns = clocks().unix_ns;
        dendrite_.emplace(options);
        pipeline_.emplace(miner::Pipeline::Services{
            *lanes_,
            *production_,
            *dendrite_,
            *journal_,
            *artifacts_,
            *stop_,
            log_,
            settings,
            {.pulled =
                 [this](const miner::Pulled& pulled) {
                     if (!pulled.reached) unreached.push_back(pulled.error);
                 },
             .attempt = {},
             .completed =
                 [this](const storage::Attempt& attempt) {
                     if (attempt.predicted) predictions.push_back(attempt.predicted->total);
                 },
             .stage =
                 [this](const miner::TaskInHand& task, std::string_view stage) {
                     staged.push_back(task);
                     if (on_stage) on_stage(stage);
                 },
             .turn = [this](const miner::Turn& turn) { told.push_back(turn); }},
            clocks(),
            storage::predicted_scores(*database_, {}).value()});
        const auto make = make_fake(script);
        run([&]() -> asio::awaitable<void> {
            const auto loaded = co_await pool_->load(make);
            REQUIRE(loaded.has_value());
            if (!scorer) co_return;
            const auto make_predictor = make_fake_predictor(scorer);
            const auto ready = co_await predictor_->load(make_predictor, settings.score);
            REQUIRE(ready.has_value());
        });
    }

    miner::Clocks clocks() const {
        return {.boot = [this] { return now(); },
                .unix_ns = [this] { return unix_ms * 1'000'000; }};
    }
    miner::Stop& stop() { return *stop_; }
    boost::asio::io_context& io() { return io_; }
    storage::Database& database() { return *database_; }
    std::filesystem::path file() const { return folder_.path() / "miner.db"; }
    std::filesystem::path assets() const { return folder_.path() / "assets"; }
    Outsider outsider() const { return Outsider(file()); }
    std::string word(const std::string& sql) const { return outsider().word(sql); }
    std::int64_t number(const std::string& sql) const { return outsider().number(sql); }
    bool said(const std::string& words) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& line) { return line.find(words) != line.npos; });
    }

    std::vector<miner::Identity> identities;

private:
    miner::Validator listed() const { return {7, validator.peer(), 5000, true}; }

    void close() {
        if (!pipeline_) return;
        run([&]() -> asio::awaitable<void> { co_await pool_->unload(); });
        pipeline_.reset();
        dendrite_.reset();
        production_.reset();
        predictor_.reset();
        pool_.reset();
        stop_.reset();
        lanes_.reset();
        artifacts_.reset();
        journal_.reset();
        database_.reset();
    }

    void run(std::function<asio::awaitable<void>()> work) {
        std::exception_ptr failure;
        asio::co_spawn(io_, work(), [&](std::exception_ptr error) { failure = error; });
        io_.restart();
        io_.run();
        if (failure) std::rethrow_exception(failure);
    }

    TemporaryFolder folder_;
    boost::asio::io_context io_{1};
    config::Logger log_{config::Level::info, false,
                        [this](std::string_view line) { lines.emplace_back(line); }};
    std::unique_ptr<storage::Database> database_;
    std::optional<storage::Journal> journal_;
    std::optional<storage::Artifacts> artifacts_;
    std::optional<miner::Lanes> lanes_;
    std::optional<miner::Stop> stop_;
    std::unique_ptr<miner::BackendPool> pool_;
    std::optional<miner::Predictor> predictor_;
    std::optional<miner::Production> production_;
    std::optional<network::Dendrite> dendrite_;
    std::optional<miner::Pipeline> pipeline_;
};

}  // namespace tests
