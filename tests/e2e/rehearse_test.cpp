// miner rehearse and miner stats, as a newcomer types them.
#include "tests/e2e/scene.hpp"

#include <sstream>

using namespace tests;
using namespace std::chrono_literals;

namespace {

// Time limits such that a busy machine changes nothing; without candidates, whose number depends on
// how quick it is.
Scene::Words rehearsal(Scene::Words words) {
    words.insert(words.begin(), "rehearse");
    words.insert(words.begin() + 1, {"--candidates.most", "1"});
    words.insert(words.end(), {"--generator.deadline", "3600", "--schedule.pull_timeout", "3600",
                               "--schedule.submit_timeout", "3600", "--subtensor.stale", "10"});
    return words;
}

void check_go(const Outcome& rehearsal) {
    CHECK(rehearsal.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(rehearsal.out, contains("Verdict: GO\n"));
    CHECK(count(rehearsal.out, "FAIL") == 0);
}

// For this reason alone.
void check_no_go(const Outcome& rehearsal, const std::string& reason) {
    CHECK(rehearsal.exit_status == ProcessExit{.code = 1});
    CHECK_THAT(rehearsal.out, contains("Verdict: NO-GO\n"));
    CHECK_THAT(rehearsal.out, contains("FAIL  " + reason));
    CHECK(count(rehearsal.out, "FAIL") == 1);
}

}  // namespace

TEST_CASE("a rehearsal needs nothing but the binary, and its statistics can be asked for") {
    Scene scene;
    Process miner(scene.miner(rehearsal({"--tasks", "3"})));

    // Asked while it works, as soon as there is something to ask.
    const fs::path database = scene.home() / "data/miner/rehearsal/miner.db";
    REQUIRE(comes_true([&] { return fs::exists(database) || miner.wait(0ms); }));
    Outcome early;
    REQUIRE(comes_true([&] {
        early = scene.ask({"stats", "--json", "--db", database.string()});
        // 74: not yet a whole database. There will be none once the rehearsal has ended.
        return early.exit_status.code != 74 || miner.wait(0ms);
    }));
    CHECK(early.exit_status == ProcessExit{.code = 0});
    REQUIRE(miner.await_text("1/3", kPatience));
    const auto beside = scene.ask({"stats", "--json"});
    CHECK(beside.exit_status == ProcessExit{.code = 0});
    CHECK(boost::json::parse(beside.out).is_object());

    const auto exit_status = miner.wait(kPatience);
    REQUIRE(exit_status);
    const Outcome done{*exit_status, miner.out(), miner.err()};
    INFO(done.out << done.err);
    // The second of the embedded prompts is sparse whatever happens, and two of three are too few.
    check_no_go(done, "success rate over 70 %");
    CHECK_THAT(done.out, contains("66.7 % of 3 generations"));
    for (const auto* line : {"  1/3", "  2/3", "  3/3"}) CHECK_THAT(done.out, contains(line));
    for (const auto* part :
         {"Checklist before mainnet", "every task was answered", "3 of 3", "success rate over 70 %",
          "a retry happened", "no errors", "every signature and nonce was accepted",
          "no pull came during a cool-down", "nothing was submitted twice", "zero scores",
          "miner stats"})
        CHECK_THAT(done.out, contains(part));
    CHECK(done.out.find('\033') == done.out.npos);  // no colours off a terminal

    const auto log = read_text(scene.home() / "data/miner/rehearsal/miner.log");
    CHECK(count(log, " pulled ") == 3);
    CHECK(count(log, " submitted ") == 3);
    CHECK(count(log, " feedback ") == 3);
    CHECK(count(log, " sparse ") == 2);  // at the first attempt and at the second
    CHECK(count(log, " retry ") == 1);
    for (const auto* field : {"task=", "attempt=", "gaussians=", "gate=150000", "ms="})
        CHECK_THAT(log, contains(field));

    const auto table = scene.ask({"stats"});
    CHECK(table.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(table.out, contains("Success rate"));
    CHECK(table.out.find('\033') == table.out.npos);

    const auto json = scene.ask({"stats", "--json"});
    const auto all = boost::json::parse(json.out).at("all").as_object();
    CHECK(all.at("generations").as_int64() == 3);
    // What stayed sparse goes out as an empty result, which is no submission.
    CHECK(all.at("submissions").as_int64() + all.at("rejected").as_int64() == 3);
    CHECK(all.at("errors").as_int64() == 0);
    const auto routes = boost::json::parse(scene.ask({"stats", "--json", "--by", "route"}).out);
    REQUIRE(routes.at("by_route").as_array().size() == 2);
    CHECK(routes.at("by_route").at(0).at("name") == "picture");
    CHECK(routes.at("by_route").at(0).at("generations") == 1);
    CHECK(routes.at("by_route").at(1).at("name") == "prompt");
    CHECK(routes.at("by_route").at(1).at("generations") == 2);

    const auto csv = scene.ask({"stats", "--csv"}).out;
    const auto commas = count(csv.substr(0, csv.find('\n')), ",");
    CHECK(commas > 5);
    std::istringstream lines(csv);
    int rows = 0;
    for (std::string line; std::getline(lines, line); ++rows) CHECK(count(line, ",") == commas);
    CHECK(rows >= 2);
}

TEST_CASE("a rehearsal with pictures of one's own and faults says go") {
    Scene scene;
    fs::create_directories(scene.home() / "pictures");
    fs::copy_file(quick_picture(), scene.home() / "pictures/airplane.png");
    const auto done = scene.ask(rehearsal({"--tasks", "4", "--pictures", "pictures", "--faults",
                                           "drop,refuse", "--gate.min_gaussians", "50000"}));
    INFO(done.out << done.err);
    check_go(done);
    CHECK(count(done.out, "airplane") >= 4);
    CHECK_THAT(done.out, contains("4 of 4"));
    // The fourth request to each validator is its second submission, which was taken all the same.
    const auto log = read_text(scene.home() / "data/miner/rehearsal/miner.log");
    CHECK(count(log, " submit failed ") >= 2);
    CHECK(count(log, " passed ") == 4);
}

TEST_CASE("a rehearsal comes back from everything that its chain does") {
    Scene scene;
    fs::create_directories(scene.home() / "pictures");
    fs::copy_file(quick_picture(), scene.home() / "pictures/airplane.png");
    const auto done = scene.ask(
        rehearsal({"--tasks", "2", "--pictures", "pictures", "--faults",
                   "deregister,disconnect,stall,upgrade,move", "--gate.min_gaussians", "50000"}));
    INFO(done.out << done.err);
    check_go(done);
    const auto log = read_text(scene.home() / "data/miner/rehearsal/miner.log");
    CHECK(count(log, " chain fault what=") == 5);
    CHECK(count(log, " chain fault not noticed ") == 0);
    CHECK(count(log, " not registered ") == 1);
    CHECK(count(log, " registered hotkey") == 3);  // at the start, not, and again
    CHECK(count(log, " chain connected ") >= 3);   // at the start, once cut, once stalled
    CHECK(count(log, " runtime upgraded ") == 1);
}

TEST_CASE("a rehearsal without pictures says where it looked") {
    Scene scene;
    fs::create_directories(scene.home() / "empty");
    const auto empty = scene.ask({"rehearse", "--pictures", "empty"});
    CHECK(empty.exit_status == ProcessExit{.code = 65});
    CHECK_THAT(empty.err, contains("--pictures"));
    const auto missing = scene.ask({"rehearse", "--pictures", "nowhere"});
    CHECK(missing.exit_status == ProcessExit{.code = 65});
    CHECK_THAT(missing.err, contains("nowhere"));
}

TEST_CASE("statistics of nothing say so") {
    Scene scene;
    const auto none = scene.ask({"stats"});
    CHECK(none.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(none.err, contains("miner.db"));
    CHECK(none.out.empty());
}

TEST_CASE("a rehearsal on a full disk does not say that there were no errors") {
    Scene scene;
    fs::create_directories(scene.home() / "pictures");
    fs::copy_file(quick_picture(), scene.home() / "pictures/airplane.png");
    auto command = scene.miner({"rehearse", "--json", "--tasks", "1", "--pictures", "pictures",
                                "--gate.min_gaussians", "50000", "--generator.deadline", "3600"});
    command.largest_file = 200'000;  // the database has room, the result none
    const auto rehearsal = run_to_end(std::move(command), kPatience);
    INFO(rehearsal.out << rehearsal.err);
    CHECK(rehearsal.exit_status == ProcessExit{.code = 1});
    const auto report = boost::json::parse(rehearsal.out);
    CHECK(report.at("go") == false);
    CHECK_THAT(rehearsal.err, contains("FAIL  no errors"));
    CHECK_THAT(rehearsal.err, contains("not recorded"));
}

TEST_CASE("a rehearsal predicts each score, and keeps beside it what its validator gave") {
    Scene scene;
    // However slow the machine is, there is time for a second candidate where the first is poor.
    const auto done = scene.ask(
        rehearsal({"--tasks", "3", "--candidates.most", "2", "--candidates.window", "3600"}));
    INFO(done.out << done.err);
    CHECK_THAT(done.out, contains("3/3"));
    const auto log = read_text(scene.home() / "data/miner/rehearsal/miner.log");
    CHECK_THAT(log, contains("scores are predicted"));
    CHECK(count(log, " scored ") >= 3);
    CHECK(count(log, " not scored ") == 0);
    const auto database = scene.home() / "data/miner/rehearsal/miner.db";
    const Outsider outsider(database);
    CHECK(outsider.number("SELECT count(*) FROM attempts WHERE predicted IS NOT NULL") >= 3);
    CHECK(outsider.number("SELECT count(*) FROM attempts WHERE predicted NOT BETWEEN 0 AND 1") ==
          0);
    const auto stats = scene.ask({"stats", "--json"});
    CHECK(boost::json::parse(stats.out).at("predictions").is_array());
}
