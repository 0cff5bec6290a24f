// How long validators are to be left alone: what they say, by their clocks, as time to wait; and
// what they said in an earlier run, put back into the schedules of this one.
#pragma once

#include "config/log.hpp"
#include "config/result.hpp"
#include "miner/mining/identity.hpp"
#include "miner/runtime/clock.hpp"
#include "storage/report.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace miner {

// What is left of a cool-down when the answer that tells it arrives. `until` is in Unix seconds by
// the validator's clock, and so is `date`, which HTTP cuts to whole seconds: what is left by it
// errs by less than a second and the way of the answer, and never to the short side, however wrong
// this machine's clock is. A validator that tells no date is taken to have this machine's time.
// Never negative, and a day at most.
std::chrono::milliseconds cooldown_left(std::int64_t until, std::optional<std::int64_t> date,
                                        std::int64_t unix_ms);

// What is left of one that an earlier run was told, when either clock may have been set since: as
// much as by either, but no more than there was. One of them alone counts where the other cannot be
// right: ours is before it was told, theirs is more than a day off.
std::chrono::milliseconds cooldown_left(const storage::Contact& contact, std::int64_t unix_ms);

// What each hotkey's validators said last, in the order of the hotkeys.
using Contacts = std::vector<std::vector<storage::Contact>>;

std::vector<std::string> hotkeys_of(std::span<const Identity> identities);

// On the db lane.
config::Result<Contacts> contacts_of(storage::Database& database,
                                     const std::vector<std::string>& hotkeys);

// One that may be judging a submission of the earlier run is left alone for
// schedule.validation_lock. Validators that a schedule does not know are passed over.
void resume_cooldowns(const Contacts& contacts, std::span<Identity> identities,
                      const Clocks& clocks, std::chrono::milliseconds validation_lock,
                      config::Logger& log);

}  // namespace miner
