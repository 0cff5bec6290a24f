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
            const Validator* now = find(old.uid);
            const bool another = now == nullptr || now->peer.hotkey != old.peer.hotkey;
            const bool moved = !another && now->peer != old.peer;
            if (another || (moved && unreached_.contains(old.uid))) {
                cooldowns_.erase(old.uid);
                unreached_.erase(old.uid);
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

void Schedule::reserve(int uid, Time now) { cool_down(uid, now + settings_.reservation); }

void Schedule::failed(int uid, Time now) { cool_down(uid, now + wait_after_failure(settings_)); }

void Schedule::unreached(const Validator& asked, Time now) {
    const Validator* known = find(asked.uid);
    if (known == nullptr) return;
    if (!settings_.reference && known->peer != asked.peer) {  // it moved while it was asked
        cooldowns_.erase(asked.uid);
        return;
    }
    failed(asked.uid, now);
    unreached_.insert(asked.uid);
}

void Schedule::cool_down(int uid, Time until) {
    unreached_.erase(uid);
    if (find(uid) != nullptr) cooldowns_[uid] = until;
}

std::optional<Schedule::Time> Schedule::next_turn(Time now) const {
    if (settings_.reference) return now + settings_.idle;
    std::optional<Time> earliest;
    if (const Validator* spare = owner(); spare != nullptr && !is_held(*spare))
        earliest = cooldown_until(spare->uid);
    for (const Validator& validator : validators_) {
        if (!is_in_round(validator, settings_) || is_held(validator)) continue;
        const Time free = cooldown_until(validator.uid);
        if (!earliest || free < *earliest) earliest = free;
    }
    return earliest ? std::optional(std::max(now, *earliest)) : std::nullopt;
}

Schedule::Time Schedule::cooldown_until(int uid) const {
    const auto found = cooldowns_.find(uid);
    return found == cooldowns_.end() ? Time() : found->second;
}

// The reference counts whole seconds, and waits for the next.
bool Schedule::is_free(const Validator& validator, Time now) const {
    using std::chrono::floor;
    using std::chrono::seconds;
    const Time until = cooldown_until(validator.uid);
    if (settings_.reference) return floor<seconds>(until) < floor<seconds>(now);
    return until <= now && !is_held(validator);
}

const Validator* Schedule::find(int uid) const {
    const auto found = std::find_if(validators_.begin(), validators_.end(),
                                    [&](const auto& v) { return v.uid == uid; });
    return found == validators_.end() ? nullptr : &*found;
}

const Validator* Schedule::owner() const {
    const Validator* owner = owner_uid_ ? find(*owner_uid_) : nullptr;
    return owner != nullptr && (owner->serving || settings_.reference) ? owner : nullptr;
}

// Counts down at each call, but not while the owner is on cool-down.
bool Schedule::is_owners_turn(Time now) {
    if (owner() == nullptr && !settings_.reference) return false;
    if (owner_uid_ && cooldown_until(*owner_uid_) > now) return false;
    if (owner() != nullptr && is_held(*owner())) return false;
    if (until_owner_ > 1) {
        --until_owner_;
        return false;
    }
    until_owner_ = settings_.owner_every;
    return true;
}

}  // namespace miner
