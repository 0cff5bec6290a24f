// What becomes of tasks in the very application that operators run.
#include "tests/miner/app_stage.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"

using namespace tests;

TEST_CASE("every task is pulled, generated, submitted and answered") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.add_validator({image_task("b")});
    CHECK(stage.run() == ExitCode::ok);
    const auto counts = stage.counts();
    CHECK(counts.generations == 2);
    CHECK(counts.passed_at_once == 2);
    CHECK(counts.accepted == 2);
    CHECK(counts.mean_score.value() == Approx(0.9));
    CHECK(stage.count_lines("submitted") == 2);
    CHECK(stage.count_lines("feedback") == 2);
    for (const auto& validator : stage.validators) {
        CHECK(validator->tally().bad_signatures == 0);
        CHECK(validator->tally().bad_nonces == 0);
        CHECK(validator->tally().accepted == 1);
    }
}

TEST_CASE("several hotkeys share one generator and each has its own statistics") {
    Stage stage;
    stage.hotkeys = {1, 2, 3};
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f"}) tasks.push_back(image_task(id));
    // Long enough that nobody has a second task before the others had their first.
    stage.time_scale = 0.01;
    stage.add_validator(tasks);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.script->stage1_runs == 6);
    CHECK(stage.validators[0]->tally().accepted == 6);
    CHECK(stage.validators[0]->tally().bad_signatures == 0);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto statistics = storage::statistics(*database, {}).value();
    REQUIRE(statistics.by_hotkey.size() == 3);
    for (const auto& group : statistics.by_hotkey) CHECK(group.counts.accepted == 2);
}

TEST_CASE("an unregistered hotkey only waits while the others mine") {
    Stage stage;
    stage.hotkeys = {1, 2};
    stage.unregistered = {1};
    stage.add_validator({image_task("a"), image_task("b")});
    CHECK(stage.run() == ExitCode::ok);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto contacts = storage::contacts(*database, "").value();
    REQUIRE(contacts.size() == 1);
    CHECK(contacts[0].hotkey == key_of(2).address());
    CHECK(stage.validators[0]->tally().accepted == 2);
}

TEST_CASE("each outcome of the gate arrives in the statistics") {
    Stage stage;
    stage.add_validator(
        {image_task("dense"), image_task("saved"), image_task("better"), image_task("hopeless")});
    stage.script->voxels = {100, 50, 100, 50, 60, 50, 40};
    CHECK(stage.run() == ExitCode::ok);
    const auto counts = stage.counts();
    CHECK(counts.generations == 4);
    CHECK(counts.passed_at_once == 1);
    CHECK(counts.retry_passed == 1);
    CHECK(counts.retry_improved == 1);
    CHECK(counts.rejected == 1);
    CHECK(counts.retries == 3);
    CHECK(counts.submissions == 3);
    CHECK(stage.validators[0]->tally().skips == 1);  // the empty result, without penalty
}

TEST_CASE("a prompt is made like a picture, with its own retry") {
    Stage stage;
    stage.add_validator({{network::TaskKind::text, "t", "a red chair"}});
    stage.script->voxels = {50, 100};
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().retry_passed == 1);
    CHECK(stage.counts().skipped == 0);
    CHECK(stage.script->prompts == std::vector<std::string>{"a red chair", "a red chair"});
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto statistics = storage::statistics(*database, {}).value();
    REQUIRE(statistics.by_route.size() == 1);
    CHECK(statistics.by_route[0].name == "prompt");
    CHECK(stage.validators[0]->tally().accepted == 1);
}

TEST_CASE("each attempt's health is kept, also of one that was not fit") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.script->dull = {true, false};
    stage.settings.gate.min_opacity_spread = 0.01;
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().retry_passed == 1);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto row = storage::list_tasks(*database, 1).value().at(0).row;
    const auto story = storage::task_story(*database, row).value();
    REQUIRE(story.attempts.size() == 2);
    const auto& unfit = story.attempts[0].attempt;
    CHECK(unfit.outcome == storage::AttemptOutcome::unhealthy);
    CHECK(unfit.error.find("gate.min_opacity_spread") != std::string::npos);
    CHECK(unfit.health.opacity_spread == Approx(0).margin(1e-6));
    const auto& fit = story.attempts[1].attempt;
    CHECK(fit.health.opacity_spread > 0.1);
    CHECK(fit.health.invisible == 0);
    CHECK(fit.health.non_finite == 0);
    CHECK(fit.health.identity_rotations == 0);
    CHECK(fit.health.extent == Approx(1).epsilon(1e-2));
}

TEST_CASE("what the export leaves too few Gaussians of is not submitted") {
    Stage stage;
    stage.add_validator({image_task("a")});
    stage.settings.export_.min_opacity = 0.89;  // leaves the last fortieth
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().rejected == 1);
    CHECK(stage.validators[0]->tally().skips == 1);
    CHECK(stage.count_lines("rejected") == 1);
}

TEST_CASE("prompts by way of pictures and prompts as they are can be told apart afterwards") {
    int asked = 0;
    tests::LoopbackPeer service([&](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, ++asked == 1 ? tests::picture_answer(tests::small_png())
                                         : std::string(tests::kNoPicture));
    });
    Stage stage;
    stage.settings.picture_service.url = "http://127.0.0.1:" + std::to_string(service.port());
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f"})
        tasks.push_back({network::TaskKind::text, id, "a red chair"});
    stage.add_validator(tasks);
    CHECK(stage.run() == ExitCode::ok);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto routes = storage::statistics(*database, {}).value().by_route;
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].name == "prompt");
    CHECK(routes[0].counts.generations == 5);
    CHECK(routes[1].name == "prompt_via_picture");
    CHECK(routes[1].counts.generations == 1);
    CHECK(routes[1].counts.accepted == 1);
    // After three failures in a row the last two were not even asked for.
    CHECK(service.connections() == 4);
    CHECK(stage.count_lines("text to image failed") == 5);
}

