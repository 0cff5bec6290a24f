// The application stopped, killed, started again and started twice.
#include "tests/miner/app_stage.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/forked.hpp"

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

using namespace tests;

TEST_CASE("a signal lets the task at hand finish within the grace period") {
    Stage stage;
    stage.add_validator({image_task("a"), image_task("b")});
    stage.script->held = true;
    std::thread killer([&] {
        tests::eventually([&] { return stage.script->stage1_runs > 0; });
        ::kill(::getpid(), SIGTERM);
        tests::eventually([&] {
            const std::lock_guard lock(stage.mutex);
            return stage.count_lines("stopping") == 1;
        });
        stage.script->held = false;
    });
    CHECK(stage.run() == ExitCode::ok);
    killer.join();
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.script->stage1_runs == 1);
    CHECK(stage.counts().passed_at_once == 1);
    CHECK(stage.count_lines("stopping") == 1);
}

TEST_CASE("a signal while the model loads ends the miner in order, before any task") {
    const int number = GENERATE(SIGTERM, SIGINT);
    Stage stage;
    stage.add_validator({image_task("a")});
    std::atomic<bool> loading = false, stopping = false;
    stage.making = [&] {
        loading = true;
        CHECK(tests::eventually([&] { return stopping.load(); }));
    };
    std::thread killer([&] {
        tests::eventually([&] { return loading.load(); });
        ::kill(::getpid(), number);
        tests::eventually([&] {
            const std::lock_guard lock(stage.mutex);
            return stage.count_lines("stopping") == 1;
        });
        stopping = true;
    });
    CHECK(stage.run() == ExitCode::ok);
    killer.join();
    CHECK(stage.count_lines("stopping") == 1);
    CHECK(stage.validators[0]->tally().handed_out == 0);
    const tests::Outsider database(stage.folder.path() / "miner.db");
    CHECK(database.number("SELECT ended_at IS NOT NULL FROM runs") == 1);
}

TEST_CASE("when the grace is over the task is handed back, and the next run does it") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.script->delay = 60s;
    stage.settings.run.grace = 0s;
    std::thread killer([&] {
        tests::eventually([&] { return stage.script->stage1_runs > 0; });
        ::kill(::getpid(), SIGINT);
    });
    CHECK(stage.run() == ExitCode::ok);
    killer.join();
    CHECK(stage.counts().generations == 0);
    CHECK(stage.count_lines("handed back") == 1);
    stage.script->delay = 0ms;
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().generations == 1);
    CHECK(stage.validators[0]->tally().accepted == 1);
}

TEST_CASE("a lost GPU ends the process with its own code, and nothing is submitted for the task") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.script->voxels = {-1};
    stage.script->failure = generator::Errc::device_lost;
    CHECK(stage.run() == ExitCode::device_lost);
    CHECK(stage.validators[0]->tally().submissions == 0);
}

TEST_CASE("a device that does not come back ends the process with the code of a lost one") {
    const bool in_stage2 = GENERATE(false, true);
    CAPTURE(in_stage2);
    const auto child = tests::run_forked([&] {
        Stage stage;
        std::fputs(stage.folder.path().c_str(), stdout);
        std::fflush(stdout);  // it ends on the spot
        stage.device_patience = 10ms;
        stage.settings.run.grace = 0s;
        stage.add_validator({image_task("a")});
        std::atomic<bool> hangs = false;
        auto& stage_of_it = in_stage2 ? stage.script->at_stage2 : stage.script->at_stage1;
        stage_of_it = [&](int) {
            hangs = true;
            std::this_thread::sleep_for(1h);
        };
        stage.stop_once([&] { return hangs.load(); });
        return int(stage.run());
    });
    CHECK(child.exit_status == tests::ProcessExit{.code = int(ExitCode::device_lost)});
    CHECK(child.out.find("miner-test-") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(child.out));
}

