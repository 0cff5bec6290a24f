// The data flow: one turn with one validator, from the pull to the feedback, in the order in which
// it happens.
#pragma once

#include "config/log.hpp"
#include "miner/generation/production.hpp"
#include "miner/mining/calibrator.hpp"
#include "miner/mining/candidate_time.hpp"
#include "miner/mining/identity.hpp"
#include "miner/mining/late_steps.hpp"
#include "miner/runtime/clock.hpp"
#include "miner/runtime/stop.hpp"
#include "network/subnet/dendrite.hpp"
#include "storage/artifacts.hpp"
#include "storage/journal.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace miner {

// A task in hand. The row alone tells it from others: validators hand one id to several miners, and
// so perhaps to two hotkeys of ours.
struct TaskInHand {
    storage::TaskRow row = 0;
    std::string id;
};

// What a turn came to, for whoever watches the miner work.
struct Turn {
    enum class End {
        no_task,     // nothing to do there now
        unreached,   // the pull failed
        answered,    // a result or a skip was submitted and answered
        unanswered,  // submitted, but the answer was lost, refused or without effect: the next pull
                     // tells
        stopped,     // we are stopping; the validator will hand the task out again
        failed,      // the journal, the device or every backend failed
    };
    End end = End::no_task;
    std::string task_id;       // empty: no task
    storage::TaskRow row = 0;  // of the task
    storage::Outcome outcome = storage::Outcome::none;
    int attempts = 0;                 // made in this turn; 0 when the result was there already
    std::int64_t gaussians = 0;       // of the chosen attempt; of the best one when rejected
    std::int64_t bytes = 0;           // of the SPZ
    double score = -1;                // negative: no score was told
    std::optional<double> predicted;  // of what was, or would have been, submitted
    bool withheld = false;            // it was not, as it would probably have been refused
    double milliseconds = 0;          // of the generation
    config::StageTimes final_stages;  // stages after the attempts: latent, gaussians, compress
    double submit_ms = 0;             // until the answer, or until it was given up
    std::int64_t cooldown_until = 0;  // that the answer told, Unix seconds; 0: none
    std::chrono::milliseconds cooldown{0};  // what was left of that when it came
};

// What asking a validator for a task came to.
struct Pulled {
    std::string validator;
    bool reached = false;
    std::string error;                      // when it was not
    std::int64_t cooldown_until = 0;        // Unix seconds; 0: none
    std::chrono::milliseconds cooldown{0};  // what was left of that when it was told
    const network::Task* task = nullptr;    // null: none to do; lives as long as the call
    storage::TaskRow row = 0;               // of the task
};

// Whoever watches; on io. Members may be empty.
struct Observer {
    std::function<void(const Pulled&)> pulled;
    std::function<void(const TaskInHand&, const storage::Attempt&)> attempt;
    // Of an attempt that was told already, once its splats and predicted score are there.
    std::function<void(const storage::Attempt&)> completed;
    // Of an attempt that was told already: its SPZ, which may be sent or be left for a better one.
    std::function<void(const TaskInHand&, const storage::Attempt&,
                       std::shared_ptr<const std::vector<std::uint8_t>>)>
        splats;
    std::function<void(const TaskInHand&, std::string_view stage)> stage;
    std::function<void(const config::Result<void>&)> recorded;  // a step, in the journal or not
    std::function<void(const Turn&)> turn;
};

// Hears how far a turn has come; what it does not come to is not told.
struct TurnProgress {
    std::function<void()> gate_decided = {};  // candidates follow, which give way to all else
    std::function<void()> submitting = {};    // no backend is needed any more
};

class Pipeline {
public:
    struct Services {
        Lanes& lanes;
        Production& production;
        network::Dendrite& dendrite;
        storage::Journal& journal;      // on lanes.db
        storage::Artifacts& artifacts;  // on lanes.db
        Stop& stop;
        config::Logger& log;
        const config::Settings& settings;
        Observer observer;
        Clocks clocks = {};
        std::vector<storage::PredictedScore> predicted = {};  // in earlier runs, newest first
    };

    explicit Pipeline(Services services)
        : s_(std::move(services)),
          candidate_time_(s_.settings.candidates),
          calibrator_(s_.settings.candidates, s_.log, s_.predicted),
          late_([this](const LateSteps::Step& several) { return s_.journal.together(several); }) {}

    // `validator` was chosen by who.schedule and is reserved by this call. The turn leaves it with
    // the cool-down it asked for. A pulled task is never generated twice and a finished result
    // never lost (storage/journal.hpp).
    asio::awaitable<Turn> turn(Identity& who, Validator validator, TurnProgress progress = {});

    // To be called last: makes what the database did not take in its time, if it does now, and says
    // how much of it is lost if not.
    asio::awaitable<void> finish();

    // Whether a task, once pulled, could be done just now.
    bool able() const { return s_.production.able(); }

    // Set once the GPU was lost: the process must end, the next start resumes.
    bool device_lost() const { return device_lost_; }

private:
    struct Job {
        Identity& who;
        Validator validator;
        network::Task task;
        TurnProgress progress;
        storage::TaskRow row = 0;
        Turn turn;
        double threshold = 0.6;                        // as the validator said with the task
        std::optional<Schedule::Time> until;           // for candidates; empty: there is no time
        std::optional<storage::Prediction> predicted;  // of what is submitted
        bool stranded = false;                         // no backend could do it
    };

