// What a subnet validator decides about pulls and submissions, without I/O or a clock of its own.
// Not thread-safe.
//
// Cool-downs travel as whole Unix seconds, so each moment that ends one is rounded down to a
// second, here as there: a miner that comes back at the second it was told is never too early, and
// a cool-down scaled to less than a second may be over as soon as it began. Only what a penalty
// adds is never rounded away, for a penalty that nobody feels teaches nothing.
#pragma once

#include "network/subnet/messages.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace network {

class ValidatorState {
public:
    using Duration = std::chrono::milliseconds;
    using Time = std::chrono::sys_time<std::chrono::milliseconds>;

    struct Rules {
        Duration task_cooldown{300'000};
        Duration throttle_period{30'000};
        Duration cooldown_penalty{600'000};
        Duration violation_penalty{10'000};  // for each violation beyond the tolerated ones
        int violations_tolerated = 100;
        Duration validation_lock{30'000};
        Duration unregistered_cooldown{3'600'000};
        Duration window{4 * 3'600'000};  // in which accepted generations count for the reward
        double quality_threshold = 0.6;
        double average_alpha = 0.05;
        double duel_rating = 1500;  // there are no duels here: everyone keeps the first rating
    };

    // `tasks` are handed out in order, each to one miner, once. `miners`: the hotkeys it knows;
    // empty: anyone.
    ValidatorState(Rules rules, std::vector<Task> tasks, std::vector<std::string> miners);

    struct Pull {
        enum class What { unregistered, cooling_down, assigned_before, assigned, nothing_left };
        What what{};
        PullAnswer answer;
    };

    // A validator of the subnet always has a task. This one runs out, and then asks to come back
    // after a cool-down, but not within the second.
    Pull pull(const std::string& miner, Time now);

    // Why the request is refused before it is looked at; empty when it is not. `from` is the
    // sender's ip.
    std::optional<std::string> blacklisted(const std::string& miner, const std::string& from);

    struct Submit {
        enum class What {
            unregistered,
            other_task,            // no effect
            unreadable_signature,  // an exception in the validator: status 500, no effect
            bad_signature,         // task dropped, penalty
            skipped,
            locked,    // an earlier one is being judged: no effect
            to_score,  // go on with scored()
            too_soon,  // an earlier one was accepted meanwhile: no effect
            not_scored,
            refused,  // score too low: task dropped, penalty
            accepted,
        };
        What what{};
        SubmitAnswer answer;  // not for unreadable_signature and to_score
        Task task;            // the miner's, as far as it has one
    };

    // `validator` is the hotkey that the miner believes to speak to; its signature covers it.
    Submit submit(const std::string& miner, const std::string& validator,
                  const Submission& submission, Time now);

    // After to_score: its task and score, or no score when the scoring itself failed. Others may
    // have been answered since: as with the subnet's validators, a lock outlasted by the scoring
    // lets a second submission in.
    Submit scored(const std::string& miner, const Task& task, std::optional<double> score,
                  Time now);

    // More tasks, behind those there are; the ones that were handed out are forgotten.
    void supply(std::vector<Task> more);

    // Every task was handed out and answered.
    bool drained() const;

    // From the next decision on.
    void change(const Rules& rules) { rules_ = rules; }
    const Rules& rules() const { return rules_; }
    // A miner that lost its place on the subnet, with its task, cool-down and record; and one that
    // has a place from now on.
    void forget(const std::string& miner);
    void welcome(const std::string& miner);

private:
    using Seconds = std::chrono::sys_seconds;

    struct Miner {
        int uid = 0;
        std::optional<Task> task;
        std::optional<Time> assigned_at;
        Seconds cooldown_until{};
        Time locked_until{};
        Seconds next_accepted{};  // none is before
        std::int64_t violations = 0;
        double average = 1;
        std::deque<Time> accepted;
    };

    Miner* find(const std::string& hotkey);
    SubmitAnswer feedback(Miner& miner, double fidelity, bool failed, Time now) const;
    void drop_task(Miner& miner, Duration penalty, Time now) const;

    Rules rules_;
    std::vector<Task> tasks_;
    std::size_t next_task_ = 0;
    bool anyone_;
    std::map<std::string, Miner> miners_;
};

}  // namespace network
