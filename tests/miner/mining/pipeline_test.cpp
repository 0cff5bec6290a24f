#include "tests/miner/mining/pipeline_bench.hpp"

#include "miner/mining/cooldowns.hpp"
#include "storage/report.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <thread>

using namespace std::chrono_literals;
using namespace tests;
using End = miner::Turn::End;
using Bench = tests::PipelineBench;

namespace {

constexpr std::int64_t kHour_ms = 3'600'000;

// The validator's cool-down after a result was taken, or judged to be worth nothing.
constexpr std::int64_t kPlain = kTheirNow + 270, kPenalty = kTheirNow + 870;

storage::Counts counts(Bench& bench) { return storage::statistics(bench.database(), {})->all; }

}  // namespace

TEST_CASE("a task is pulled, made, submitted and answered, and its validator left alone") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {says(feedback("0.83", kPlain))};
    const auto turn = bench.turn();
    CHECK(turn.end == End::answered);
    CHECK(turn.outcome == storage::Outcome::passed);
    CHECK(turn.score == 0.83);
    CHECK(turn.gaussians == 3200);
    CHECK(bench.rest() == 270s);
    CHECK(bench.word("SELECT state FROM tasks") == "answered");
    CHECK(bench.word("SELECT status FROM submissions") == "answered");
    CHECK(counts(bench).accepted == 1);
    REQUIRE(bench.told.size() == 1);
    CHECK(bench.told[0].row == bench.staged.at(0).row);
}

TEST_CASE("a cool-down is counted by the validator's clock, however wrong ours is") {
    const auto ours_ms = GENERATE(3'000, -2'000, kHour_ms, -kHour_ms, 24 * kHour_ms);
    CAPTURE(ours_ms);
    Bench bench;
    bench.unix_ms += ours_ms;
    SECTION("that a pull tells") {
        bench.validator.pulls = {says(cooling_down(kTheirNow + 200, 1))};
        CHECK(bench.turn().end == End::no_task);
        CHECK(bench.rest() == 200s);
        CHECK(bench.said("cool-down violated"));
        CHECK(bench.said("violations=1"));
    }
    SECTION("that an answer tells") {
        bench.validator.pulls = {says(picture_task("a"))};
        bench.validator.submits = {says(feedback("0.83", kPlain))};
        CHECK(bench.turn().end == End::answered);
        CHECK(bench.rest() == 270s);
    }
    CHECK(bench.said("clocks differ") == (std::abs(ours_ms) > 3'000));
}

TEST_CASE("our clock jumping between two turns changes nothing about what is left to wait") {
    Bench bench;
    bench.validator.pulls = {says(cooling_down(kTheirNow + 200))};
    bench.unix_ms += kHour_ms;
    bench.turn();
    bench.unix_ms -= kHour_ms;
    bench.boot_ms += 150'000;
    CHECK(bench.rest() == 50s);
    CHECK_FALSE(bench.identities[0].schedule.next(bench.now()));
    bench.boot_ms += 50'000;
    CHECK(bench.identities[0].schedule.next(bench.now()));

    // Our own delay after a failure, too.
    bench.unix_ms += kHour_ms;
    CHECK(bench.turn().end == End::unreached);
    bench.unix_ms -= kHour_ms;
    CHECK(bench.rest() == bench.settings.schedule.failure_delay);
}

TEST_CASE("when the machine has slept, whoever is free then is asked within schedule.idle") {
    Bench bench;
    bench.settings.schedule.idle = 1ms;
    bench.identities.pop_back();
    bench.validator.pulls = {says(cooling_down(kTheirNow + 200)),
                             says(cooling_down(kTheirNow + 400, 0))};
    int looks = 0;
    bench.work(1ms, [&] {
        ++looks;
        // So often it looked, and asked nobody a second time.
        if (looks == 20) CHECK(bench.validator.pulled() == 1);
        if (looks == 20) bench.boot_ms += 200'000;
        return bench.validator.pulled() == 2 || looks == 10'000;
    });
    CHECK(bench.validator.pulled() == 2);
}

TEST_CASE("a validator that tells no time is asked no sooner than schedule.idle") {
    Bench bench;
    bench.unix_ms += 3'000;
    bench.validator.pulls = {
        says(cooling_down(kTheirNow + 200), 0), says(cooling_down(kTheirNow + 2), 0),
        says(cooling_down(kTheirNow + 2, 1), 0), says(cooling_down(kTheirNow + 2, 1), 0)};
    bench.turn();
    CHECK(bench.rest() == 197s);
    bench.turn();  // over, by our clock
    CHECK(bench.rest() == bench.settings.schedule.idle);
    CHECK_FALSE(bench.said("cool-down violated"));
    // But it was not: our reckoning cannot be right.
    bench.turn();
    CHECK(bench.rest() == bench.settings.schedule.failure_delay);
    CHECK(bench.said("cool-down violated"));
    bench.turn();  // and does not grow any more
    CHECK(bench.rest() == bench.settings.schedule.idle);
}

TEST_CASE(
    "whatever a validator without a task says, it is left alone for a while, and not for ever") {
    const auto [until, rest] = GENERATE(table<std::int64_t, std::chrono::milliseconds>(
        {{0, 300s},
         {-5, 300s},
         {kTheirNow, 10s},
         {1, 10s},
         {kTheirNow + 11, 11s},
         {std::numeric_limits<std::int64_t>::min(), 300s},
         {std::numeric_limits<std::int64_t>::max(), std::chrono::hours(24)}}));
    CAPTURE(until);
    Bench bench;
    bench.validator.pulls = {says(cooling_down(until))};
    CHECK(bench.turn().end == End::no_task);
    CHECK(bench.rest() == rest);
}

TEST_CASE(
    "a validator that tells no cool-down with its answer is asked no sooner than schedule.idle") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {says(feedback("0.83", 0))};
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.rest() == bench.settings.schedule.idle);
}

