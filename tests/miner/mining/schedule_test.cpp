#include "miner/mining/schedule.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <random>

using miner::Schedule;
using miner::Validator;
using Time = Schedule::Time;
using namespace std::chrono_literals;

namespace {

constexpr Time kNow{1'732'350'000s};

Time at(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

Validator validator(int uid, std::string hotkey, double stake = 5000, bool serving = true) {
    return {uid, {std::move(hotkey), "127.0.0.1", 8091}, stake, serving};
}

config::Schedule with_owner() {
    config::Schedule settings;
    settings.owner_hotkey = "owner";
    return settings;
}

std::optional<int> ask(Schedule& schedule, Time now) {
    const auto chosen = schedule.next(now);
    return chosen ? std::optional(chosen->uid) : std::nullopt;
}

// Who has that uid now, or nobody in the list.
Validator listed(const Schedule& schedule, int uid) {
    for (const auto& each : schedule.validators())
        if (each.uid == uid) return each;
    return validator(uid, "unknown");
}

std::vector<Validator> metagraph(const boost::json::value& entry) {
    const auto* owner = tests::find(entry, "owner_uid");
    std::vector<Validator> validators;
    const auto& serving = entry.at("serving").as_array();
    for (std::size_t uid = 0; uid < serving.size(); ++uid) {
        const bool is_owner = owner != nullptr && owner->to_number<std::size_t>() == uid;
        validators.push_back(
            validator(int(uid), is_owner ? "owner" : "hotkey " + std::to_string(uid),
                      entry.at("total_stake").at(uid).to_number<double>(), serving[uid].as_bool()));
    }
    return validators;
}

}  // namespace

TEST_CASE("as the reference, it asks the same validators in the same order") {
    for (const auto& entry : tests::vectors("selector.json").at("cases").as_array()) {
        CAPTURE(tests::text(entry, "case"));
        config::Schedule settings = with_owner();
        settings.reference = true;
        settings.min_stake = entry.at("min_stake").to_number<double>();
        Schedule schedule(settings);
        schedule.set_validators(metagraph(entry));
        Time now;
        int number = 0;
        for (const auto& step : entry.at("steps").as_array()) {
            CAPTURE(number++);
            const std::string op = tests::text(step, "op");
            if (op == "set_time") {
                now = at(std::int64_t(step.at("time").to_number<double>()));
            } else if (op == "set_cooldown") {
                schedule.cool_down(listed(schedule, step.at("uid").to_number<int>()),
                                   at(step.at("until").to_number<std::int64_t>()));
            } else {
                REQUIRE(op == "choose");
                const auto* chosen = tests::find(step, "chosen");
                const auto expected =
                    chosen ? std::optional(chosen->to_number<int>()) : std::nullopt;
                REQUIRE(ask(schedule, now) == expected);
                if (const auto* until = tests::find(step, "then_set_cooldown_until")) {
                    schedule.cool_down(listed(schedule, *expected),
                                       at(until->to_number<std::int64_t>()));
                }
            }
        }
    }
}

TEST_CASE("a reservation keeps others away, and moves the round on") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a"), validator(7, "b"), validator(3, "c")});
    for (const int uid : {0, 7, 3}) {
        CHECK(ask(schedule, kNow) == uid);
        CHECK(ask(schedule, kNow) == uid);  // nothing is reserved by asking whom to ask
        schedule.reserve(listed(schedule, uid), kNow);
        CHECK(schedule.cooldown_until(listed(schedule, uid)) == kNow + 300s);
    }
    CHECK(ask(schedule, kNow + 300s - 1ms) == std::nullopt);
    CHECK(ask(schedule, kNow + 300s) == 3);  // the round goes on where it stood
}

TEST_CASE("a validator that is held is asked by nobody else, however long that takes") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a"), validator(7, "b")});
    {
        const Schedule::Hold one(schedule, validator(0, "a"));
        CHECK(ask(schedule, kNow + 24h) == 7);
        CHECK(schedule.next_turn(kNow) == kNow);
        const Schedule::Hold other(schedule, validator(7, "b"));
        schedule.cool_down(listed(schedule, 0), kNow);
        CHECK(ask(schedule, kNow + 24h) == std::nullopt);
        CHECK(schedule.next_turn(kNow) == std::nullopt);
        schedule.set_validators({validator(0, "a"), validator(7, "b")});  // nor after a new list
        CHECK(ask(schedule, kNow + 24h) == std::nullopt);
        schedule.set_validators({validator(0, "another"), validator(7, "b")});
        CHECK(ask(schedule, kNow) == 0);
        schedule.set_validators({validator(0, "a"), validator(7, "b")});
    }
    CHECK(ask(schedule, kNow).has_value());

