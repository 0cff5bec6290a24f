#include "miner/mining/cooldowns.hpp"

#include <algorithm>

namespace miner {

using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kLatest_s = std::int64_t(1) << 40;  // what others say may be any number

milliseconds bounded(std::int64_t until_ms, std::int64_t now_ms) {
    return std::clamp<milliseconds>(milliseconds(until_ms - now_ms), milliseconds(0),
                                    kLongestCooldown);
}

std::int64_t to_ms(std::int64_t unix_s) {
    return std::clamp<std::int64_t>(unix_s, 0, kLatest_s) * 1000;
}

}  // namespace

milliseconds cooldown_left(std::int64_t until, std::optional<std::int64_t> date,
                           std::int64_t unix_ms) {
    return bounded(to_ms(until), date ? to_ms(*date) : unix_ms);
}

milliseconds cooldown_left(const storage::Contact& contact, std::int64_t unix_ms) {
    const auto until_ms = to_ms(contact.cooldown_until);
    const auto by_theirs = bounded(until_ms, unix_ms);
    if (!contact.told_at) return by_theirs;
    const auto by_ours = bounded(*contact.told_at + contact.wait, unix_ms);
    // Their time is of no use where their clock is days off, or they said years: each start would
    // begin the whole wait again.
    if (milliseconds(until_ms - unix_ms - contact.wait) > kLongestCooldown) return by_ours;
    // Told later than now: ours was set back since.
    const auto left = unix_ms < *contact.told_at ? by_theirs : std::max(by_theirs, by_ours);
    return std::min(left, milliseconds(contact.wait));
}

std::vector<std::string> hotkeys_of(std::span<const Identity> identities) {
    std::vector<std::string> hotkeys;
    for (const auto& who : identities) hotkeys.push_back(who.hotkey());
    return hotkeys;
}

config::Result<Contacts> contacts_of(storage::Database& database,
                                     const std::vector<std::string>& hotkeys) {
    Contacts all;
    for (const auto& hotkey : hotkeys) {
        auto contacts = storage::contacts(database, hotkey);
        if (!contacts) return contacts.error();
        all.push_back(std::move(*contacts));
    }
    return all;
}

void resume_cooldowns(const Contacts& contacts, std::span<Identity> identities,
                      const Clocks& clocks, milliseconds validation_lock, config::Logger& log) {
    const auto now = clocks.boot();
    const auto unix_ms = clocks.unix_ms();
    int count = 0;
    milliseconds longest{0};
    for (std::size_t i = 0; i < identities.size(); ++i) {
        auto& schedule = identities[i].schedule;
        for (const auto& contact : contacts[i]) {
            auto left = cooldown_left(contact, unix_ms);
            if (contact.unsettled) left = std::max(left, validation_lock);
            if (left == milliseconds(0)) continue;
            for (const auto& validator : schedule.validators()) {
                if (validator.peer.hotkey != contact.validator) continue;
                schedule.cool_down(validator,
                                   std::max(now + left, schedule.cooldown_until(validator)));
                ++count;
                longest = std::max(longest, left);
            }
        }
    }
    if (count > 0)
        log.info("cooling down",
                 {{"validators", count},
                  {"longest_s", std::chrono::ceil<std::chrono::seconds>(longest).count()}});
}

}  // namespace miner