TEST_CASE("a pull that fails is told, recorded, and costs the delay after failures") {
    Bench bench;
    bench.validator.pulls = {""};
    CHECK(bench.turn().end == End::unreached);
    CHECK(bench.rest() == bench.settings.schedule.failure_delay);
    CHECK(bench.unreached.size() == 1);
    CHECK(bench.said("pull failed"));
    CHECK(bench.number("SELECT failures FROM validators") == 1);
}

TEST_CASE("a refusal of what was signed says how far apart the clocks are") {
    Bench bench;
    bench.unix_ms -= kHour_ms;
    const std::string body = R"({"message":"Not Verified with error: Nonce is too old"})";
    bench.validator.pulls = {
        "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ndate: " +
        network::http_date(kTheirNow) + "\r\ncontent-length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body};
    CHECK(bench.turn().end == End::unreached);
    CHECK(bench.unreached.at(0).ends_with("(its clock is 3600 s ahead of ours)"));
}

TEST_CASE("after a lost answer the lock is waited out; a task that comes again is sent, not made") {
    Bench bench;
    bench.settings.schedule.failure_delay = 5s;
    bench.validator.pulls = {says(picture_task("a")), says(picture_task("a"))};
    bench.validator.submits = {"", says(feedback("0.83", kPlain))};
    CHECK(bench.turn().end == End::unanswered);
    CHECK(bench.rest() == bench.settings.schedule.validation_lock);
    CHECK(bench.word("SELECT status FROM submissions") == "lost");
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.script->stage1_runs == 1);
    CHECK(bench.number("SELECT count(*) FROM submissions") == 2);
    CHECK(counts(bench).accepted == 1);
    CHECK(counts(bench).submissions == 1);
}

