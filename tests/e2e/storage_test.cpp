// What is kept, when the disk or somebody else is in the way: exit code 74, a clear message, and
// nothing lost.
#include "storage/database.hpp"
#include "tests/e2e/scene.hpp"

#include <csignal>

using namespace tests;
using namespace std::chrono_literals;

namespace {

Outcome refused(const Scene& scene, Scene::Words more = {}) {
    return run_to_end(scene.mining(std::move(more)), kPatience);
}

// A miner that starts and ends; leaves a database behind.
void mine_briefly(const Scene& scene) {
    Process miner(scene.mining());
    REQUIRE(miner.await_text(" model ready ", kPatience));
    miner.signal(SIGTERM);
    REQUIRE(miner.wait(kPatience) == ProcessExit{.code = 0});
}

fs::path file(const Scene& scene) { return scene.storage() / "miner.db"; }

}  // namespace

TEST_CASE("a database that another process keeps locked is waited for, then given up") {
    Scene scene;
    scene.add_validator({});
    mine_briefly(scene);
    {
        const auto other = scene.database().hold();
        const auto outcome = refused(scene);
        INFO(outcome.err);
        CHECK(outcome.exit_status == ProcessExit{.code = 74});
        CHECK_THAT(outcome.err, contains("cannot start"));
        CHECK_THAT(outcome.err, contains("miner.db"));
        // Those who only read are not in the way of each other.
        CHECK(scene.ask({"stats", "--storage.path", scene.storage()}).exit_status ==
              ProcessExit{.code = 0});
    }
    mine_briefly(scene);
    scene.check_clean();
}

TEST_CASE("a database of a newer version or another program is left as it is") {
    Scene scene;
    scene.add_validator({});
    mine_briefly(scene);
    const std::string change = GENERATE("PRAGMA user_version = 999", "PRAGMA application_id = 7");
    scene.database().change(change);
    const auto before = read_text(file(scene));
    const auto outcome = refused(scene);
    INFO(outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(outcome.err, contains("miner.db"));
    const auto stats = scene.ask({"stats", "--storage.path", scene.storage()});
    CHECK(stats.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(stats.err, contains("miner.db"));
    CHECK((read_text(file(scene)) == before));
}

TEST_CASE("a damaged database is left as it is, and the message says what to do") {
    Scene scene;
    scene.add_validator({});
    mine_briefly(scene);
    auto bytes = read_text(file(scene));
    SECTION("another file altogether") { bytes.assign(8192, 'x'); }
    SECTION("damaged in the middle") {
        std::fill(bytes.begin() + 4096, bytes.begin() + 3 * 4096, '\xa5');
    }
    write_text(file(scene), bytes);
    const auto outcome = refused(scene);
    INFO(outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(outcome.err, contains("miner.db"));
    CHECK((read_text(file(scene)) == bytes));
}

TEST_CASE("a restore says that something was set aside where something was, and only there") {
    const Scene scene;
    const auto copy = scene.home() / "copy.db";
    REQUIRE(storage::Database::open(copy).has_value());
    const Scene::Words words{"restore", copy, "--storage.path", scene.storage()};
    const auto first = scene.ask(words);
    INFO(first.err);
    REQUIRE(first.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(first.out, contains(file(scene).string() + " is now as in " + copy.string()));
    CHECK_THAT(first.out, contains("nothing was there before"));
    CHECK_THAT(first.out, !contains("before-restore"));
    const auto second = scene.ask(words);
    INFO(second.err);
    REQUIRE(second.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(second.out, contains("what was there is beside it, miner.db.before-restore"));
    CHECK(fs::exists(file(scene).string() + ".before-restore"));
}

TEST_CASE("a folder that cannot be made is named") {
    Scene scene;
    scene.add_validator({});
    write_text(scene.home() / "file", "in the way");
    const std::string path = GENERATE("file", "file/below", "/proc/miner");
    const auto outcome = refused(scene, {"--storage.path", path});
    INFO(outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(outcome.err, contains(path));
    CHECK(read_text(scene.home() / "file") == "in the way");
}

TEST_CASE("a log that cannot be written is named") {
    Scene scene;
    scene.add_validator({});
    const auto outcome = refused(scene, {"--log.file", "/proc/miner/miner.log"});
    CHECK(outcome.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(outcome.err, contains("/proc/miner"));
}

TEST_CASE("without room for a database the miner does not start") {
    Scene scene;
    scene.add_validator({});
    auto command = scene.mining();
    command.largest_file = 8192;
    const auto outcome = run_to_end(std::move(command), kPatience);
    INFO(outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(outcome.err, contains("miner.db"));
    // With room again all is well.
    mine_briefly(scene);
    scene.check_clean();
}

TEST_CASE("without room for the result it is submitted all the same") {
    Scene scene;
    auto& validator = scene.add_validator({quick_task("one")});
    auto command = scene.mining();
    command.largest_file = 700 << 10;  // enough for the journal
    Process miner(std::move(command));
    REQUIRE(comes_true([&] {
        return scene.number("SELECT count(*) FROM tasks WHERE state = 'answered'") == 1 ||
               miner.wait(0ms);
    }));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    INFO(miner.err());
    // The write-ahead log may stay where the limit kept it from being folded in; nothing is amiss.
    CHECK(scene.word("PRAGMA integrity_check") == "ok");
    CHECK(scene.number("SELECT ended_at IS NOT NULL FROM runs ORDER BY id DESC LIMIT 1") == 1);
    CHECK(validator.tally().accepted == 1);
    CHECK_THAT(miner.err(), contains("not recorded task=one step=asset"));
    CHECK(scene.word("SELECT outcome FROM tasks") == "passed");
}
