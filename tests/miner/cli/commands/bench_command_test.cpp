// miner bench --model validator-scorer from the command line to its words, with scripted times.
#include "generator/errc.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace {

using Catch::Contains;

generator::ScorerKindReport kind(double ask, std::int64_t peak) {
    generator::ScorerKindReport report{.load = 2500, .ask = ask, .peak_bytes = peak};
    for (const double total : {90, 30, 50, 40})  // the first apart
        report.candidates.push_back({.gaussians = 192'000,
                                     .bytes = 3'000'000,
                                     .read = 5,
                                     .views = 8,
                                     .score = total - 13,
                                     .total = total});
    return report;
}

// Of one GiB and a half one is free.
const generator::Fit kTight{{std::int64_t(1) << 30, std::int64_t(1) << 29, 0},
                            {std::int64_t(1) << 29, std::int64_t(3) << 29}};

// The scorer's bench answers with these times and what it was asked for; the other is not called.
tests::Outcome bench(std::vector<std::string> words, std::optional<config::Error> fails = {}) {
    words.insert(words.begin(), {"bench", "--model", "validator-scorer", "--random"});
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line(words);
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        if (!line) return 64;
        const auto generations = [](const auto&...) -> config::Result<generator::BenchReport> {
            return config::fail(generator::Errc::internal, "not that one");
        };
        const auto scores =
            [&](const generator::ScorerBenchOptions& options, const config::Score& settings,
                const std::stop_token&) -> config::Result<generator::ScorerBenchReport> {
            if (fails) return *fails;
            if (options.voxels != 6'000 || options.runs != 4 || options.threads != 3)
                return config::fail(generator::Errc::internal, "other options");
            return generator::ScorerBenchReport{.device = settings.device,
                                                .dtype = "fp16",
                                                .parameters = 681'000'000,
                                                .open = 1500,
                                                .fit = kTight,
                                                .words = kind(7, std::int64_t(1) << 30),
                                                .pictures = kind(3, std::int64_t(3) << 29)};
        };
        return int(miner::bench_command(*line, generations, scores, {}));
    });
}

const std::vector<std::string> kAsked{
    "--voxels", "6000", "--runs", "4", "--generator.threads", "3", "--score.device", "cuda:1"};

}  // namespace

TEST_CASE("the scorer's bench tells the first candidate from the later ones") {
    const auto outcome = bench(kAsked);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.out, Contains("validator-scorer with random weights on cuda:1 in fp16"));
    CHECK_THAT(outcome.out, Contains("needs about 1.5 GiB of 1.0 GiB free\n  may not fit: "));
    CHECK_THAT(outcome.out, Contains("a task's words in 7.0 ms; at most 1.00 GiB"));
    CHECK_THAT(outcome.out, Contains("a task's picture in 3.0 ms; at most 1.50 GiB"));
    CHECK_THAT(outcome.out, Contains("all                      90.0       40.0       50.0"));
}

TEST_CASE("the scorer's bench as JSON has every candidate of both kinds") {
    auto words = kAsked;
    words.push_back("--json");
    const auto outcome = bench(words);
    REQUIRE(outcome.exit_status.code == 0);
    const auto report = boost::json::parse(outcome.out);
    CHECK(report.at("voxels").as_int64() == 6'000);
    for (const char* each : {"words", "pictures"}) {
        const auto& runs = report.at(each).at("runs").as_array();
        REQUIRE(runs.size() == 4);
        CHECK(runs[0].at("ms").at("total").to_number<double>() == 90);
        CHECK(runs[0].at("ms").at("read").to_number<double>() == 5);
        CHECK(runs[1].at("gaussians").as_int64() == 192'000);
    }
    CHECK(report.at("words").at("ask_ms").to_number<double>() == 7);
}

TEST_CASE("a scorer's bench that fails says why, and with 75 that another may do") {
    const auto outcome =
        bench(kAsked, config::fail(generator::Errc::bad_device, "no GPU of that name"));
    CHECK(outcome.exit_status.code == int(miner::ExitCode::model));
    CHECK_THAT(outcome.err, Contains("no GPU of that name"));
    const auto full = config::fail(generator::Errc::out_of_memory, "as tested");
    CHECK(bench({"--score.device", "cuda:1"}, full).exit_status.code ==
          int(miner::ExitCode::device_lost));
    CHECK(bench({"--score.device", "cpu"}, full).exit_status.code == int(miner::ExitCode::model));
}

TEST_CASE("a bench of a model that fails ends with 75 where another may do, and else with 76") {
    const auto ended = [](const char* device, generator::Errc error) {
        return tests::run_forked([&] {
                   const auto parsed =
                       tests::parse_line({"bench", "--random", "--generator.device", device});
                   const auto* line = std::get_if<miner::CommandLine>(&parsed);
                   if (!line) return 64;
                   const auto fail = [&](const auto&...) -> config::Result<generator::BenchReport> {
                       return config::fail(error, "as tested");
                   };
                   return int(miner::bench_command(*line, fail, {}, {}));
               })
            .exit_status.code;
    };
    using generator::Errc;
    CHECK(ended("auto", Errc::device_lost) == int(miner::ExitCode::device_lost));
    CHECK(ended("cuda:0", Errc::out_of_memory) == int(miner::ExitCode::device_lost));
    CHECK(ended("cpu", Errc::out_of_memory) == int(miner::ExitCode::model));
    CHECK(ended("cuda:0", Errc::bad_device) == int(miner::ExitCode::model));
}