TEST_CASE(
    "a submission that cannot have arrived needs no lock to be waited out, but schedule.idle") {
    Bench bench;
    const auto delay = GENERATE(0s, 5s);
    bench.settings.schedule.failure_delay = delay;
    bench.settings.schedule.idle = 1s;
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n"};
    CHECK(bench.turn().end == End::unanswered);
    CHECK(bench.rest() == std::max(delay, 1s));
    CHECK(bench.word("SELECT status FROM submissions") == "failed");
}

TEST_CASE("an answer without effect is no score, and the next pull tells what became of it") {
    const bool taken = GENERATE(false, true);
    Bench bench;
    bench.validator.pulls = {says(picture_task("a")),
                             says(taken ? cooling_down(kPlain) : picture_task("a"))};
    bench.validator.submits = {says(feedback("0.0", 0)), says(feedback("0.83", kPlain))};
    const auto turn = bench.turn();
    CHECK(turn.end == End::unanswered);
    CHECK(turn.score < 0);
    CHECK(bench.rest() == bench.settings.schedule.validation_lock);
    CHECK(bench.said("no effect"));
    CHECK_FALSE(bench.said(" feedback "));
    CHECK(bench.number("SELECT count(*) FROM feedback") == 0);
    CHECK(bench.word("SELECT status FROM submissions") == "lost");
    CHECK(counts(bench).zero_scores == 0);

    CHECK(bench.turn().end == (taken ? End::no_task : End::answered));
    CHECK(bench.script->stage1_runs == 1);
    CHECK(bench.word("SELECT status FROM submissions ORDER BY number LIMIT 1") ==
          (taken ? "taken" : "returned"));
    CHECK(counts(bench).accepted == (taken ? 0 : 1));
    CHECK(counts(bench).zero_scores == 0);
    CHECK(counts(bench).submissions == 1);
    CHECK(bench.word("SELECT state FROM tasks") == "answered");
}

TEST_CASE("a zero that was judged has a cool-down, and a long one when something was sent before") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a")), says(picture_task("a")),
                             says(picture_task("b"))};
    // The second is answered after the first was accepted, the third is worth nothing.
    bench.validator.submits = {"", says(feedback("0.0", kPlain)), says(feedback("0.0", kPenalty))};
    bench.turn();
    CHECK(bench.turn().end == End::unanswered);
    CHECK(bench.rest() == 270s);
    CHECK(counts(bench).zero_scores == 0);
    const auto turn = bench.turn();
    CHECK(turn.end == End::answered);
    CHECK(turn.score == 0);
    CHECK(bench.rest() == 870s);
    CHECK(counts(bench).zero_scores == 1);
    CHECK(counts(bench).submissions == 2);
    CHECK(bench.word("SELECT status FROM submissions WHERE number = 2") == "taken");
}

TEST_CASE("a validator that hands out the same task ever again is asked less and less often") {
    Bench bench;
    const auto& schedule = bench.settings.schedule;
    for (int i = 0; i < 5; ++i) {
        bench.validator.pulls.push_back(says(picture_task("a")));
        bench.validator.submits.push_back(says(feedback("0.83", 0)));
    }
    for (const auto wait : {std::chrono::milliseconds(schedule.idle), schedule.idle,
                            std::chrono::milliseconds(schedule.failure_delay),
                            std::chrono::milliseconds(schedule.failure_delay) * 2,
                            std::chrono::milliseconds(schedule.failure_delay) * 4}) {
        bench.turn();
        CHECK(bench.rest() == wait);
    }
    CHECK(bench.script->stage1_runs == 1);
}

TEST_CASE("when the validator's scoring failed, that is an answer and no score") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {says(feedback("0.0", kPlain, true))};
    const auto turn = bench.turn();
    CHECK(turn.end == End::answered);
    CHECK(turn.score < 0);
    CHECK(counts(bench).not_scored == 1);
    CHECK(counts(bench).zero_scores == 0);
}

