// What validators see of a miner, held against when it had to come: never during a cool-down, and
// once that is over, or whatever was in the way has ended, within the wait that is documented.
// Times are nanoseconds of the world (virtual_time.hpp). Any thread.
#pragma once

#include "network/simulator/validator.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace endure {

// The miner's settings that decide when it comes; ops/docs/settings.md.
struct Waits {
    using Seconds = std::chrono::seconds;
    Seconds idle{10}, failure{300}, lock{30}, pull{12}, submit{300}, reservation{300};
    Seconds work{60};  // from a task to its submission's answer, when nothing is in the way
    int slots = 2;     // tasks in hand at a time
};

class Watch {
public:
    using Time = std::chrono::nanoseconds;
    using Fault = network::LocalValidator::Fault;
    using Pull = network::ValidatorState::Pull;
    using Submit = network::ValidatorState::Submit;

    Watch(std::size_t validators, Waits waits, Time now);

    // What a validator saw.
    void pulled(std::size_t validator, const Pull& pull, Time now);
    void submitted(std::size_t validator, const Submit& submit, Time now);
    void faulted(std::size_t validator, Fault fault, const std::string& synapse, Time now);

    // Something is in the way of calls to a validator, or to all; until it is relieved, and then
    // they come within `wait`.
    void hinder(std::size_t validator, const std::string& what);
    void hinder_all(const std::string& what);
    void relieve(std::size_t validator, const std::string& what, Time now, Time wait);
    void relieve_all(const std::string& what, Time now, Time wait);
    // Within `wait` of now is soon enough, whatever was due before.
    void grant(std::size_t validator, Time now, Time wait);
    // The miner began anew by a clock that is so wrong, and knows no better than to wait for the
    // whole of a cool-down again, which lasts `longest`, or so much longer for one of a liar.
    void began_by_wrong_clock(Time now, Time longest, Time wrong);
    // The machine slept for `time` until now: a call that hung is given up so much later, as its
    // time stood still, and whoever was due meanwhile is called within `wait`.
    void slept(Time now, Time time, Time wait);
    // A validator knows the miner's task no more.
    void forgot(std::size_t validator, Time now);
    // What the miner was told may be lost, so that it may come too early.
    void excuse_early();

    // Whoever ought to have come by now.
    void check(Time now);
    bool has_tasks_in_hand() const;

    struct Task {
        std::size_t validator = 0;
        int closed = 0;          // by submissions that counted
        bool skipped = false;    // by the empty result
        bool forgotten = false;  // by the validator, or what it said of it was not to be believed
        bool in_hand = false;    // as far as the validator knows
    };
    std::map<std::string, Task> tasks() const;
    std::vector<std::string> broken() const;

    // What happened last, a line each, for whoever reads a story that broke.
    void tell(const std::string& words);
    std::deque<std::string> told() const;

    struct Figures {
        int pulls = 0, tasks = 0, submissions = 0, without_effect = 0, faulted = 0;
        Time latest{0};  // that a call came after it was due, with nothing in the way
    };
    Figures figures() const;

private:
    struct Seen {
        std::set<std::string> hindered;
        Time by{0};             // it comes by then
        Time given_up{0};       // a call that fails
        Time floor{0};          // after it
        Time hanging_until{0};  // a pull takes up a slot
        bool suffers = false;   // the call that is under way
        bool unheard = false;   // the last answer was lost or false
        bool early_is_excused = false;
        std::string task;           // in hand; empty: none
        bool is_submitted = false;  // which takes up no slot
        bool is_doubtful = false;   // whether the miner heard of it
        std::string last;           // what was seen last
    };

    void came(std::size_t validator, Time now);
    void due(Seen& seen, Time by);
    enum class Doubtful { counted, left_out };
    bool is_busy(Time now, Doubtful doubtful) const;
    void note_busy(Time now);
    void complain(std::size_t validator, Time now, const std::string& words);
    void note(std::string line);
    void saw(std::size_t validator, Time now, std::string words);

    Waits waits_;
    mutable std::mutex mutex_;
    std::vector<Seen> seen_;
    std::map<std::string, Task> tasks_;
    bool was_busy_[2] = {};  // by Doubtful
    Time free_since_{0};
    Figures figures_;
    std::vector<std::string> broken_;
    std::deque<std::string> told_;
};

// "2 h 03 min 04.500 s" since the beginning of the story.
std::string in_words(Watch::Time since_beginning);

}  // namespace endure
