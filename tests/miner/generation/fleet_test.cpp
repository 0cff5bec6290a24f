// What is learnt of the miners behind one address, with a clock that a test turns.
#include "miner/generation/fleet.hpp"

#include "tests/support/catch.hpp"

#include <string>
#include <vector>

using miner::BackendReport;
using miner::Fleet;
using namespace std::chrono_literals;

namespace {

const Fleet::Time kStart{std::chrono::hours(1)};

BackendReport idle(const std::string& name, std::size_t places = 1) {
    return {name, places, places};
}
BackendReport busy(const std::string& name, std::size_t places = 1) { return {name, places, 0}; }

// Those of the names, heard of at the start.
Fleet fleet_of(std::initializer_list<const char*> names) {
    Fleet fleet;
    for (const auto* name : names) fleet.heard(idle(name), kStart);
    return fleet;
}

}  // namespace

TEST_CASE("what a miner says of itself comes over the wire as it was said") {
    network::HttpHeaders headers;
    miner::add_report(headers, {"0f-A", 3, 2});
    const auto report = miner::read_report(headers);
    REQUIRE(report);
    CHECK(report->instance == "0f-A");
    CHECK(report->places == 3);
    CHECK(report->free == 2);
}

TEST_CASE("reports that cannot be are none, and numbers beyond the bounds are those") {
    const auto read = [](const std::string& name, const std::string& places,
                         const std::string& free) {
        return miner::read_report(
            {{"X-Miner-Instance", name}, {"X-Miner-Places", places}, {"X-Miner-Free", free}});
    };
    CHECK_FALSE(miner::read_report({}));
    CHECK_FALSE(miner::read_report({{"x-miner-instance", "a"}, {"x-miner-places", "1"}}));
    for (const auto& name : {std::string(), std::string("a b"), std::string("a\x1b[31m"),
                             std::string("\xc3\xa4"), std::string(65, 'a')})
        CHECK_FALSE(read(name, "1", "1"));
    CHECK(read(std::string(64, 'a'), "1", "1"));
    for (const auto* count : {"", "-1", "1.5", "x", "1x", " 1", "99999999999999999999999"}) {
        CHECK_FALSE(read("a", count, "0"));
        CHECK_FALSE(read("a", "1", count));
    }
    CHECK(read("a", "1000000", "1000000")->places == Fleet::kMostPlaces);
    CHECK(read("a", "2", "1000000")->free == 2);
}

TEST_CASE("as many requests as there are places may be there at once") {
    Fleet fleet;
    CHECK_FALSE(fleet.known());
    CHECK(fleet.places() == 0);
    fleet.heard(idle("a"), kStart);
    fleet.heard(idle("b", 2), kStart);
    fleet.heard(idle("a"), kStart);  // once more
    CHECK(fleet.known());
    CHECK(fleet.instances() == 2);
    CHECK(fleet.places() == 3);
    // Those at work are ours: their places are.
    fleet.heard(busy("a"), kStart + 1s);
    fleet.heard(busy("b", 2), kStart + 1s);
    fleet.looked(kStart + 1s, {3, 3});
    CHECK(fleet.places() == 3);
}

TEST_CASE("one that stands down counts no more, and one that comes back does") {
    auto fleet = fleet_of({"a", "b"});
    fleet.heard({"a", 0, 0}, kStart + 1s);
    CHECK(fleet.places() == 1);
    fleet.looked(kStart, {2, 2});  // and it has one of ours still
    CHECK(fleet.places() == 1);
    fleet.heard({"b", 0, 0}, kStart + 1s);
    CHECK(fleet.places() == 0);
    CHECK(fleet.known());
    fleet.heard(idle("a"), kStart + 2s);
    CHECK(fleet.places() == 1);
}