TEST_CASE("an answer without feedback is one from somebody who does not know us") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {says(R"({"feedback":null,"cooldown_until":0})")};
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.said("no feedback"));
    CHECK(bench.rest() == bench.settings.schedule.failure_delay);
}

TEST_CASE("a result whose asset is gone is made anew") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a")), says(picture_task("a"))};
    bench.validator.submits = {"", says(feedback("0.83", kPlain))};
    bench.turn();
    const auto asset = bench.word("SELECT asset FROM tasks");
    REQUIRE(std::filesystem::remove(bench.assets() / asset.substr(0, 2) / asset));
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.said("asset lost"));
    CHECK(bench.script->stage1_runs == 2);
    CHECK(bench.number("SELECT count(*) FROM attempts WHERE NOT superseded") == 1);
}

TEST_CASE("a result that the disk did not take is made anew, not answered with the empty one") {
    Bench bench;
    bench.open();
    std::filesystem::remove_all(bench.assets());
    std::ofstream(bench.assets()) << "no folder";
    bench.validator.pulls = {says(picture_task("a")), says(picture_task("a"))};
    bench.validator.submits = {"", says(feedback("0.83", kPlain))};
    CHECK(bench.turn().end == End::unanswered);
    CHECK(bench.said("step=asset"));
    const auto turn = bench.turn();
    CHECK(turn.end == End::answered);
    CHECK(turn.attempts == 1);
    CHECK(bench.script->stage1_runs == 2);
    CHECK(bench.number("SELECT min(bytes) FROM submissions") > 0);
}

TEST_CASE("what the database does not take for a while is recorded once it does") {
    Bench bench;
    bench.busy_wait = 10ms;
    bench.open();
    std::optional<tests::Outsider::Hold> held;
    bench.validator.pulls = {says(picture_task("a")), says(cooling_down(kPlain))};
    bench.validator.submits = {says(feedback("0.83", kPlain))};
    bench.validator.submitting = [&] { held.emplace(bench.outsider().hold()); };
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.said("step=answered"));
    held.reset();
    CHECK(bench.word("SELECT state FROM tasks") == "submitting");
    bench.turn();
    CHECK(bench.word("SELECT state FROM tasks") == "answered");
    CHECK(bench.word("SELECT score FROM feedback") == "0.83");
    CHECK(counts(bench).accepted == 1);
}

TEST_CASE("what the database does not take to the end is said to be lost") {
    Bench bench;
    bench.busy_wait = 10ms;
    bench.open();
    std::optional<tests::Outsider::Hold> held;
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {says(feedback("0.83", kPlain))};
    bench.validator.submitting = [&] { held.emplace(bench.outsider().hold()); };
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.said("it is once the database can be written"));
    const bool freed = GENERATE(false, true);
    CAPTURE(freed);
    if (freed) held.reset();
    bench.finish();
    CHECK(bench.said("records lost") == !freed);
    held.reset();
    CHECK(bench.word("SELECT state FROM tasks") == (freed ? "answered" : "submitting"));
}

TEST_CASE("without a record of the pull nothing is made, and the validator keeps the task") {
    Bench bench;
    bench.open();
    bench.outsider().change("ALTER TABLE tasks RENAME TO elsewhere");
    bench.validator.pulls = {says(picture_task("a"))};
    CHECK(bench.turn().end == End::failed);
    CHECK(bench.script->stage1_runs == 0);
    CHECK(bench.validator.submitted() == 0);
    CHECK(bench.rest() == bench.settings.schedule.failure_delay);
    CHECK(bench.said("not recorded"));
    CHECK(bench.said("step=pulled"));
}

TEST_CASE("a result in hand goes out though it can no longer be recorded") {
    Bench bench;
    bench.open();
    bench.outsider().change(
        "CREATE TRIGGER full BEFORE INSERT ON submissions BEGIN SELECT RAISE(FAIL, 'full'); END");
    bench.validator.pulls = {says(picture_task("a"))};
    bench.validator.submits = {says(feedback("0.83", kPlain))};
    CHECK(bench.turn().end == End::answered);
    CHECK(bench.validator.submitted() == 1);
    CHECK(bench.said("step=submitting"));
}