    // What a validator said, with its cool-down as seen when that came.
    struct Heard {
        network::PullAnswer answer;
        std::chrono::milliseconds cooldown{0};
        Schedule::Time until;
        Schedule::Time at;
    };

    asio::awaitable<std::optional<Heard>> pull(Identity& who, const Validator& validator,
                                               Turn& turn);
    void leave_alone(Identity& who, const Validator& validator, const Heard& heard);
    bool violated(const Identity& who, const Validator& validator, const Heard& heard);
    void note_clock(const Validator& validator, std::optional<std::int64_t> date);
    asio::awaitable<config::Result<storage::Known>> record_pull(const storage::PulledTask& row);
    asio::awaitable<void> settled(const Identity& who, const Validator& validator,
                                  std::optional<TaskInHand> current);
    asio::awaitable<void> work(Job& job, std::optional<storage::Result> known);
    asio::awaitable<std::optional<storage::Result>> generate(Job& job,
                                                             std::vector<std::uint8_t>& spz);
    std::optional<CandidatePlan> plan_for(const Job& job) const;
    Production::Watch watch(Job& job);
    bool withhold(Job& job, const GenerationResult& generated, storage::Result& result);
    void compared(const Job& job, storage::PredictedScore::End end, double received);
    asio::awaitable<void> attempted(const Job& job, const storage::Attempt& attempt);
    asio::awaitable<void> begun_anew(const Job& job);
    asio::awaitable<void> keep(Job& job, GenerationResult generated, storage::Result& result,
                               std::vector<std::uint8_t>& spz);
    asio::awaitable<void> finished(const Job& job, const storage::Result& result);
    asio::awaitable<storage::Result> skip(Job& job, storage::Outcome outcome, std::string detail);
    asio::awaitable<bool> reload(Job& job, const storage::Result& result,
                                 std::vector<std::uint8_t>& spz);
    asio::awaitable<void> submit(Job& job, const storage::Result& result,
                                 std::vector<std::uint8_t> spz);
    asio::awaitable<int> begin_submission(Job& job);
    asio::awaitable<void> submit_failed(const Job& job, bool lost, std::string detail);
    asio::awaitable<void> unanswered(Job& job, config::Error error, bool may_have_arrived);
    std::chrono::milliseconds least_wait(const Job& job);
    void note_score(const Job& job, const network::Feedback& feedback);
    asio::awaitable<void> answered(Job& job, const network::SubmitAnswer& answer, bool sent_before);
    TaskInHand in_hand(const Job& job) const { return {job.row, job.task.id}; }
    Schedule::Time now() const { return s_.clocks.boot(); }
    storage::Milliseconds now_ms() const { return s_.clocks.unix_ms(); }
    void note_record(const config::Result<void>& recorded) const {
        if (s_.observer.recorded) s_.observer.recorded(recorded);
    }
    template <class Fn>
    asio::awaitable<void> record(std::string_view what, std::string task_id, Fn fn);
    // Makes all late steps, a portion at a time.
    asio::awaitable<config::Result<void>> catch_up();
    template <class Fn>
    asio::awaitable<std::invoke_result_t<Fn>> on_db(Fn fn);

    Services s_;
    CandidateTime candidate_time_;
    Calibrator calibrator_;
    std::set<storage::TaskRow> at_hand_;  // rows that a worker has in its hands right now
    // What a validator said to a hotkey of ours last.
    struct Said {
        std::int64_t violations = 0;  // of its cool-downs
        storage::TaskRow row = 0;     // of the task that it answered a result of
        int answers = 0;              // to results of that
    };
    std::map<std::pair<std::string, std::string>, Said> said_;  // by hotkey and validator
    LateSteps late_;                                            // on lanes.db
    // When the clock, or a score, was last complained of.
    std::optional<Schedule::Time> told_clock_, told_score_;
    bool device_lost_ = false;
};

template <class Fn>
asio::awaitable<std::invoke_result_t<Fn>> Pipeline::on_db(Fn fn) {
    co_return co_await run_on(s_.lanes.db, std::move(fn));
}

// For steps that must not stop the work when the disk does: the result in hand is worth more than
// its record, which is made up for later. So `fn` owns whatever it needs.
template <class Fn>
asio::awaitable<void> Pipeline::record(std::string_view what, std::string task_id, Fn fn) {
    LateSteps::Step step = [fn = std::move(fn)]() -> config::Result<void> {
        const auto made = fn();
        return made ? config::Result<void>() : made.error();
    };
    const auto taken = co_await on_db([&] { return late_.take(std::move(step)); });
    auto made = taken.made;
    if (made && taken.waits) made = co_await catch_up();
    note_record(made);
    if (made) co_return;
    const auto* const hint = taken.waits ? "it is once the database can be written"
                             : LateSteps::may_pass(made.error())
                                 ? "it is lost: as many as can wait for the database do already"
                                 : "";
    s_.log.error(
        "not recorded",
        {{"task", task_id}, {"step", what}, {"error", made.error().message()}, {"hint", hint}});
}

}  // namespace miner
