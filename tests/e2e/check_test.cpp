// miner check, as an operator runs it before the first day.
#include "tests/e2e/scene.hpp"

using namespace tests;

namespace {

Command checking(const Scene& scene, Scene::Words more) {
    auto command = scene.mining(std::move(more));
    command.arguments.front() = "check";
    return command;
}

}  // namespace

TEST_CASE("a miner that is ready passes its check, and nothing was pulled for it") {
    Scene scene;
    auto& validator = scene.add_validator({quick_task("one")});
    const auto outcome = run_to_end(checking(scene, {"--quick", "--json"}), kPatience);
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 0});
    const auto report = boost::json::parse(outcome.out);
    CHECK(report.at("ok").as_bool());
    CHECK_THAT(outcome.out, contains(scene.hotkey()));
    CHECK_THAT(outcome.out, contains("1 of 1 answer"));
    CHECK_THAT(outcome.out, contains("1 of 1 that answer hands out tasks"));
    CHECK(validator.tally().pulls == 0);
}

TEST_CASE("where the chain cannot be read, a check says so, and nothing of validators") {
    Scene scene;
    const auto outcome =
        run_to_end(checking(scene, {"--quick", "--json", "--subtensor.network", "local",
                                    "--subtensor.chain_endpoint", "ws://127.0.0.1:1"}),
                   kPatience);
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 1});
    std::map<std::string, int> found;
    const auto report = boost::json::parse(outcome.out);
    for (const auto& finding : report.at("findings").as_array())
        ++found[std::string(finding.at("what").as_string())];
    CHECK(found["chain"] == 1);
    CHECK(found["validators"] == 0);
    CHECK(found["protocol"] == 0);
}

TEST_CASE("a check tells everything that is missing, at once, and ends with 1") {
    Scene scene;
    scene.add_peer(validator_key().address(), 1);
    const auto outcome =
        run_to_end(checking(scene, {"--quick", "--wallet.hotkey", "nobody"}), kPatience);
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 1});
    CHECK_THAT(outcome.out, contains("FAIL  hotkey nobody"));
    CHECK_THAT(outcome.out, contains("FAIL  validators"));
    CHECK_THAT(outcome.out, contains("FAIL  protocol"));
    CHECK_THAT(outcome.out, contains("-> "));
    CHECK_THAT(outcome.out, contains("3 of "));
}