TEST_CASE("stopped while its result is judged, it knows at the next start whom to leave alone") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a")), says(cooling_down(kPlain))};
    bench.validator.silent = true;
    bench.validator.submitting = [&] { asio::post(bench.io(), [&] { bench.stop().now(); }); };
    CHECK(bench.turn().end == End::stopped);
    CHECK(bench.word("SELECT state FROM tasks") == "submitting");

    bench.restart();
    bench.open();
    const auto contacts = miner::contacts_of(bench.database(), miner::hotkeys_of(bench.identities));
    config::Logger log(config::Level::error, false, [](std::string_view) {});
    miner::resume_cooldowns(contacts.value(), bench.identities, bench.clocks(), 30s, log);
    CHECK(bench.rest(0) == 30s);
    CHECK(bench.rest(1) < 0s);  // the other hotkey has submitted nothing
    // It was taken, says the next pull.
    CHECK(bench.turn().end == End::no_task);
    CHECK(bench.validator.submitted() == 1);
    CHECK(bench.word("SELECT status FROM submissions") == "taken");
    CHECK(counts(bench).zero_scores == 0);
}

TEST_CASE("asked to stop, it waits for no validator's task") {
    Bench bench;
    bench.open();
    bench.stop().ask();
    CHECK(bench.turn().end == End::stopped);
    CHECK(bench.validator.pulled() == 0);
}

TEST_CASE("a task that comes twice at once is made once") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a")), says(picture_task("a"))};
    bench.validator.submits = {says(feedback("0.83", kPlain))};
    bench.script->held = true;
    std::thread release([&] {
        eventually([&] { return bench.validator.pulled() == 2; });
        bench.script->held = false;
    });
    const auto turns = bench.two_turns();
    release.join();
    REQUIRE(turns.size() == 2);
    CHECK(turns[0].end == End::no_task);
    CHECK(turns[1].end == End::answered);
    CHECK(bench.script->stage1_runs == 1);
    CHECK(bench.validator.submitted() == 1);
    CHECK(bench.rest() == 270s);
}

TEST_CASE("one task id given to two hotkeys is two tasks") {
    Bench bench;
    bench.validator.pulls = {says(picture_task("a")), says(picture_task("a"))};
    bench.validator.submits = {says(feedback("0.83", kPlain)), says(feedback("0.83", kPlain))};
    CHECK(bench.turn(0).end == End::answered);
    CHECK(bench.turn(1).end == End::answered);
    REQUIRE(bench.told.size() == 2);
    CHECK(bench.told[0].row != bench.told[1].row);
    CHECK(bench.number("SELECT count(*) FROM tasks") == 2);
    CHECK(bench.script->stage1_runs == 2);
    CHECK(counts(bench).accepted == 2);
    CHECK(bench.staged.front().row == bench.told[0].row);
    CHECK(bench.staged.back().row == bench.told[1].row);
}

TEST_CASE("a picture that is none and a prompt that the model does not take are skipped") {
    Bench bench;
    bench.script->takes_prompts = false;
    bench.validator.pulls = {says(R"({"task":{"type":"image","id":"a","prompt":"!"}})"),
                             says(R"({"task":{"id":"b","prompt":"a red chair"}})")};
    bench.validator.submits = {says(feedback("0.0", kPlain)), says(feedback("0.0", kPlain))};
    CHECK(bench.turn().outcome == storage::Outcome::error);
    const auto skipped = bench.turn();
    CHECK(skipped.outcome == storage::Outcome::skipped);
    CHECK(skipped.end == End::answered);
    CHECK(bench.script->stage1_runs == 0);
    CHECK(counts(bench).zero_scores == 0);
}
