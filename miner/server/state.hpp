// What the miner is doing at this moment and whether it can earn, told by the pipeline's events.
// Lives on io; the time is passed in, by a monotonic clock (BootClock).
#pragma once

#include "generator/generator.hpp"
#include "miner/mining/hindrance.hpp"
#include "miner/mining/pipeline.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace miner {

struct Health {
    bool healthy = true;
    std::string reason;  // why not, in words for everybody
    std::string detail;  // the same with addresses and paths, for who is let in; empty: no more

    std::string all() const { return detail.empty() ? reason : reason + ": " + detail; }
};

// The newest block that the chain's node has shown.
struct ChainState {
    std::uint64_t block = 0;
    double age_s = 0;  // since it came
};

// A backend, as others see it.
struct BackendState {
    std::string name;
    bool able = false;  // to take a request just now
    int load = 0;       // requests that it has
    std::optional<generator::DeviceMemory> memory = {};
    bool remote = false;                                 // its name is an address
    std::size_t places = 1;                              // requests that it makes at once
    bool takes_pictures = false, takes_prompts = false;  // as far as is known
};

class State {
public:
    struct Limits {
        std::chrono::milliseconds making{300'000};        // a stage of a generation takes no longer
        std::chrono::milliseconds submitting{1'280'000};  // nor does a submission
        std::chrono::milliseconds silence{900'000};       // some validator answers within
    };

    using Time = BootClock::time_point;

    State(Limits limits, Time start) : limits_(limits), start_(start) {}

    // Generations last a deadline at most; submissions their timeout for what is sent, and once
    // more until it is judged, after a name was looked up and connected to; and all of it twice,
    // where the validator redirects them. A minute's grace on both.
    static Limits limits(const config::Settings& settings);

    void model_ready(generator::ModelInfo model);
    void draining();
    // `what` is in the way (the chain, the database), or no more. Several may be at once.
    void hindered(const std::string& what, Hindrance hindrance);
    // What an operator should know though it earns; stays until the end.
    void noted(std::string notice);
    // What the scores are, where they are no validator's; empty: a validator's.
    void scored_by(std::string whom) { scored_by_ = std::move(whom); }
    // Asked whenever the state is; on io.
    void ask_backends(std::function<std::vector<BackendState>()> backends) {
        backends_ = std::move(backends);
    }
    // Likewise; nothing when the chain is not asked, or has not answered.
    void ask_chain(std::function<std::optional<ChainState>()> chain) { chain_ = std::move(chain); }
    void pulled(const Pulled& pulled, Time now);
    void stage(const TaskInHand& task, std::string_view stage, Time now);
    void attempt(const TaskInHand& task, const storage::Attempt& attempt);
    void turn(const Turn& turn, Time now);
    // A validator that can be reached has asked to be left alone for so long: whether others are
    // reached meanwhile says little. An hour counts, as newly registered miners are told; who says
    // a year is not to hide that nobody is reached.
    void left_alone(std::chrono::milliseconds cooldown, Time now) {
        constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
        quiet_until_ = std::max(quiet_until_, now + std::min(cooldown, kLongest));
    }

    // The model is loaded and work is taken: nothing is in the way.
    bool ready() const { return !blocked(); }
    Health health(Time now) const;
    std::vector<BackendState> backends() const;
    std::optional<ChainState> chain() const;
    const std::optional<generator::ModelInfo>& model() const { return model_; }
    std::size_t tasks_at_hand() const { return at_hand_.size(); }

    // Goes up with every change, so that a watcher need not compare; `settled` with every task
    // that ended.
    std::uint64_t version() const { return version_; }
    std::uint64_t settled() const { return settled_; }

    // {"phase", "status", "reason", "uptime_s", "notice", "model", "tasks": [{"task_id", "stage",
    // ...}]}
    boost::json::object now(Time now) const;

    // The same for everybody: no tasks, and no address of ours or of other machines.
    boost::json::object in_public(Time now) const;

    // `text` with numbers in place of the addresses of remote backends: "remote 1".
    std::string without_addresses(std::string text) const;

    // The picture (base64) or prompt of a task of this run, while it is remembered.
    struct Input {
        storage::TaskRow row = 0;
        std::string kind, prompt;
    };
    const Input* input(storage::TaskRow row) const;

private:
    struct AtHand {
        std::string id, kind, validator, stage = "pulled";
        Time pulled_at, stage_since;
        int attempt = 1;
        std::int64_t gaussians = -1;
    };

    std::optional<Health> blocked() const;  // why no work is taken; empty: it is
    Health in_the_way() const;

    Limits limits_;
    Time start_;
    std::optional<generator::ModelInfo> model_;
    bool draining_ = false;
    std::map<std::string, Hindrance> hindrances_;  // by what is in the way
    std::string scored_by_;
    std::string notice_;
    std::function<std::vector<BackendState>()> backends_;
    std::function<std::optional<ChainState>()> chain_;
    std::map<storage::TaskRow, AtHand> at_hand_;
    std::optional<Time> failing_since_;  // all pulls since then failed, and nothing was answered
    Time quiet_until_{};                 // of cool-downs the longest
    std::string last_error_;
    std::deque<Input> inputs_;  // newest last
    std::uint64_t version_ = 1, settled_ = 0;
};

}  // namespace miner