TEST_CASE("a second miner on the same folder is refused") {
    Stage first;
    first.add_validator({image_task("a")});
    ExitCode second_code = ExitCode::ok;
    std::string said;
    first.between_turns = [&, asked = false]() mutable {
        if (std::exchange(asked, true)) return;
        Stage second;
        second.add_validator({image_task("b")});
        config::Logger log(config::Level::error, false,
                           [&](std::string_view line) { said += line; });
        second_code = miner::run_app({.settings = second.settings,
                                      .folder = first.folder.path(),
                                      .identities = {},
                                      .make_generator = tests::make_fake(second.script),
                                      .log = log});
    };
    CHECK(first.run() == ExitCode::ok);
    CHECK(second_code == ExitCode::another_instance);
    CHECK(said.find("stop the other miner") != said.npos);
}

TEST_CASE("a folder that cannot be locked is not taken for another miner's") {
    Stage stage;
    // Not to be opened as a file, by root neither.
    std::filesystem::create_directory(stage.folder.path() / "miner.lock");
    CHECK(stage.run() == ExitCode::storage);
    CHECK(stage.count_lines("cannot start") == 1);
    CHECK(stage.said("miner.lock"));
    CHECK(stage.said("can write there"));
    CHECK_FALSE(stage.said("other miner"));
}

TEST_CASE("a damaged database stops the start with a clear message") {
    Stage stage;
    stage.add_validator({image_task("a")});
    std::ofstream(stage.folder.path() / "miner.db") << std::string(8192, 'x');
    CHECK(stage.run() == ExitCode::storage);
    CHECK(stage.count_lines("cannot start") == 1);
    CHECK(stage.validators[0]->tally().pulls == 0);
}

TEST_CASE("a finished result waits on the disk; when it is gone it is made anew") {
    const bool gone = GENERATE(false, true);
    Stage stage;
    stage.add_validator({image_task("a")}, {LocalValidator::Fault::refuse}, 2);
    stage.stop_once([&] { return stage.count_lines("submit failed") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.script->stage1_runs == 1);
    CHECK(stage.validators[0]->tally().accepted == 0);

    // The same validator, without the fault, hands the task out again.
    stage.between_turns = {};
    stage.validators.clear();
    stage.add_validator({image_task("a")});
    if (gone) std::filesystem::remove_all(stage.folder.path() / "assets");
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.script->stage1_runs == (gone ? 2 : 1));
    CHECK(stage.counts().generations == 1);
}

TEST_CASE("stopped while its result is judged and started again, it has one score for it") {
    Stage stage;
    stage.time_scale = 0.01;
    stage.settings.run.grace = 0s;
    stage.settings.schedule.validation_lock = 2s;
    std::atomic<bool> begun = false, done = false;
    stage.judging = [&](const network::Task&) {
        begun = true;
        tests::eventually([&] { return done.load(); });
    };
    stage.add_validator({image_task("a"), image_task("b")});
    const auto& validator = *stage.validators[0];
    stage.stop_once([&] { return begun.load(); });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.count_lines("submit failed") == 1);
    CHECK(validator.tally().accepted == 0);

    // It waits; meanwhile the validator makes up its mind.
    stage.stop_once([] { return false; });
    bool waits = false;
    std::thread judge([&] {
        waits = tests::eventually([&] {
            const std::lock_guard lock(stage.mutex);
            return stage.count_lines("cooling down") == 1;
        });
        done = true;
    });
    CHECK(stage.run() == ExitCode::ok);
    judge.join();
    CHECK(waits);
    const auto tally = validator.tally();
    CHECK(tally.submissions == 2);
    CHECK(tally.without_effect == 0);
    CHECK(tally.accepted == 2);
    CHECK(stage.script->stage1_runs == 2);
    const auto counts = stage.counts();
    CHECK(counts.submissions == 2);
    CHECK(counts.accepted == 1);  // of the other nobody told
    CHECK(counts.zero_scores == 0);
}
