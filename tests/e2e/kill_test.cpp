// kill -9 at every stage of a task: the next start completes it, nothing that was finished is made
// again, nothing is lost and nothing is taken twice.
#include "tests/e2e/scene.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <set>
#include <string>

using namespace tests;
using namespace std::chrono_literals;
using Fault = network::LocalValidator::Fault;

namespace {

void kill_and_reap(Process& miner) {
    REQUIRE(miner.signal(SIGKILL));
    REQUIRE(miner.wait(kPatience) == ProcessExit{.code = -1, .signal = SIGKILL});
}

// Until nothing is open any more, then an orderly end.
void mine_to_the_end(Scene& scene, const network::LocalValidator& validator, int tasks,
                     Scene::Words more = {}) {
    Process miner(scene.mining(std::move(more)));
    const auto closed = "SELECT count(*) FROM tasks WHERE closed_at IS NOT NULL";
    REQUIRE(comes_true(
        [&] { return (validator.drained() && scene.number(closed) == tasks) || miner.wait(0ms); }));
    INFO(miner.err());
    REQUIRE(miner.signal(SIGTERM));
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    scene.check_clean();
}

// What a generation costs: attempts that were not made anew count, and so do those that were.
std::int64_t attempts(const Scene& scene) { return scene.number("SELECT count(*) FROM attempts"); }

}  // namespace

TEST_CASE("killed while the structure is made, and again while the splats are") {
    Scene scene;
    auto& validator = scene.add_validator({quick_task("one")});
    {
        Process miner(scene.mining(kSlow));
        REQUIRE(miner.await_text(" pulled ", kPatience));
        kill_and_reap(miner);
        CHECK(scene.word("SELECT state FROM tasks") == "open");
    }
    {
        Process miner(scene.mining());
        REQUIRE(miner.await_text(" passed ", kPatience));
        kill_and_reap(miner);
        CHECK(scene.word("PRAGMA integrity_check") == "ok");
        CHECK(validator.tally().submissions == 0);
    }
    mine_to_the_end(scene, validator, 1);
    CHECK(validator.tally().handed_out == 1);
    CHECK(validator.tally().submissions == 1);
    CHECK(validator.tally().accepted == 1);
    CHECK(scene.number("SELECT count(*) FROM tasks") == 1);
    CHECK(scene.number("SELECT count(*) FROM attempts WHERE NOT superseded") == 1);
    CHECK(scene.number("SELECT count(*) FROM submissions") == 1);
    CHECK(count(scene.log(), " resumed tasks=1") == 2);
}

TEST_CASE("killed about the moment when the result becomes a file") {
    Scene scene;
    auto& validator = scene.add_validator({quick_task("one")});
    const auto has_asset = [&] {
        std::error_code ignored;
        for (const auto& entry :
             fs::recursive_directory_iterator(scene.storage() / "assets", ignored))
            if (entry.is_regular_file(ignored) && entry.path().filename().string().size() == 64)
                return true;
        return false;
    };
    bool finished = false;
    {
        Process miner(scene.mining());
        REQUIRE(comes_true([&] { return has_asset() || miner.wait(0ms); }));
        kill_and_reap(miner);
        finished = scene.number("SELECT outcome IS NOT NULL FROM tasks") == 1;
    }
    const auto before = attempts(scene);
    mine_to_the_end(scene, validator, 1);
    // Either the result was on record, or it is made once more.
    CHECK(attempts(scene) == (finished ? before : before + 1));
    CHECK(scene.number("SELECT count(*) FROM attempts WHERE NOT superseded") == 1);
    CHECK(validator.tally().accepted == 1);
    CHECK(validator.tally().verdicts.size() == 1);
}

TEST_CASE("killed with a finished result that could not be sent") {
    Scene scene;
    // Each second request suffers: the first submission is hung up on, the next merely drips.
    auto& validator = scene.add_validator({quick_task("one")}, {Fault::refuse, Fault::slow}, 2);
    std::string asset;
    {
        Process miner(scene.mining({"--schedule.failure_delay", "3600"}));
        REQUIRE(miner.await_text(" submit failed ", kPatience));
        kill_and_reap(miner);
        asset = scene.word("SELECT asset FROM tasks WHERE outcome = 'passed'");
        CHECK(asset.size() == 64);
    }
    const auto before = attempts(scene);
    mine_to_the_end(scene, validator, 1);
    CHECK(attempts(scene) == before);
    CHECK(scene.word("SELECT asset FROM tasks") == asset);
    CHECK(validator.tally().accepted == 1);
}

TEST_CASE("killed while the validator keeps a submission without having taken it") {
    Scene scene;
    auto& validator = scene.add_validator({quick_task("one")}, {Fault::timeout, Fault::slow}, 2);
    {
        Process miner(scene.mining());
        REQUIRE(comes_true([&] { return validator.tally().faults == 1 || miner.wait(0ms); }));
        CHECK(scene.word("SELECT state FROM tasks") == "submitting");
        kill_and_reap(miner);
    }
    const auto before = attempts(scene);
    mine_to_the_end(scene, validator, 1);
    CHECK(attempts(scene) == before);
    CHECK(validator.tally().accepted == 1);
    CHECK(validator.tally().verdicts.size() == 1);
    CHECK(scene.word("SELECT status FROM submissions ORDER BY number LIMIT 1") != "sent");
    CHECK(scene.word("SELECT status FROM submissions ORDER BY number DESC LIMIT 1") == "answered");
}

TEST_CASE("killed while the validator is judging: it was taken, and is not sent again") {
    std::atomic<Process*> victim = nullptr;
    std::mutex mutex;
    std::multiset<std::string> judged;
    Scene scene;
    // It judges until the next process has begun to wait for it: a pull would get the task again.
    auto& validator = scene.add_validator(
        {quick_task("one"), quick_task("two")}, {}, 1, [&](const network::Task& task) {
            {
                const std::lock_guard lock(mutex);
                judged.insert(task.id);
            }
            auto* miner = victim.exchange(nullptr);
            if (!miner) return;
            miner->signal(SIGKILL);
            comes_true([&] { return count(scene.log(), " cooling down ") > 0; }, kPatience);
        });
    const auto begin = std::chrono::steady_clock::now();
    {
        Process miner(scene.mining());
        victim = &miner;
        REQUIRE(miner.wait(kPatience) == ProcessExit{.code = -1, .signal = SIGKILL});
        CHECK(scene.word("SELECT state FROM tasks WHERE task_id = 'one'") == "submitting");
    }
    // Longer than the next one takes to start, on this machine as it is now: the first started,
    // too.
    const auto took =
        std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
    mine_to_the_end(scene, validator, 2,
                    {"--schedule.validation_lock", std::to_string(took.count() + 5)});
    CHECK(judged == std::multiset<std::string>{"one", "two"});
    CHECK(validator.tally().accepted == 2);
    CHECK(validator.tally().submissions == 2);
    CHECK(scene.word("SELECT status FROM submissions JOIN tasks ON tasks.id = task "
                     "WHERE task_id = 'one'") == "taken");
    CHECK(scene.number("SELECT count(*) FROM attempts") == 2);
    CHECK(scene.number("SELECT count(*) FROM tasks WHERE state = 'answered'") == 2);
    // Of the first nobody told a score, and none is made up.
    CHECK(scene.number("SELECT count(*) FROM feedback") == 1);
    CHECK(scene.number("SELECT count(*) FROM feedback WHERE score = 0") == 0);
}
