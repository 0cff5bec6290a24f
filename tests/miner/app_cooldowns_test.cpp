// Cool-downs over restarts and with clocks that differ.
#include "tests/miner/app_stage.hpp"

#include <ctime>
#include <limits>

using namespace tests;

TEST_CASE("a cool-down outlasts the process that was told it") {
    Stage stage;
    stage.time_scale = 0.2;  // a minute
    stage.add_validator({image_task("a"), image_task("b")});
    const auto& validator = *stage.validators[0];
    stage.stop_once([&] { return !stage.turns.empty(); });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(validator.tally().accepted == 1);
    CHECK(validator.tally().pulls == 1);
    CHECK(stage.count_lines("cooling down") == 0);

    // Many a chance to ask.
    stage.stop_once([looks = 0]() mutable { return ++looks > 50; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(validator.tally().pulls == 1);
    CHECK(validator.tally().cooldown_violations == 0);
    CHECK(stage.count_lines("cooling down") == 1);
}

TEST_CASE("a cool-down that is over, or another's, holds nobody back") {
    Stage stage;
    stage.add_validator({image_task("a")});
    const auto ours = key_of(1).address(), theirs = stage.validators[0]->peer().hotkey;
    const std::int64_t now = std::time(nullptr);
    stage.told(ours, theirs, now - 1);
    stage.told(ours, key_of(99).address(), now + 3600);
    stage.told(key_of(2).address(), theirs, now + 3600);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.count_lines("cooling down") == 0);
}

TEST_CASE("a validator that said never is asked again after a day, restarts or not") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.told(key_of(1).address(), stage.validators[0]->peer().hotkey,
               std::numeric_limits<std::int64_t>::max());
    stage.stop_once([&] { return stage.count_lines("cooling down") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(std::any_of(stage.lines.begin(), stage.lines.end(), [](const auto& line) {
        return line.find("cooling down validators=1 longest_s=86400") != std::string::npos;
    }));
    CHECK(stage.validators[0]->tally().pulls == 0);
}

TEST_CASE("no validator is asked during its cool-down, however far apart the clocks are") {
    Stage stage;
    stage.clock_lead = GENERATE(-3s, 3s, -3600s);
    CAPTURE(stage.clock_lead.count());
    stage.time_scale = 0.005;
    stage.add_validator({image_task("a"), image_task("b")});
    CHECK(stage.run() == ExitCode::ok);
    const auto tally = stage.validators[0]->tally();
    CHECK(tally.cooldown_violations == 0);
    CHECK(tally.pulls == 2);
    CHECK(tally.accepted == 2);
    CHECK(stage.count_lines("pull failed") == 0);
    if (stage.clock_lead == -3600s) CHECK(stage.count_lines("clocks differ") == 1);
}

TEST_CASE("a clock that is corrected by an hour, either way, is noticed at once") {
    const auto lead = GENERATE(3600s, -3600s);
    Stage stage;
    stage.time_scale = 0.005;
    stage.our_lead_ms = std::chrono::milliseconds(lead).count();
    // Ahead, the second pull finds nobody; behind, the first is refused for what it signed.
    stage.add_validator({image_task("a"), image_task("b")},
                        lead > 0s ? std::vector{LocalValidator::Fault::refuse}
                                  : std::vector<LocalValidator::Fault>(),
                        3);
    const auto begun = std::chrono::steady_clock::now();
    stage.between_turns = [&, stopped = false]() mutable {
        if (stage.count_lines("pull failed") + stage.count_lines("submit failed") > 0)
            stage.our_lead_ms = 0;
        if (stopped || std::chrono::steady_clock::now() - begun < 300s) return;
        stopped = true;  // rather than wait for an hour
        ::kill(::getpid(), SIGTERM);
    };
    CHECK(stage.run() == ExitCode::ok);
    const auto tally = stage.validators[0]->tally();
    CHECK(tally.accepted == 2);
    CHECK(tally.cooldown_violations == 0);
    if (lead < 0s) CHECK(stage.said(" s ahead of ours)"));
}
