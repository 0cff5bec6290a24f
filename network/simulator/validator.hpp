// The rehearsal's far end: a validator on loopback that speaks the true protocol, with keys of its
// own. It hands out tasks, verifies signatures and nonces, keeps cool-downs as the subnet's
// validators do, and answers with feedback. What a result is worth is decided by the `Judge` it is
// given.
#pragma once

#include "config/result.hpp"
#include "network/http/message.hpp"
#include "network/simulator/validator_state.hpp"
#include "network/subnet/messages.hpp"
#include "network/wallet/keypair.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace network {

struct Evaluation {
    double score = 0;    // 0: refused
    std::string reason;  // for the report; empty when all is well
};

class LocalValidator {
public:
    // Judges the SPZ bytes of a submission, one after the other, on a thread of its own: meanwhile
    // the validator answers others, and gives whoever pulls the task that is being judged once
    // more, as the subnet's do. When it throws, the scoring has failed, which costs the miner
    // nothing.
    using Judge = std::function<Evaluation(const Task& task, const std::vector<std::uint8_t>& spz)>;

    // On request: every `fault_every`-th request suffers the next fault of the list.
    enum class Fault {
        timeout,  // takes the request and never answers
        refuse,   // closes the connection at once
        garbage,  // answers 200 with bytes that are no message
        slow,     // drips the answer
        drop,     // takes the request, handles it, and closes before the answer is whole
        trickle,  // a byte of the answer each second; this and the next are for tests
        twist,    // what Options::twist makes of the answer
    };

    struct Options {
        std::string host = "127.0.0.1";
        std::uint16_t port = 0;  // 0: any free one
        // Handed out in order, each once; afterwards there is nothing to pull, and an answer
        // without task asks to come back in a second or more.
        std::vector<Task> tasks;
        // Of the durations below, of the penalty for asking too often and of an unregistered
        // caller's cool-down. Moments travel as whole seconds, rounded down: one that has passed
        // means at once, so that a cool-down of a few milliseconds is mostly none, and whoever
        // keeps to what was announced is never too early.
        double time_scale = 1;
        std::chrono::milliseconds task_cooldown{300'000};
        std::chrono::milliseconds throttle_period{30'000};
        std::chrono::milliseconds cooldown_penalty{600'000};
        std::chrono::milliseconds validation_lock{30'000};
        double quality_threshold = 0.6;
        std::vector<Fault> faults;
        int fault_every = 4;  // requests, whichever miner's; the list begins anew at its end
        std::vector<std::string> miners;  // hotkeys it knows; empty: anyone
        std::function<std::int64_t()>
            now_ns;  // wall clock, called on its thread; empty: the system's
        // Of its clock over that. It tells the time in the header Date, and counts by it.
        std::chrono::milliseconds clock_lead{0};
        // For whoever watches, on its thread, before the answer goes out: each request that suffers
        // a fault, each pull and each submission that was decided.
        std::function<void(Fault, const std::string& synapse)> faulted;
        std::function<void(const ValidatorState::Pull&)> pulled;
        std::function<void(const ValidatorState::Submit&)> submitted;
        std::function<void(ServerReply&)> twist;
    };

    // What it saw, for the report and for tests. A submission with a bad signature or one that
    // could not be judged is refused, too.
    struct Tally {
        int pulls = 0, handed_out = 0, submissions = 0, skips = 0, accepted = 0, refused = 0,
            faults = 0;
        int bad_signatures = 0, bad_nonces = 0, cooldown_violations = 0;
        int without_effect = 0;  // submissions inside the lock, too soon, or for another task
        std::vector<std::pair<std::string, Evaluation>> verdicts;  // task id and what it got
    };

    // Listens at once, on a thread of its own. Fails with the system's errors (port taken).
    static config::Result<std::unique_ptr<LocalValidator>> start(Keypair key, Judge judge,
                                                                 Options options);
    virtual ~LocalValidator() =
        default;  // closes all connections and joins; waits for a judge at work

    virtual Peer peer() const = 0;
    virtual Tally tally() const = 0;  // any thread
    // Listens on another port from now on, and no longer on the old one. Fails with network errors.
    virtual config::Result<std::uint16_t> move() = 0;  // any thread
    // Rules and miners, and the faults from now on, as Options has them; done when they return.
    virtual void change(std::function<void(ValidatorState&)> how) = 0;  // any thread
    virtual void suffer(std::vector<Fault> faults, int every) = 0;      // any thread
    virtual bool drained() const = 0;  // every task was answered (submitted, skipped or refused)
};

// "timeout", "refuse", "garbage", "slow", "drop". Fails with malformed, naming the choices.
config::Result<LocalValidator::Fault> parse_fault(std::string_view text);

}  // namespace network
