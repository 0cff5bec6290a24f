#include "miner/cooldowns.hpp"

#include <algorithm>

namespace miner {

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

void resume_cooldowns(const Contacts& contacts, std::span<Identity> identities, std::int64_t now_s,
                      config::Logger& log) {
    int count = 0;
    std::int64_t longest_s = 0;
    for (std::size_t i = 0; i < identities.size(); ++i) {
        auto& who = identities[i];
        for (const auto& contact : contacts[i]) {
            if (contact.cooldown_until <= now_s) continue;
            const auto until_s = std::min(contact.cooldown_until, now_s + kLongestCooldown_s);
            for (const auto& validator : who.schedule.validators()) {
                if (validator.peer.hotkey != contact.validator) continue;
                who.schedule.cool_down(validator.uid, until_s);
                ++count;
                longest_s = std::max(longest_s, until_s - now_s);
            }
        }
    }
    if (count > 0) log.info("cooling down", {{"validators", count}, {"longest_s", longest_s}});
}

}  // namespace miner
