// What the miner is doing at this moment and whether it can earn, told by the pipeline's events.
// Lives on io; the clock is passed in.
#pragma once

#include "generator/generator.hpp"
#include "miner/pipeline.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace miner {

using WallClock = std::chrono::system_clock;

struct Health {
    bool healthy = true;
    std::string reason;  // why not, in words for a person
};

class State {
public:
    struct Limits {
        std::chrono::milliseconds making{300'000};      // a stage of a generation takes no longer
        std::chrono::milliseconds submitting{360'000};  // nor does a submission
        std::chrono::milliseconds silence{900'000};     // some validator answers within
    };

    State(Limits limits, WallClock::time_point start) : limits_(limits), start_(start) {}

    // Generations last a deadline at most, submissions their timeout; a minute's grace on both.
    static Limits limits(const config::Settings& settings);

    void model_ready(generator::ModelInfo model);
    void draining();
    // Why nothing can be earned just now, in words with a remedy; empty: nothing is in the way.
    void hindered(std::string why);
    void pulled(const Pulled& pulled, WallClock::time_point now);
    void stage(const std::string& task_id, std::string_view stage, WallClock::time_point now);
    void attempt(const std::string& task_id, const Attempt& attempt);
    void turn(const Turn& turn);

    bool ready() const { return model_.has_value() && !draining_; }
    Health health(WallClock::time_point now) const;
    const std::optional<generator::ModelInfo>& model() const { return model_; }
    std::size_t tasks_at_hand() const { return at_hand_.size(); }

    // Goes up with every change, so that a watcher need not compare; `settled` with every task
    // that ended.
    std::uint64_t version() const { return version_; }
    std::uint64_t settled() const { return settled_; }

    // {"phase", "healthy", "reason", "uptime_s", "model", "tasks": [{"task_id", "stage", ...}]}
    boost::json::object now(WallClock::time_point now) const;

    // The picture (base64) or prompt of a task of this run, while it is remembered.
    struct Input {
        storage::TaskRow row = 0;
        std::string kind, prompt;
    };
    const Input* input(storage::TaskRow row) const;

private:
    struct AtHand {
        storage::TaskRow row = 0;
        std::string kind, validator, stage = "pulled";
        WallClock::time_point pulled_at, stage_since;
        int attempt = 1;
        std::int64_t gaussians = -1;
    };

    Limits limits_;
    WallClock::time_point start_;
    std::optional<generator::ModelInfo> model_;
    bool draining_ = false;
    std::string hindrance_;
    std::map<std::string, AtHand> at_hand_;               // by task id
    std::optional<WallClock::time_point> failing_since_;  // all pulls since then failed
    std::string last_error_;
    std::deque<Input> inputs_;  // newest last
    std::uint64_t version_ = 1, settled_ = 0;
};

}  // namespace miner