TEST_CASE("one that no look meets for a while counts no more, and never as gone before that") {
    auto fleet = fleet_of({"a", "b"});
    for (const auto now : {10s, 20s, 30s}) {
        fleet.heard(idle("a"), kStart + now);
        fleet.looked(kStart + now, {});
        CHECK(fleet.places() == 2);
    }
    fleet.heard(idle("a"), kStart + 40s);
    fleet.looked(kStart + 40s, {});
    CHECK(fleet.places() == 1);
    CHECK(fleet.instances() == 1);
}

TEST_CASE("unheard ones are taken for at work as far as work is with no other") {
    // A balancer that sends to the idle one shows but that.
    const auto look = [](std::size_t at_work, BackendReport met) {
        auto fleet = fleet_of({"a", "b", "c"});
        fleet.heard(met, kStart + 60s);
        fleet.looked(kStart + 60s, {at_work, at_work});
        return fleet;
    };
    CHECK(look(0, idle("c")).places() == 1);
    CHECK(look(1, idle("c")).places() == 2);
    CHECK(look(2, idle("c")).places() == 3);
    CHECK(look(3, idle("c")).places() == 3);
    CHECK(look(1, busy("c")).places() == 1);
    CHECK(look(3, busy("c")).places() == 3);
    // One that has just been given to somebody says nothing of whom.
    auto fleet = fleet_of({"a", "b"});
    fleet.heard(busy("b"), kStart + 60s);
    fleet.looked(kStart + 60s, {.all = 2, .since_before = 1});
    CHECK(fleet.places() == 1);
    // It was a that had it: now that it is met it is not another besides.
    auto met = look(2, idle("c"));
    met.heard(idle("a"), kStart + 61s);
    CHECK(met.places() == 3);
    met.heard({"b", 0, 0}, kStart + 61s);
    CHECK(met.places() == 2);
    // Nothing takes that long.
    auto gone = look(3, busy("c"));
    gone.heard(busy("c"), kStart + 16min);
    gone.looked(kStart + 16min, {3, 3});
    CHECK(gone.places() == 1);
}

TEST_CASE("once somebody was lost only those count that are met, or have work of ours") {
    auto fleet = fleet_of({"a", "b", "c"});
    fleet.doubt(kStart + 1s);
    fleet.heard(idle("b"), kStart + 2s);
    fleet.looked(kStart + 1s, {});
    CHECK(fleet.places() == 1);
    CHECK(fleet.instances() == 1);
    fleet = fleet_of({"a", "b", "c"});
    fleet.doubt(kStart + 1s);
    fleet.heard(idle("b"), kStart + 2s);
    fleet.looked(kStart + 1s, {1, 1});
    CHECK(fleet.places() == 2);
    // A task that is tried here and there meanwhile makes no more of them.
    fleet.heard(busy("b"), kStart + 11s);
    fleet.looked(kStart + 11s, {.all = 2, .since_before = 1});
    CHECK(fleet.places() == 1);
}

TEST_CASE("places that others have are theirs, but for one, for which we wait our turn") {
    auto fleet = fleet_of({"a"});
    fleet.heard(busy("b", 2), kStart);
    fleet.heard(busy("c"), kStart);
    fleet.looked(kStart, {1, 1});  // one of three is ours
    CHECK(fleet.places() == 2);
    fleet.looked(kStart, {3, 3});
    CHECK(fleet.places() == 4);
    fleet.heard(busy("a"), kStart + 1s);
    fleet.heard(busy("b", 2), kStart + 1s);
    fleet.looked(kStart + 1s, {});
    CHECK(fleet.places() == 1);
}

TEST_CASE("all are full as long as each is, and none that said that it has room") {
    auto fleet = fleet_of({"a", "b"});
    CHECK_FALSE(fleet.full_until(kStart));
    fleet.full(busy("a"), kStart + 5s);
    CHECK_FALSE(fleet.full_until(kStart));
    fleet.full(busy("b"), kStart + 3s);
    fleet.full(busy("unknown"), kStart + 1s);
    CHECK(fleet.full_until(kStart) == kStart + 3s);
    CHECK_FALSE(fleet.full_until(kStart + 3s));
    fleet.full(busy("b"), kStart + 9s);
    CHECK(fleet.full_until(kStart + 3s) == kStart + 5s);
    fleet.heard(busy("a"), kStart + 4s);
    CHECK(fleet.full_until(kStart + 4s) == kStart + 5s);
    fleet.heard(idle("a"), kStart + 4s);
    CHECK_FALSE(fleet.full_until(kStart + 4s));
}

