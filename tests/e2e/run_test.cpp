// miner run: tasks answered, and the ways to end it.
#include "tests/e2e/scene.hpp"

#include <atomic>
#include <csignal>

using namespace tests;
using namespace std::chrono_literals;

TEST_CASE("tasks are pulled, generated, submitted and answered, and SIGTERM ends an idle miner") {
    Scene scene;
    auto& first = scene.add_validator({quick_task("one")});
    auto& second = scene.add_validator({{network::TaskKind::text, "prompt", "a red chair"},
                                        {network::TaskKind::image, "no picture", "aGVsbG8="}});
    Process miner(scene.mining());
    REQUIRE(comes_true([&] {
        return (first.drained() && second.drained() &&
                scene.number("SELECT count(*) FROM tasks WHERE state = 'answered'") == 3) ||
               miner.wait(0ms);
    }));
    REQUIRE(miner.signal(SIGTERM));
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    INFO(miner.err());
    scene.check_clean();
    CHECK(first.tally().accepted == 1);
    CHECK(second.tally().accepted == 1);
    CHECK(second.tally().skips == 1);
    for (const auto* validator : {&first, &second}) {
        CHECK(validator->tally().bad_signatures == 0);
        CHECK(validator->tally().bad_nonces == 0);
    }
    CHECK(scene.word("SELECT outcome FROM tasks WHERE task_id = 'one'") == "passed");
    CHECK(scene.word("SELECT outcome FROM tasks WHERE task_id = 'prompt'") == "passed");
    CHECK(scene.word("SELECT outcome FROM tasks WHERE task_id = 'no picture'") == "error");
    CHECK(scene.word("SELECT address FROM hotkeys") == scene.hotkey());

    for (const auto* event : {" starting ", " model ready ", " pulled ", " passed ", " submitted ",
                              " feedback ", " error ", " stopping ", " stopped"})
        CHECK_THAT(scene.log(), contains(event));
}

TEST_CASE("asked to stop during a generation, it finishes and submits within the grace") {
    std::atomic<bool> asked = false;
    Scene scene;
    // It does not answer before the miner was asked, so that no other task can be pulled.
    auto& validator = scene.add_validator(
        {quick_task("one"), quick_task("two")}, {}, 1,
        [&](const network::Task&) { comes_true([&] { return asked.load(); }); });
    Process miner(scene.mining({"--schedule.submit_timeout", "3600"}));
    REQUIRE(miner.await_text(" pulled ", kPatience));
    REQUIRE(miner.signal(SIGTERM));
    CHECK(miner.await_text(" stopping ", kPatience));
    asked = true;
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    INFO(miner.err());
    CHECK(validator.tally().accepted == 1);
    CHECK(validator.tally().handed_out == 1);
    scene.check_clean();
    CHECK(scene.number("SELECT count(*) FROM tasks WHERE state = 'answered'") == 1);
    CHECK(scene.number("SELECT count(*) FROM tasks WHERE state <> 'answered'") == 0);
}

TEST_CASE("when the grace is over the task goes back, and is done after the next start") {
    Scene scene;
    auto& validator = scene.add_validator({quick_task("one")});
    {
        auto slow = kSlow;
        slow.insert(slow.end(), {"--run.grace", "0"});
        Process miner(scene.mining(slow));
        REQUIRE(miner.await_text(" pulled ", kPatience));
        REQUIRE(miner.signal(SIGINT));
        CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
        INFO(miner.err());
        CHECK_THAT(miner.err(), contains(" handed back "));
        scene.check_clean();
        CHECK(validator.tally().submissions == 0);
        CHECK(scene.word("SELECT state FROM tasks") == "open");
    }
    Process miner(scene.mining());
    REQUIRE(comes_true([&] { return validator.drained() || miner.wait(0ms); }));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    CHECK(validator.tally().accepted == 1);
    CHECK(validator.tally().handed_out == 1);
    CHECK(scene.number("SELECT count(*) FROM tasks") == 1);
    CHECK_THAT(scene.log(), contains(" resumed tasks=1"));
}

TEST_CASE("a second signal ends it at once") {
    const int number = GENERATE(SIGINT, SIGTERM);
    Scene scene;
    scene.add_validator({quick_task("one")});
    Process miner(scene.mining(kSlow));
    REQUIRE(miner.await_text(" pulled ", kPatience));
    miner.signal(number);
    REQUIRE(miner.await_text(" stopping ", kPatience));
    miner.signal(number);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 130});
    CHECK_THAT(miner.err(), contains(" stopped at once"));
    CHECK(scene.word("PRAGMA integrity_check") == "ok");
    CHECK(scene.word("SELECT state FROM tasks") == "open");
}

TEST_CASE("asked to stop while a validator keeps it waiting, it does not wait") {
    Scene scene;
    auto& validator =
        scene.add_validator({quick_task("one")}, {network::LocalValidator::Fault::timeout});
    Process miner(scene.mining({"--schedule.pull_timeout", "3600"}));
    REQUIRE(comes_true([&] { return validator.tally().faults > 0 || miner.wait(0ms); }));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    scene.check_clean();
}

TEST_CASE("a second miner on the same folder is refused, and statistics are not") {
    Scene scene;
    scene.add_validator({});
    Process miner(scene.mining());
    REQUIRE(miner.await_text(" model ready ", kPatience));
    const auto second = run_to_end(scene.mining(), kPatience);
    CHECK(second.exit_status == ProcessExit{.code = 73});
    CHECK_THAT(second.err, contains("--storage.path"));
    const auto stats = scene.ask({"stats", "--storage.path", scene.storage(), "--csv"});
    CHECK(stats.exit_status == ProcessExit{.code = 0});
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
}
