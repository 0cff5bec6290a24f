// miner rehearse and miner stats, as a newcomer types them.
#include "tests/e2e/scene.hpp"

using namespace tests;
using namespace std::chrono_literals;

namespace {

// The exit code and the words of a rehearsal say the same.
void check_verdict(const Outcome& rehearsal) {
    const bool go = rehearsal.out.find("Verdict: GO\n") != rehearsal.out.npos;
    const bool no_go = rehearsal.out.find("Verdict: NO-GO\n") != rehearsal.out.npos;
    CHECK(go != no_go);
    CHECK(go == (rehearsal.out.find("FAIL") == rehearsal.out.npos));
    CHECK(rehearsal.ending.code == (go ? 0 : 1));
}

}  // namespace

TEST_CASE("a rehearsal needs nothing but the binary, and its statistics can be asked for") {
    Scene scene;
    Process rehearsal(scene.miner({"rehearse", "--tasks", "3", "--generator.deadline", "3600"}));

    // Asked while it works, as soon as there is something to ask.
    const fs::path database = scene.home() / "data/miner/rehearsal/miner.db";
    REQUIRE(comes_true([&] { return fs::exists(database) || rehearsal.wait(0ms); }));
    const auto early = scene.ask({"stats", "--json", "--db", database.string()});
    CHECK((early.ending.code == 0 || early.ending.code == 74));  // 74: not yet a whole database
    REQUIRE(rehearsal.await_text("1/3", kPatience));
    const auto beside = scene.ask({"stats", "--json"});
    CHECK(beside.ending == Ending{.code = 0});
    CHECK(boost::json::parse(beside.out).is_object());

    const auto ending = rehearsal.wait(kPatience);
    REQUIRE(ending);
    const Outcome done{*ending, rehearsal.out(), rehearsal.err()};
    INFO(done.out << done.err);
    check_verdict(done);
    for (const auto* line : {"  1/3", "  2/3", "  3/3"}) CHECK_THAT(done.out, contains(line));
    for (const auto* part :
         {"Checklist before mainnet", "every task was answered", "3 of 3", "success rate over 70 %",
          "a retry happened", "no errors", "every signature and nonce was accepted", "zero scores",
          "miner stats"})
        CHECK_THAT(done.out, contains(part));
    CHECK(done.out.find('\033') == done.out.npos);  // no colours off a terminal

    const auto log = read_text(scene.home() / "data/miner/rehearsal/miner.log");
    CHECK(count(log, " pulled ") == 3);
    CHECK(count(log, " submitted ") == 3);
    CHECK(count(log, " feedback ") == 3);
    // The second of the embedded prompts is sparse whatever happens.
    CHECK(count(log, " sparse ") >= 1);
    CHECK(count(log, " retry ") >= 1);
    for (const auto* field : {"task=", "attempt=", "gaussians=", "gate=150000", "ms="})
        CHECK_THAT(log, contains(field));

    const auto table = scene.ask({"stats"});
    CHECK(table.ending == Ending{.code = 0});
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
    const auto rehearsal =
        scene.ask({"rehearse", "--tasks", "2", "--pictures", "pictures", "--faults", "refuse,drop",
                   "--gate.min_gaussians", "50000", "--generator.deadline", "3600"});
    INFO(rehearsal.out << rehearsal.err);
    CHECK(rehearsal.ending == Ending{.code = 0});
    check_verdict(rehearsal);
    CHECK(count(rehearsal.out, "airplane") >= 2);
    CHECK_THAT(rehearsal.out, contains("2 of 2"));
}

TEST_CASE("a rehearsal comes back from everything that its chain does") {
    Scene scene;
    fs::create_directories(scene.home() / "pictures");
    fs::copy_file(quick_picture(), scene.home() / "pictures/airplane.png");
    const auto rehearsal =
        scene.ask({"rehearse", "--tasks", "2", "--pictures", "pictures", "--faults",
                   "deregister,disconnect,stall,upgrade,move", "--gate.min_gaussians", "50000",
                   "--generator.deadline", "3600"});
    INFO(rehearsal.out << rehearsal.err);
    CHECK(rehearsal.ending == Ending{.code = 0});
    check_verdict(rehearsal);
    const auto log = read_text(scene.home() / "data/miner/rehearsal/miner.log");
    CHECK(count(log, " chain fault ") == 5);
    CHECK(count(log, " not registered ") == 1);
    CHECK(count(log, " registered hotkey") == 3);  // at the start, not, and again
    CHECK(count(log, " chain connected ") >= 3);   // at the start, once cut, once stalled
    CHECK(count(log, " runtime upgraded ") == 1);
}

TEST_CASE("a rehearsal without pictures says where it looked") {
    Scene scene;
    fs::create_directories(scene.home() / "empty");
    const auto empty = scene.ask({"rehearse", "--pictures", "empty"});
    CHECK(empty.ending == Ending{.code = 65});
    CHECK_THAT(empty.err, contains("--pictures"));
    const auto missing = scene.ask({"rehearse", "--pictures", "nowhere"});
    CHECK(missing.ending == Ending{.code = 65});
    CHECK_THAT(missing.err, contains("nowhere"));
}

TEST_CASE("statistics of nothing say so") {
    Scene scene;
    const auto none = scene.ask({"stats"});
    CHECK(none.ending == Ending{.code = 74});
    CHECK_THAT(none.err, contains("miner.db"));
    CHECK(none.out.empty());
}