    config::Schedule settings = with_owner();
    settings.reference = true;
    Schedule reference(settings);
    reference.set_validators({validator(0, "a")});
    const Schedule::Hold held(reference, validator(0, "a"));
    CHECK(ask(reference, kNow) == 0);
}

TEST_CASE("a turn with a validator goes on when it gets another uid, and is no other's") {
    Schedule schedule(with_owner());
    const auto asked = validator(0, "a");
    schedule.set_validators({asked, validator(1, "b")});
    {
        const Schedule::Hold held(schedule, asked);
        schedule.reserve(asked, kNow);
        schedule.set_validators({validator(0, "newcomer"), validator(1, "b"), validator(2, "a")});
        CHECK(schedule.cooldown_until(validator(2, "a")) == kNow + 300s);
        schedule.cool_down(asked, kNow + 1h);  // its answer comes
        CHECK(schedule.cooldown_until(validator(2, "a")) == kNow + 1h);
        CHECK(schedule.cooldown_until(validator(0, "newcomer")) == Time());
        schedule.cool_down(asked, kNow);
        schedule.reserve(validator(0, "newcomer"), kNow);
        schedule.reserve(validator(1, "b"), kNow);
        CHECK(ask(schedule, kNow + 1s) == std::nullopt);
    }
    CHECK(ask(schedule, kNow + 1s) == 2);
    // And when it is gone.
    schedule.set_validators({validator(0, "newcomer"), validator(2, "b")});
    schedule.cool_down(asked, kNow + 1h);
    CHECK(schedule.cooldown_until(validator(0, "newcomer")) == kNow + 300s);
}

TEST_CASE("one hotkey at two addresses has one cool-down, and has not moved") {
    Schedule schedule(with_owner());
    auto other = validator(1, "a");
    other.peer.port = 9000;
    schedule.set_validators({validator(0, "a"), other});
    schedule.unreached(other, kNow);
    schedule.set_validators({validator(0, "a"), other});
    CHECK(schedule.cooldown_until(validator(0, "a")) == kNow + 300s);
    CHECK(ask(schedule, kNow) == std::nullopt);
    // One that cannot be reached keeps the other's turn from nobody.
    CHECK(ask(schedule, kNow + 300s) == 0);
    schedule.reserve(validator(0, "a"), kNow + 300s);
    schedule.unreached(validator(0, "a"), kNow + 300s);
    CHECK(ask(schedule, kNow + 600s) == 1);
}

TEST_CASE("delays are settings") {
    config::Schedule settings = with_owner();
    settings.reservation = std::chrono::seconds(7);
    settings.failure_delay = std::chrono::seconds(11);
    Schedule schedule(settings);
    schedule.set_validators({validator(0, "a")});
    schedule.reserve(listed(schedule, 0), kNow);
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == kNow + 7s);
    schedule.failed(listed(schedule, 0), kNow);
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == kNow + 11s);
    schedule.cool_down(listed(schedule, 0), kNow + 5s);
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == kNow + 5s);
}

TEST_CASE("a validator that failed is left alone for schedule.idle at least") {
    config::Schedule settings = with_owner();
    settings.failure_delay = 0s;
    settings.idle = 250ms;
    Schedule schedule(settings);
    schedule.set_validators({validator(0, "a"), validator(1, "b")});
    schedule.failed(listed(schedule, 0), kNow);
    schedule.unreached(schedule.validators()[1], kNow);
    CHECK(schedule.next_turn(kNow) == kNow + 250ms);
    CHECK(ask(schedule, kNow + 249ms) == std::nullopt);
    CHECK(ask(schedule, kNow + 250ms).has_value());
}

TEST_CASE("validators without an address or with too little stake are passed over") {
    Schedule schedule(with_owner());
    schedule.set_validators(
        {validator(0, "a", 999.9), validator(1, "b", 1e6, false), validator(2, "c", 1000)});
    for (int i = 0; i < 10; ++i) CHECK(ask(schedule, kNow) == 2);
}

