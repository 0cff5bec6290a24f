// miner tune from the command line to its words, on a database that a journal wrote.
#include "miner/cli/commands/commands.hpp"
#include "storage/journal.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Catch::Contains;

class Scene {
public:
    // 30 dense results were accepted, 12 sparse ones refused.
    Scene() {
        const auto database = storage::Database::open(file()).value();
        storage::Journal journal(*database, "0.1", "hash", 0);
        for (int i = 0; i < 42; ++i) {
            const bool dense = i < 30;
            const auto row =
                journal.pulled({"us", "them", std::to_string(i), "image", "p", 1000 + i})
                    .value()
                    .row;
            REQUIRE(journal.attempted(row, {.gaussians = dense ? 300'000 : 10'000,
                                            .outcome = storage::AttemptOutcome::passed}));
            REQUIRE(journal.finished(row, {.outcome = storage::Outcome::passed,
                                           .attempt = 1,
                                           .asset = std::string(64, 'a'),
                                           .bytes = 10,
                                           .detail = {},
                                           .at = 2000}));
            REQUIRE(journal.submitting(row, 3000));
            REQUIRE(
                journal.answered(row, {.feedback = true, .score = dense ? 0.8 : 0, .at = 4000}));
        }
    }

    std::filesystem::path file() const { return folder_.path() / "miner.db"; }
    std::string content() const {
        std::ostringstream text;
        text << std::ifstream(file(), std::ios::binary).rdbuf();
        return text.str();
    }

    tests::Outcome run(const std::vector<std::string>& more) const {
        std::vector<const char*> argv{"miner", "tune"};
        for (const auto& word : more) argv.push_back(word.c_str());
        auto parsed =
            miner::parse(int(argv.size()), argv.data(), {}, std::chrono::system_clock::now());
        if (const auto* over = std::get_if<miner::Exit>(&parsed)) FAIL(over->text);
        const auto& line = std::get<miner::CommandLine>(parsed);
        return tests::run_forked([&] { return int(miner::tune_command(line)); });
    }

private:
    tests::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("tune proposes from the database with words to copy, and changes nothing") {
    Scene scene;
    const auto before = scene.content();
    const auto told = scene.run({"--db", scene.file().string()});
    INFO(told.out << told.err);
    CHECK(told.exit_status.code == 0);
    CHECK_THAT(told.out, Contains("42 tasks, 1970-01-01 00:00"));
    CHECK_THAT(told.out, Contains("30 of 42 (71.4 %"));
    CHECK_THAT(told.out, Contains("7000 -> 15000"));
    CHECK_THAT(told.out, Contains("\n    --gate.floor 15000\n"));
    CHECK_THAT(told.out, Contains("\n[gate]\nfloor = 15000\n"));
    CHECK(scene.content() == before);
}

TEST_CASE("tune goes by the settings at present, and by the tasks that were asked for") {
    Scene scene;
    const auto json = [&](const std::vector<std::string>& more) {
        auto words = more;
        for (const auto& word : {std::string("--json"), std::string("--db"), scene.file().string()})
            words.push_back(word);
        const auto told = scene.run(words);
        INFO(told.out << told.err);
        CHECK(told.exit_status.code == 0);
        CHECK(told.out.find('\n') == told.out.size() - 1);
        return boost::json::parse(told.out);
    };
    CHECK(json({}).at("flags") == "--gate.floor 15000");
    const auto set = json({"--gate.floor", "15000"});
    CHECK(set.at("flags") == "");
    CHECK(set.at("advice").at(1).at("present") == "15000");
    CHECK(json({"--last", "12"}).at("accepted").at("part") == 0);
    CHECK(json({"--hotkey", "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B"}).at("tasks") == 0);
}

TEST_CASE("without a database tune says so") {
    Scene scene;
    const auto told = scene.run({"--db", scene.file().string() + ".absent"});
    CHECK(told.exit_status.code == int(miner::ExitCode::storage));
    CHECK(told.out.empty());
    CHECK_THAT(told.err, Contains("tune"));
}
