// Candidates in the very application that operators run.
#include "tests/miner/app_stage.hpp"

using namespace tests;

namespace {

struct CandidateStage : Stage {
    CandidateStage() {
        settings.score.model = "fake";
        // A validator refuses what has fewer than 7000 Gaussians unseen.
        settings.gate.min_gaussians = 32'000;
        settings.gate.floor = 8'000;
        script->voxels = {1000};
        // However slow this machine is.
        settings.candidates.window = 600s;
        settings.candidates.most = 3;
    }
};

}  // namespace

TEST_CASE("each task's best candidate is submitted, whichever hotkey pulled it") {
    CandidateStage stage;
    stage.hotkeys = {1, 2};
    stage.settings.candidates.withhold = "never";
    stage.scorer->totals = std::vector<double>{0.2};
    stage.add_validator({image_task("a"), image_task("b")});
    stage.add_validator({image_task("c"), image_task("d")});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.said("scores are predicted"));
    CHECK(stage.counts().accepted == 4);
    CHECK(stage.counts().candidates == 4 * 2);
    CHECK(stage.count_lines("scored") == 4 * 3);
    for (const auto& turn : stage.turns)
        if (turn.end == miner::Turn::End::answered) CHECK(turn.predicted == 0.2);
}

TEST_CASE("a scorer that cannot be loaded is said, and mining goes on as if there were none") {
    CandidateStage stage;
    stage.scorer->no_load = true;
    stage.add_validator({image_task("a"), image_task("b")});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.said("scores are not predicted"));
    CHECK(stage.counts().accepted == 2);
    CHECK(stage.counts().candidates == 0);
}

TEST_CASE(
    "candidates whose memory runs out in three tasks in a row are given up, and mining goes on") {
    CandidateStage stage;
    stage.scorer->failure = generator::Errc::out_of_memory;
    stage.scorer->fails_from = 0;
    stage.add_validator({image_task("a"), image_task("b"), image_task("c"), image_task("d"),
                         image_task("e"), image_task("f")});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().accepted == 6);
    CHECK(stage.said("candidates are off"));
    CHECK(stage.scorer->gone);
    CHECK(stage.scorer->conditions.size() < 6);
}

TEST_CASE("a scorer whose GPU is lost ends the process with its code once the result is sent") {
    CandidateStage stage;
    stage.scorer->failure = generator::Errc::device_lost;
    stage.scorer->fails_from = 0;
    stage.add_validator({image_task("a"), image_task("b")});
    CHECK(stage.run() == ExitCode::device_lost);
    CHECK(stage.validators[0]->tally().handed_out == 1);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.counts().passed_at_once == 1);
    CHECK(stage.count_lines("scorer lost") == 1);
}