TEST_CASE("those whose results are on their way leave their places to others") {
    auto fleet = fleet_of({"a"});
    fleet.heard(idle("a"), kStart + 1s);
    // Two are being sent by the one that is there, while a third asks for its place.
    fleet.looked(kStart + 1s, {.all = 3, .since_before = 2});
    CHECK(fleet.places() == 1);
    CHECK_FALSE(fleet.several());  // there is nobody else to have them
    CHECK_FALSE(fleet.full_until(kStart + 1s));
    fleet.heard(busy("a"), kStart + 11s);  // it has it
    fleet.looked(kStart + 11s, {3, 3});
    CHECK(fleet.places() == 1);
    fleet.heard(idle("a"), kStart + 21s);
    fleet.looked(kStart + 21s, {});
    CHECK(fleet.places() == 1);
}

TEST_CASE("what was known is forgotten once those who are well send no report, and not before") {
    auto fleet = fleet_of({"a", "b"});
    fleet.full(busy("a"), kStart + 900s);
    fleet.heard(idle("b"), kStart + 1s);
    fleet.well(kStart + 1s);
    CHECK(fleet.instances() == 2);
    fleet.heard({"b", 0, 0}, kStart + 11s);  // a report, too, though of one that takes nothing
    fleet.well(kStart + 11s);
    CHECK(fleet.known());
    CHECK(fleet.places() == 1);
    fleet.doubt(kStart + 20s);
    fleet.well(kStart + 21s);
    CHECK_FALSE(fleet.known());
    CHECK_FALSE(fleet.several());
    CHECK(fleet.places() == 0);
    CHECK(fleet.questions() == Fleet().questions());
    // Those who come later are met as if nobody had been there.
    fleet.heard(idle("a"), kStart + 31s);
    fleet.looked(kStart + 31s, {});
    CHECK(fleet.known());
    CHECK(fleet.places() == 1);
    CHECK_FALSE(fleet.full_until(kStart + 31s));
}

TEST_CASE("another than the one that lost a call is told by what was heard since") {
    auto fleet = fleet_of({"a", "b"});
    CHECK_FALSE(fleet.met_other("", kStart + 1s));
    fleet.heard(idle("a"), kStart + 1s);
    CHECK(fleet.met_other("", kStart + 1s));
    CHECK_FALSE(fleet.met_other("a", kStart + 1s));
    fleet.heard({"b", 0, 0}, kStart + 2s);  // stands down
    CHECK_FALSE(fleet.met_other("a", kStart + 1s));
    fleet.heard(busy("b"), kStart + 3s);
    CHECK(fleet.met_other("a", kStart + 1s));
}

TEST_CASE("a peer that has a new name for each answer is bounded") {
    Fleet fleet;
    for (int i = 0; i < 1000; ++i)
        fleet.heard(idle("name-" + std::to_string(i), 200), kStart + std::chrono::milliseconds(i));
    CHECK(fleet.instances() == Fleet::kMostInstances);
    CHECK(fleet.places() == Fleet::kMostPlaces);
    CHECK(fleet.questions() == 64);
    CHECK(fleet.heard_since(kStart + 999ms) == 1);  // the newest are kept
}

TEST_CASE("a look asks more often than there are miners, and tells whom it met") {
    CHECK(Fleet().questions() == 4);
    auto fleet = fleet_of({"a", "b", "c"});
    CHECK(fleet.questions() == 8);
    CHECK(fleet.heard_since(kStart) == 3);
    fleet.heard(idle("b"), kStart + 1s);
    CHECK(fleet.heard_since(kStart + 1s) == 1);
}