TEST_CASE("what the model does not take is skipped with the empty result and counted as such") {
    const bool prompts = GENERATE(true, false);
    Stage stage;
    (prompts ? stage.script->takes_prompts : stage.script->takes_pictures) = false;
    const network::Task text{network::TaskKind::text, "t", "a red chair"};
    stage.add_validator({prompts ? text : image_task("p")});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().skipped == 1);
    CHECK(stage.counts().generations == 0);
    CHECK(stage.script->stage1_runs == 0);
    CHECK(stage.validators[0]->tally().skips == 1);
    const auto said = prompts ? "this model makes no splats from prompts"
                              : "this model makes no splats from pictures";
    CHECK(std::any_of(stage.lines.begin(), stage.lines.end(),
                      [&](const auto& line) { return line.find(said) != line.npos; }));
}

TEST_CASE("a picture that is none becomes an empty result, and the miner goes on") {
    Stage stage;
    stage.add_validator({{network::TaskKind::image, "x", "!!! no base64"},
                         {network::TaskKind::image, "y", "bm90IGEgcGljdHVyZQ=="},
                         image_task("z")});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().errors == 2);
    CHECK(stage.counts().passed_at_once == 1);
}

TEST_CASE("a picture in base64 that only Python would read is worked like any other") {
    const auto plain = image_task("a").prompt;
    std::string lines;
    for (std::size_t at = 0; at < plain.size(); at += 76) lines += plain.substr(at, 76) + "\n";
    Stage stage;
    stage.add_validator({{network::TaskKind::image, "lines", lines},
                         {network::TaskKind::image, "padding", plain.substr(0, plain.find('='))},
                         {network::TaskKind::image, "uri", "data:image/png;base64," + plain}});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().errors == 0);
    CHECK(stage.validators[0]->tally().accepted == 3);
    CHECK(stage.count_lines("base64") == (plain.ends_with('=') ? 3 : 2));
}

TEST_CASE("when the answer to a submission is lost, nothing is generated or taken twice") {
    Stage stage;
    // The third request is the first submission or a pull after it; the validator handles it and
    // cuts the line.
    stage.add_validator({image_task("a"), image_task("b"), image_task("c")},
                        {LocalValidator::Fault::drop}, 2);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().faults >= 1);
    CHECK(stage.script->stage1_runs == 3);
    std::multiset<std::string> judged(stage.judged.begin(), stage.judged.end());
    CHECK(judged == std::multiset<std::string>{"a", "b", "c"});
    CHECK(stage.counts().generations == 3);
}

TEST_CASE("a validator that refuses, hangs, drips or sends invalid answers costs time, not tasks") {
    using enum LocalValidator::Fault;
    const auto fault = GENERATE(refuse, timeout, garbage, slow);
    Stage stage;
    if (fault == timeout)
        stage.settings.schedule.pull_timeout = stage.settings.schedule.submit_timeout = 1s;
    // Each fourth request, that is the second submission and whatever comes later.
    stage.add_validator({image_task("a"), image_task("b"), image_task("c")}, {fault}, 4);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().faults >= 1);
    CHECK(stage.script->stage1_runs == 3);
    CHECK(stage.validators[0]->tally().accepted == 3);
    CHECK(stage.counts().passed_at_once == 3);
}

TEST_CASE("validators that take their time to judge keep no other's tasks waiting") {
    Stage stage;
    stage.settings.schedule.reservation = 0s;  // a turn is one for as long as it takes
    std::atomic<int> quick = 0;
    std::atomic<bool> starved = false;
    stage.judging = [&](const network::Task& task) {
        if (task.id.starts_with("quick"))
            ++quick;
        else if (!tests::eventually([&] { return quick == 6; }))
            starved = true;
    };
    stage.settings.schedule.submit_timeout = 600s;
    for (const char* name : {"slow-a", "slow-b", "slow-c"})
        stage.add_validator({image_task(name), image_task(name + std::string("-2"))});
    std::vector<network::Task> tasks;
    for (int i = 0; i < 6; ++i) tasks.push_back(image_task("quick-" + std::to_string(i)));
    stage.add_validator(tasks);
    CHECK(stage.run() == ExitCode::ok);
    CHECK_FALSE(starved);
    CHECK(stage.counts().accepted == 12);
    for (const auto& validator : stage.validators) {
        const auto tally = validator->tally();
        CHECK(tally.submissions == tally.accepted);
        CHECK(tally.without_effect == 0);
    }
}

TEST_CASE("memory that runs out costs those tasks, is complained of after three, and forgotten") {
    Stage stage;
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f"}) tasks.push_back(image_task(id));
    stage.add_validator(tasks);
    // A task tries twice, and two are at hand at a time: three or four of them find no room.
    stage.script->full = std::vector<bool>{true, true, true, true, true, true, true, true, false};
    CHECK(stage.run() == ExitCode::ok);
    const auto counts = stage.counts();
    CHECK(counts.generations == 6);
    CHECK(counts.errors >= 3);
    CHECK(counts.errors <= 4);
    CHECK(counts.accepted == 6 - counts.errors);
    CHECK(stage.count_lines("out of memory") == counts.errors);
    CHECK(stage.count_lines("memory does not suffice") == 1);
    CHECK(stage.said("memory suffices again"));
}