TEST_CASE("who may be asked has an address, and enough stake unless it is the owner") {
    const auto settings = with_owner();
    CHECK(miner::may_be_asked(validator(0, "a", 1000), settings));
    CHECK_FALSE(miner::may_be_asked(validator(0, "a", 999.9), settings));
    CHECK_FALSE(miner::may_be_asked(validator(0, "a", 1e6, false), settings));
    CHECK(miner::may_be_asked(validator(0, "owner", 0), settings));
    CHECK_FALSE(miner::may_be_asked(validator(0, "owner", 1e6, false), settings));
    CHECK_FALSE(miner::is_in_round(validator(0, "owner", 0), settings));
    CHECK(miner::is_in_round(validator(0, "owner", 1000), settings));
}

TEST_CASE("the owner has each fifth turn, whatever its stake") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a"), validator(1, "owner", 0)});
    for (int round = 0; round < 3; ++round) {
        for (int turn = 0; turn < 4; ++turn) CHECK(ask(schedule, kNow) == 0);
        CHECK(ask(schedule, kNow) == 1);
    }
}

TEST_CASE("no turn is lost to an owner who is absent or not serving") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a")});
    for (int i = 0; i < 20; ++i) CHECK(ask(schedule, kNow) == 0);
    schedule.set_validators({validator(0, "a"), validator(1, "owner", 1e6, false)});
    for (int i = 0; i < 20; ++i) CHECK(ask(schedule, kNow) == 0);
}

TEST_CASE("an owner who is free is asked when nobody else is") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a"), validator(1, "owner", 0)});
    schedule.reserve(listed(schedule, 0), kNow);
    CHECK(ask(schedule, kNow) == 1);
    schedule.reserve(listed(schedule, 1), kNow);
    schedule.reserve(listed(schedule, 0), kNow + 1s);
    CHECK(ask(schedule, kNow) == std::nullopt);
    CHECK(ask(schedule, kNow + 300s - 1ms) == std::nullopt);
    CHECK(ask(schedule, kNow + 300s) == 1);  // free at the moment itself
}

TEST_CASE("an owner who comes into the metagraph later has its turns") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a")});
    ask(schedule, kNow);
    schedule.set_validators({validator(0, "a"), validator(1, "owner", 0)});
    for (int turn = 0; turn < 4; ++turn) CHECK(ask(schedule, kNow) == 0);
    CHECK(ask(schedule, kNow) == 1);
    schedule.set_validators({validator(0, "a"), validator(1, "b", 0), validator(2, "owner", 0)});
    for (int turn = 0; turn < 4; ++turn) CHECK(ask(schedule, kNow) == 0);
    CHECK(ask(schedule, kNow) == 2);
}

TEST_CASE("a new metagraph keeps cool-downs, but not those of another hotkey") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a"), validator(1, "b"), validator(2, "c")});
    for (const int uid : {0, 1, 2}) schedule.reserve(listed(schedule, uid), kNow);
    schedule.set_validators({validator(0, "a"), validator(1, "newcomer")});
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == kNow + 300s);
    CHECK(schedule.cooldown_until(listed(schedule, 1)) == Time());
    CHECK(ask(schedule, kNow) == 1);
    schedule.set_validators({validator(0, "a"), validator(1, "newcomer"), validator(2, "c")});
    CHECK(schedule.cooldown_until(listed(schedule, 2)) == Time());
}

TEST_CASE("who could not be reached and has moved is asked at once, others that moved are not") {
    Schedule schedule(with_owner());
    const std::vector before{validator(0, "a"), validator(1, "b"), validator(2, "c")};
    schedule.set_validators(before);
    schedule.unreached(before[0], kNow);
    schedule.cool_down(listed(schedule, 1), kNow + 100s);
    schedule.unreached(before[2], kNow);
    schedule.reserve(listed(schedule, 2), kNow);  // for another reason since
    schedule.set_validators(before);
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == kNow + 300s);
    auto after = before;
    for (auto& validator : after) validator.peer.port = 9000;
    schedule.set_validators(after);
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == Time());
    CHECK(schedule.cooldown_until(listed(schedule, 1)) == kNow + 100s);
    CHECK(schedule.cooldown_until(listed(schedule, 2)) == kNow + 300s);
    CHECK(ask(schedule, kNow) == 0);

    // The metagraph said so while it was being asked at its old place.
    schedule.reserve(listed(schedule, 0), kNow);
    schedule.unreached(before[0], kNow);
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == Time());
    schedule.unreached(after[0], kNow);
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == kNow + 300s);
    schedule.unreached(validator(9, "gone"), kNow);
    CHECK(schedule.cooldown_until(listed(schedule, 9)) == Time());
}

