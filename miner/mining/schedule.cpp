#include "miner/mining/schedule.hpp"

#include <algorithm>
#include <utility>

namespace miner {

bool is_in_round(const Validator& validator, const config::Schedule& settings) {
    return validator.serving && validator.stake >= settings.min_stake;
}

bool may_be_asked(const Validator& validator, const config::Schedule& settings) {
    const bool has_turn = validator.serving && validator.peer.hotkey == settings.owner_hotkey;
    return has_turn || is_in_round(validator, settings);
}

BootClock::duration wait_after_failure(const config::Schedule& settings) {
    return std::max<BootClock::duration>(settings.failure_delay, settings.idle);
}

Schedule::Schedule(config::Schedule settings)
    : settings_(std::move(settings)), until_owner_(settings_.owner_every) {}

void Schedule::set_validators(std::vector<Validator> validators) {
    const std::vector<Validator> before = std::exchange(validators_, std::move(validators));
    if (!settings_.reference) {
        for (const Validator& old : before) {
            const Validator* now = find(old);
            const bool moved = now != nullptr && now->peer != old.peer;
            if (now == nullptr || (moved && unreached_.contains(key_of(old)))) {
                cooldowns_.erase(key_of(old));
                unreached_.erase(key_of(old));
            }
        }
    }
    if (!settings_.reference || !owner_looked_up_) {
        const auto found = std::find_if(validators_.begin(), validators_.end(), [&](const auto& v) {
            return v.peer.hotkey == settings_.owner_hotkey;
        });
        owner_uid_ = found == validators_.end() ? std::nullopt : std::optional(found->uid);
        owner_looked_up_ = true;
    }
    if (place_ >= validators_.size()) place_ = 0;
}

std::optional<Validator> Schedule::next(Time now) {
    const auto given = [](const Validator* v) { return v ? std::optional(*v) : std::nullopt; };
    if (is_owners_turn(now)) return given(owner());
    for (std::size_t step = 0; step < validators_.size(); ++step) {
        const Validator& validator = validators_[place_];
        if (is_in_round(validator, settings_) && is_free(validator, now)) return validator;
        place_ = (place_ + 1) % validators_.size();
    }
    if (settings_.reference) return std::nullopt;
    const Validator* spare = owner();
    return spare != nullptr && is_free(*spare, now) ? given(spare) : std::nullopt;
}

void Schedule::reserve(const Validator& validator, Time now) {
    cool_down(validator, now + settings_.reservation);
}

void Schedule::failed(const Validator& validator, Time now) {
    cool_down(validator, now + wait_after_failure(settings_));
}

void Schedule::unreached(const Validator& asked, Time now) {
    const Validator* known = find(asked);
    if (known == nullptr) return;
    if (!settings_.reference && known->peer != asked.peer) {  // it moved while it was asked
        cooldowns_.erase(key_of(asked));
        return;
    }
    failed(asked, now);
    unreached_.insert(key_of(asked));
    // The same hotkey's next address has its turn, where it is named at several.
    if (!settings_.reference && validators_[place_].peer == asked.peer)
        place_ = (place_ + 1) % validators_.size();
}

void Schedule::cool_down(const Validator& validator, Time until) {
    unreached_.erase(key_of(validator));
    if (find(validator) != nullptr) cooldowns_[key_of(validator)] = until;
}

std::optional<Schedule::Time> Schedule::next_turn(Time now) const {
    if (settings_.reference) return now + settings_.idle;
    std::optional<Time> earliest;
    if (const Validator* spare = owner(); spare != nullptr && !is_held(*spare))
        earliest = cooldown_until(*spare);
    for (const Validator& validator : validators_) {
        if (!is_in_round(validator, settings_) || is_held(validator)) continue;
        const Time free = cooldown_until(validator);
        if (!earliest || free < *earliest) earliest = free;
    }
    return earliest ? std::optional(std::max(now, *earliest)) : std::nullopt;
}

Schedule::Time Schedule::cooldown_until(const Validator& validator) const {
    const auto found = cooldowns_.find(key_of(validator));
    return found == cooldowns_.end() ? Time() : found->second;
}

// The reference counts whole seconds, and waits for the next.
bool Schedule::is_free(const Validator& validator, Time now) const {
    using std::chrono::floor;
    using std::chrono::seconds;
    const Time until = cooldown_until(validator);
    if (settings_.reference) return floor<seconds>(until) < floor<seconds>(now);
    return until <= now && !is_held(validator);
}

std::string Schedule::key_of(const Validator& validator) const {
    return settings_.reference ? std::to_string(validator.uid) : validator.peer.hotkey;
}

// Of several with one hotkey, as the setting `validators` may have them, the one at that address.
const Validator* Schedule::find(const Validator& validator) const {
    const Validator* found = nullptr;
    for (const auto& each : validators_) {
        if (key_of(each) != key_of(validator)) continue;
        if (each.peer == validator.peer) return &each;
        if (found == nullptr) found = &each;
    }
    return found;
}

const Validator* Schedule::owner() const {
    const auto owner = std::find_if(validators_.begin(), validators_.end(),
                                    [&](const auto& v) { return owner_uid_ == v.uid; });
    const bool has_turns = owner != validators_.end() && (owner->serving || settings_.reference);
    return has_turns ? &*owner : nullptr;
}

// Counts down at each call, but not while the owner is on cool-down.
bool Schedule::is_owners_turn(Time now) {
    const Validator* who = owner();
    if (who == nullptr && !settings_.reference) return false;
    const Validator absent{.uid = owner_uid_.value_or(-1)};
    const bool cools_down = owner_uid_ && cooldown_until(who != nullptr ? *who : absent) > now;
    if (cools_down || (who != nullptr && is_held(*who))) return false;
    if (until_owner_ > 1) {
        --until_owner_;
        return false;
    }
    until_owner_ = settings_.owner_every;
    return true;
}

}  // namespace miner
