// Which validator to ask next: round robin, cool-downs, and the subnet owner's turn (the
// reference's validator_selector.py). Pure: no I/O, and the time is passed in, by a monotonic clock
// (BootClock). One object per hotkey, since cool-downs are a miner's own.
#pragma once

#include "config/settings.hpp"
#include "miner/runtime/clock.hpp"
#include "network/subnet/messages.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace miner {

// A validator that says "never again" by mistake or malice is asked once a day all the same.
inline constexpr std::chrono::hours kLongestCooldown{24};

// A neuron of the metagraph, or an entry of the setting `validators`.
struct Validator {
    int uid = 0;  // unique in the list
    network::Peer peer;
    double stake = 0;      // total, in TAO
    bool serving = false;  // its axon has an address
};

// Whether the round comes to a validator: it has an address and enough stake.
bool is_in_round(const Validator& validator, const config::Schedule& settings);

// Whether it is ever asked, by the round or by the owner's turn, for which an address is enough.
bool may_be_asked(const Validator& validator, const config::Schedule& settings);

// How long a validator is left alone after a pull or submission failed: never nothing, as it would
// be asked without pause.
BootClock::duration wait_after_failure(const config::Schedule& settings);

// With settings.reference it chooses as the reference miner does, turns lost to an absent owner
// included. Otherwise no turn is lost: an owner who is absent or not serving has none, and one who
// is free is asked when all others are not.
class Schedule {
public:
    using Time = BootClock::time_point;

    explicit Schedule(config::Schedule settings);

    // A new metagraph, in the order in which to go round. Cool-downs and the place in the round
    // stay. Who is gone loses its cool-down, as does one that could not be reached where it was and
    // is elsewhere now; and the owner is looked up anew. With settings.reference none of it
    // happens.
    void set_validators(std::vector<Validator> validators);

    // Whom to ask now; empty: nobody. Does not reserve, but counts towards the owner's turn.
    std::optional<Validator> next(Time now);

    // Nobody else asks the validator for as long as it lives, whatever a cool-down says: a turn may
    // take longer than any time that was reserved for it. With settings.reference it does nothing.
    // The schedule outlives it.
    class Hold {
    public:
        Hold(Schedule& schedule, const Validator& validator)
            : schedule_(&schedule), at_(schedule.held_.insert(validator.peer.hotkey)) {}
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold() { schedule_->held_.erase(at_); }

    private:
        Schedule* schedule_;
        std::multiset<std::string>::iterator at_;
    };

    // The validator is left alone: until now + settings.reservation, now + wait_after_failure(), or
    // as said. It is known by its hotkey, since uids are given away anew; with settings.reference
    // by its uid. One that is not in the list is ignored: the metagraph may have changed while its
    // answer was under way.
    void reserve(const Validator& validator, Time now);
    void failed(const Validator& validator, Time now);
    // As failed(), for the address where it was asked: elsewhere it may be asked at once.
    void unreached(const Validator& asked, Time now);
    void cool_down(const Validator& validator, Time until);

    // The earliest time, not before now, at which next() gives somebody; empty: never, with these
    // validators and as long as those that are held are. The reference miner does not look ahead:
    // with settings.reference it is always now
    // + settings.idle.
    std::optional<Time> next_turn(Time now) const;

    // The beginning of time for a validator without a cool-down and for one that is not known.
    Time cooldown_until(const Validator& validator) const;

    const std::vector<Validator>& validators() const { return validators_; }

private:
    bool is_free(const Validator& validator, Time now) const;
    bool is_held(const Validator& validator) const {
        return !settings_.reference && held_.contains(validator.peer.hotkey);
    }
    std::string key_of(const Validator& validator) const;
    const Validator* find(const Validator& validator) const;  // as it is now
    const Validator* owner() const;                           // who can have a turn
    bool is_owners_turn(Time now);

    config::Schedule settings_;
    std::vector<Validator> validators_;
    std::unordered_map<std::string, Time> cooldowns_;  // by key_of()
    std::multiset<std::string> held_;                  // by hotkey
    std::set<std::string> unreached_;  // by key_of(): whose cool-down is for that alone
    std::optional<int> owner_uid_;
    bool owner_looked_up_ = false;
    int until_owner_;
    std::size_t place_ = 0;  // where the round goes on, an index into validators_
};

}  // namespace miner