TEST_CASE("as the reference, cool-downs stay with the uid and the owner is looked up once") {
    config::Schedule settings = with_owner();
    settings.reference = true;
    Schedule schedule(settings);
    schedule.set_validators({validator(0, "a"), validator(1, "owner")});
    schedule.reserve(listed(schedule, 0), kNow);
    schedule.set_validators(
        {validator(0, "newcomer"), validator(1, "b", 0), validator(2, "owner", 0)});
    CHECK(schedule.cooldown_until(listed(schedule, 0)) == kNow + 300s);
    for (int turn = 0; turn < 4; ++turn) CHECK(ask(schedule, kNow) == std::nullopt);
    CHECK(ask(schedule, kNow) == 1);
    CHECK(schedule.next_turn(kNow) == kNow + 10s);
}

TEST_CASE("with nobody to ask it says so") {
    Schedule schedule(with_owner());
    CHECK(ask(schedule, kNow) == std::nullopt);
    CHECK(schedule.next_turn(kNow) == std::nullopt);
    schedule.set_validators({validator(0, "a", 0)});
    CHECK(ask(schedule, kNow) == std::nullopt);
    CHECK(schedule.next_turn(kNow) == std::nullopt);
    schedule.reserve(listed(schedule, 99), kNow);
    CHECK(schedule.cooldown_until(listed(schedule, 99)) == Time());
}

TEST_CASE("cool-downs at the ends of time do no harm") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a")});
    schedule.cool_down(listed(schedule, 0), Time::max());
    CHECK(ask(schedule, kNow) == std::nullopt);
    CHECK(schedule.next_turn(kNow) == Time::max());
    schedule.cool_down(listed(schedule, 0), Time::min());
    CHECK(ask(schedule, kNow) == 0);
    CHECK(schedule.next_turn(kNow) == kNow);
}

TEST_CASE("as the reference, it waits for the second after a cool-down, never for less than that") {
    config::Schedule settings = with_owner();
    settings.reference = true;
    Schedule schedule(settings);
    schedule.set_validators({validator(0, "a")});
    schedule.cool_down(listed(schedule, 0), kNow + 2s + 500ms);
    CHECK(ask(schedule, kNow + 2s + 999ms) == std::nullopt);
    CHECK(ask(schedule, kNow + 3s) == 0);
}

TEST_CASE("a shorter metagraph does not leave the round outside it") {
    Schedule schedule(with_owner());
    schedule.set_validators({validator(0, "a"), validator(1, "b"), validator(2, "c")});
    for (const int uid : {0, 1}) {
        CHECK(ask(schedule, kNow) == uid);
        schedule.reserve(listed(schedule, uid), kNow);
    }
    CHECK(ask(schedule, kNow) == 2);
    schedule.set_validators({validator(4, "d")});
    CHECK(ask(schedule, kNow) == 4);
    schedule.set_validators({});
    CHECK(ask(schedule, kNow) == std::nullopt);
}

TEST_CASE("it says truly when it will next give somebody") {
    std::mt19937 random(7);
    const auto draw = [&](int below) { return int(random() % unsigned(below)); };
    for (int round = 0; round < 500; ++round) {
        Schedule schedule(with_owner());
        std::vector<Validator> validators;
        const int owner = draw(8);
        for (int uid = 0; uid < 1 + draw(6); ++uid) {
            validators.push_back(validator(uid,
                                           uid == owner ? "owner" : "hotkey " + std::to_string(uid),
                                           draw(2) * 5000.0, draw(3) > 0));
        }
        schedule.set_validators(validators);
        Time now = kNow;
        for (int step = 0; step < 40; ++step) {
            now += std::chrono::milliseconds(draw(3000));
            schedule.cool_down(listed(schedule, draw(6)),
                               now + std::chrono::milliseconds(draw(20'000) - 5000));
            const auto turn = schedule.next_turn(now);
            const auto chosen = schedule.next(now);
            CHECK(chosen.has_value() == (turn == now));
            if (turn && *turn > now) {
                Schedule later = schedule;
                CHECK_FALSE(later.next(*turn - 1ms).has_value());
                CHECK(later.next(*turn).has_value());
            }
            if (chosen) schedule.reserve(*chosen, now);
        }
    }
}
