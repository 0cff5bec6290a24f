// miner bench --candidates from the command line to its words, with a scripted generator and
// scorer.
#include "generator/errc.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/miner/cli/interrupted.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/fake_scorer.hpp"
#include "tests/support/forked.hpp"

#include <boost/json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using Catch::Contains;

// Ten minutes a task, which it never needs: three candidates are asked for.
tests::Outcome bench(std::vector<std::string> more, std::optional<config::Error> fails = {},
                     const std::function<void(tests::Script&)>& prepare = {}) {
    std::vector<std::string> words{"bench",    "--random", "--candidates",      "600",
                                   "--voxels", "5000",     "--candidates.most", "3"};
    words.insert(words.end(), more.begin(), more.end());
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line(words);
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        if (!line) return 64;
        const auto script = std::make_shared<tests::Script>();
        script->voxels = {5'000};
        if (prepare) prepare(*script);
        const auto scorer = std::make_shared<tests::ScorerScript>();
        const auto fake = tests::make_fake(script);
        const miner::CandidateBench made{
            [&](const generator::BenchOptions& options, const config::Generator& settings)
                -> config::Result<std::unique_ptr<generator::Generator>> {
                if (fails) return *fails;
                if (options.model != "trellis-image-large" || options.voxels != 5'000)
                    return config::fail(generator::Errc::internal, "other options");
                return fake(settings);
            },
            tests::make_fake_predictor(scorer)};
        return int(miner::bench_command(*line, {}, {}, made));
    });
}

}  // namespace

TEST_CASE("the bench of candidates makes as many as are asked for, and says how often one came") {
    const auto outcome = bench({"--runs", "2"});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.out, Contains("trellis-image-large with random weights on cpu in fp32, "
                                     "scored by fake"));
    CHECK_THAT(outcome.out, Contains("objects of about 5000 voxels, 600 s a task"));
    CHECK_THAT(outcome.out, Contains("\n1               3           3 "));
    CHECK_THAT(outcome.out, Contains("\n2               3           3 "));
}

TEST_CASE("the bench of candidates as JSON has every task") {
    const auto outcome = bench({"--json"});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    const auto report = boost::json::parse(outcome.out);
    CHECK(report.at("voxels").as_int64() == 5'000);
    CHECK(report.at("seconds").as_int64() == 600);
    const auto& tasks = report.at("tasks").as_array();
    REQUIRE(tasks.size() == 1);
    CHECK(tasks[0].at("candidates").as_int64() == 3);
    CHECK(tasks[0].at("each_ms").as_array().size() == 2);
    CHECK(tasks[0].at("first_ms").to_number<double>() >= 0);
    // As the script has it: 1, 2 and 3 ms of each stage 1.
    CHECK(tasks[0].at("device_ms").to_number<double>() >= 3 * 6);
}

TEST_CASE("a bench of candidates without a model says why, and with 75 that another may have it") {
    const auto outcome =
        bench({}, config::fail(generator::Errc::bad_device, "no GPU of that name"));
    CHECK(outcome.exit_status.code == int(miner::ExitCode::model));
    CHECK_THAT(outcome.err, Contains("no GPU of that name"));
    const auto full = config::fail(generator::Errc::out_of_memory, "as tested");
    CHECK(bench({"--generator.device", "cuda:0"}, full).exit_status.code ==
          int(miner::ExitCode::device_lost));
    CHECK(bench({"--generator.device", "cpu"}, full).exit_status.code ==
          int(miner::ExitCode::model));
}

TEST_CASE("a bench of candidates that is interrupted at one of them gives it up, as told on io") {
    const auto outcome =
        bench({}, {}, [](tests::Script& script) { tests::interrupt_at(script, 1); });
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status.code == int(miner::ExitCode::interrupted));
    CHECK_THAT(outcome.err, Contains("told to stop on io"));
}

TEST_CASE("candidates of the scorer alone are refused by name") {
    const auto outcome = bench({"--model", "validator-scorer"});
    CHECK(outcome.exit_status.code == 64);
}
