#include "miner/mining/worker.hpp"
#include "tests/network/keys.hpp"
#include "tests/support/catch.hpp"

#include <map>
#include <string>

namespace {

using tests::key_of;

// A hotkey whose uids are asked again a second after each turn.
miner::Identity identity(std::uint8_t number, int validators) {
    config::Schedule settings;
    settings.reservation = config::seconds(1);
    settings.owner_hotkey.clear();
    miner::Identity who{key_of(number), miner::Schedule(settings)};
    std::vector<miner::Validator> list;
    for (int uid = 0; uid < validators; ++uid)
        list.push_back({uid, {"validator " + std::to_string(uid), "", 0}, 5000, true});
    who.schedule.set_validators(std::move(list));
    return who;
}

miner::Roster roster_of(std::initializer_list<int> validators) {
    std::vector<miner::Identity> identities;
    for (const int count : validators)
        identities.push_back(identity(std::uint8_t(identities.size() + 1), count));
    return miner::Roster(std::move(identities));
}

miner::Schedule::Time at(std::int64_t seconds) {
    return miner::Schedule::Time(std::chrono::seconds(seconds));
}

// How many turns each hotkey gets, one turn a second, everyone reserving whom it asks.
std::map<std::string, int> turns(miner::Roster& roster, int count, std::int64_t start_s = 1000) {
    std::map<std::string, int> result;
    for (int i = 0; i < count; ++i) {
        const auto now = at(start_s + i);
        const auto choice = roster.next(now);
        if (!choice) continue;
        choice->who->schedule.reserve(choice->validator, now);
        ++result[choice->who->hotkey()];
    }
    return result;
}

}  // namespace

TEST_CASE("hotkeys have turns in turn, however many validators each has") {
    auto roster = roster_of({50, 3, 7});
    const auto counts = turns(roster, 300);
    for (std::uint8_t number = 1; number <= 3; ++number)
        CHECK(counts.at(key_of(number).address()) == 100);
}

TEST_CASE("a hotkey that cannot ask anybody costs the others nothing") {
    auto roster = roster_of({5, 0, 5});
    const auto counts = turns(roster, 100);
    CHECK(counts.at(key_of(1).address()) == 50);
    CHECK(counts.at(key_of(3).address()) == 50);
}

TEST_CASE("an unregistered hotkey waits and takes up its turns once it is registered") {
    auto roster = roster_of({5, 5});
    auto& first = roster.identities()[0];
    first.registered = false;
    CHECK(turns(roster, 10) == std::map<std::string, int>{{key_of(2).address(), 10}});
    first.registered = true;
    CHECK(turns(roster, 10, 2000).at(first.hotkey()) == 5);
}

TEST_CASE("when nobody is registered nobody has a turn to wait for") {
    auto roster = roster_of({5, 5});
    for (auto& who : roster.identities()) who.registered = false;
    CHECK_FALSE(roster.next(at(1000)));
    CHECK_FALSE(roster.next_turn(at(1000)));
    roster.identities()[1].registered = true;
    CHECK(roster.next_turn(at(1000)) == at(1000));
}

TEST_CASE("the next turn is the earliest of all hotkeys'") {
    auto roster = roster_of({1, 1});
    const auto validator = roster.identities()[0].schedule.validators().front();
    roster.identities()[0].schedule.cool_down(validator, at(1300));
    roster.identities()[1].schedule.cool_down(validator, at(1200));
    CHECK(roster.next_turn(at(1000)) == roster.identities()[1].schedule.next_turn(at(1000)));
    roster.identities()[1].registered = false;
    CHECK(roster.next_turn(at(1000)) == roster.identities()[0].schedule.next_turn(at(1000)));
}
