#include "miner/schedule.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace miner {
namespace {

// The year 36812. What a validator says may be any number, and callers turn seconds into smaller
// units.
constexpr std::int64_t kLatest = std::int64_t(1) << 40;

}  // namespace

Schedule::Schedule(config::Schedule settings)
    : settings_(std::move(settings)), until_owner_(settings_.owner_every) {}

void Schedule::set_validators(std::vector<Validator> validators) {
    const std::vector<Validator> before = std::exchange(validators_, std::move(validators));
    if (!settings_.reference) {
        for (const Validator& old : before) {
            const Validator* now = find(old.uid);
            if (now == nullptr || now->peer.hotkey != old.peer.hotkey) cooldowns_.erase(old.uid);
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

std::optional<Validator> Schedule::next(std::int64_t now_s) {
    const auto given = [](const Validator* v) { return v ? std::optional(*v) : std::nullopt; };
    if (is_owners_turn(now_s)) return given(owner());
    for (std::size_t step = 0; step < validators_.size(); ++step) {
        const Validator& validator = validators_[place_];
        if (qualifies(validator) && cooldown_until(validator.uid) < now_s) return validator;
        place_ = (place_ + 1) % validators_.size();
    }
    if (settings_.reference) return std::nullopt;
    const Validator* spare = owner();
    return spare != nullptr && cooldown_until(spare->uid) <= now_s ? given(spare) : std::nullopt;
}

void Schedule::reserve(int uid, std::int64_t now_s) {
    cool_down(uid, now_s + settings_.reservation.count());
}

void Schedule::failed(int uid, std::int64_t now_s) {
    cool_down(uid, now_s + settings_.failure_delay.count());
}

void Schedule::cool_down(int uid, std::int64_t until_s) {
    if (find(uid) != nullptr) cooldowns_[uid] = std::min(until_s, kLatest);
}

std::optional<std::int64_t> Schedule::next_turn(std::int64_t now_s) const {
    if (settings_.reference)
        return now_s + std::chrono::ceil<std::chrono::seconds>(settings_.idle).count();
    std::optional<std::int64_t> earliest;
    // The owner is free at the second itself, the others at the next, as in the reference.
    if (const Validator* spare = owner()) earliest = cooldown_until(spare->uid);
    for (const Validator& validator : validators_) {
        if (!qualifies(validator)) continue;
        const std::int64_t free = cooldown_until(validator.uid) + 1;
        if (!earliest || free < *earliest) earliest = free;
    }
    return earliest ? std::optional(std::max(now_s, *earliest)) : std::nullopt;
}

std::int64_t Schedule::cooldown_until(int uid) const {
    const auto found = cooldowns_.find(uid);
    return found == cooldowns_.end() ? 0 : found->second;
}

bool Schedule::qualifies(const Validator& validator) const {
    return validator.serving && validator.stake >= settings_.min_stake;
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
bool Schedule::is_owners_turn(std::int64_t now_s) {
    if (owner() == nullptr && !settings_.reference) return false;
    if (owner_uid_ && cooldown_until(*owner_uid_) > now_s) return false;
    if (until_owner_ > 1) {
        --until_owner_;
        return false;
    }
    until_owner_ = settings_.owner_every;
    return true;
}

}  // namespace miner
