// miner rehearse from the command line to the report, with a scripted generator.
#include "generator/image/decode.hpp"
#include "miner/cli/commands/commands.hpp"
#include "storage/database.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <sstream>

namespace {

namespace json = boost::json;

struct Rehearsal {
    tests::TemporaryFolder folder;
    std::filesystem::path database = folder.path() / "rehearsal" / "miner.db";

    // An opaque picture of one's own, which the scripted splats fulfil: dense enough, and there is
    // nothing to compare them with.
    tests::Outcome run(std::vector<std::string> more) const {
        const auto pictures = folder.path() / "pictures";
        std::filesystem::create_directories(pictures);
        const auto png = generator::encode_png({16, 16, 3, std::vector<std::uint8_t>(768, 90)});
        std::ofstream(pictures / "plain.png", std::ios::binary)
            .write(reinterpret_cast<const char*>(png.data()), std::streamsize(png.size()));
        std::vector<std::string> words{"miner",
                                       "rehearse",
                                       "--storage.path",
                                       folder.path().string(),
                                       "--pictures",
                                       pictures.string(),
                                       "--gate.min_gaussians",
                                       "8000",
                                       "--schedule.failure_delay",
                                       "1"};
        words.insert(words.end(), more.begin(), more.end());
        std::vector<const char*> argv;
        for (const auto& word : words) argv.push_back(word.c_str());
        auto parsed =
            miner::parse(int(argv.size()), argv.data(), {}, std::chrono::system_clock::now());
        if (const auto* over = std::get_if<miner::Exit>(&parsed)) FAIL(over->text);
        const auto script = std::make_shared<tests::Script>();
        script->voxels = {300};  // 9600 Gaussians
        return tests::run_forked([&] {
            return int(miner::rehearse_command(std::get<miner::CommandLine>(parsed),
                                               tests::make_fake(script), {}));
        });
    }
};

// A journal that refuses some steps, as a full disk would: "INSERT ON tasks".
void refuse(const std::filesystem::path& file, const std::string& step) {
    std::filesystem::create_directories(file.parent_path());
    REQUIRE(storage::Database::open(file).has_value());
    tests::Outsider(file).change("CREATE TRIGGER broken BEFORE " + step +
                                 " BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END");
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::vector<std::string> lines_with(const std::string& text, std::string_view part) {
    std::vector<std::string> found;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        if (has(line, part)) found.push_back(line);
    return found;
}

}  // namespace

TEST_CASE("the report as JSON is all that stands on standard output") {
    const Rehearsal rehearsal;
    const auto done = rehearsal.run({"--tasks", "3", "--json"});
    INFO(done.out << done.err);
    REQUIRE(done.exit_status.code == 0);
    CHECK(done.out.ends_with("}\n"));
    CHECK(std::count(done.out.begin(), done.out.end(), '\n') == 1);
    const auto report = json::parse(done.out);
    CHECK(report.at("go") == true);
    const auto& checklist = report.at("checklist").as_array();
    REQUIRE(checklist.size() >= 7);
    for (const auto& check : checklist) {
        CHECK_FALSE(check.at("check").as_string().empty());
        CHECK_FALSE(check.at("found").as_string().empty());
        CHECK((check.at("state") == "ok" || check.at("state") == "note"));
    }
    CHECK(report.at("statistics").at("all").at("generations") == 3);
    CHECK(report.at("statistics").at("all").at("accepted") == 3);
    CHECK(has(std::string(report.at("scored_by").as_string()), "the true object"));
    const auto& tasks = report.at("tasks").as_array();
    REQUIRE(tasks.size() == 3);
    for (const auto& task : tasks) {
        CHECK(task.at("kind") == "image");
        CHECK(task.at("name") == "plain");
        CHECK(task.at("score_is") == "density");
        CHECK(task.at("recorded").at("task_id") == task.at("task_id"));
        CHECK(task.at("recorded").at("outcome") == "passed");
        CHECK(task.at("recorded").at("score").as_double() > 0.9);
    }
    CHECK(report.at("database").as_string() == rehearsal.database.string());
    CHECK(std::filesystem::exists(std::string(report.at("contact_sheet").as_string())));
    // The same for people, beside it.
    for (const auto* words : {"  3/3  ", "density 1.00", "the true object", "Verdict: GO"})
        CHECK(has(done.err, words));
}

TEST_CASE("a prompt's result that shows something else is judged by the truth, and refused") {
    const Rehearsal rehearsal;
    const auto done = rehearsal.run({"--tasks", "1", "--rehearse.text_share", "1", "--json"});
    INFO(done.out << done.err);
    CHECK(done.exit_status.code == int(miner::ExitCode::no_go));
    const auto report = json::parse(done.out);
    const auto& task = report.at("tasks").at(0);
    CHECK(task.at("kind") == "text");
    CHECK(task.at("score_is") == "truth");
    CHECK(task.at("recorded").at("outcome") == "passed");  // dense enough for the gate
    CHECK(task.at("recorded").at("score").as_double() == 0);
    CHECK(report.at("statistics").at("all").at("accepted") == 0);
}

TEST_CASE("without --json the report is for people, and says what the scores are") {
    const Rehearsal rehearsal;
    const auto done = rehearsal.run({"--tasks", "2"});
    INFO(done.out << done.err);
    CHECK(done.exit_status.code == 0);
    CHECK(lines_with(done.out, "density 1.00").size() == 2);
    CHECK_FALSE(lines_with(done.out, "Scores are the rehearsal's stand-in").empty());
    CHECK(has(done.out, "Verdict: GO"));
    CHECK_FALSE(has(done.out, "{"));
}

TEST_CASE("results that the journal could not keep are errors of the rehearsal") {
    const Rehearsal rehearsal;
    refuse(rehearsal.database, "UPDATE OF outcome ON tasks");
    const auto done = rehearsal.run({"--tasks", "2", "--json"});
    INFO(done.out << done.err);
    CHECK(done.exit_status.code == int(miner::ExitCode::no_go));
    const auto report = json::parse(done.out);
    CHECK(report.at("go") == false);
    const auto& checklist = report.at("checklist").as_array();
    const auto errors = std::find_if(checklist.begin(), checklist.end(), [](const auto& check) {
        return check.at("check") == "no errors";
    });
    REQUIRE(errors != checklist.end());
    CHECK(errors->at("state") == "fail");
    CHECK(has(std::string(errors->at("found").as_string()), "errors in the log"));
    CHECK(has(std::string(errors->at("found").as_string()), "database not writable"));
    CHECK(has(done.err, "database or disk is full"));
    CHECK(has(done.err, "not recorded"));
}

TEST_CASE("a rehearsal whose journal takes nothing ends, and says no-go") {
    const Rehearsal rehearsal;
    refuse(rehearsal.database, "INSERT ON tasks");
    const auto done = rehearsal.run({"--tasks", "2"});
    INFO(done.out << done.err);
    CHECK(done.exit_status.code == int(miner::ExitCode::no_go));
    CHECK(lines_with(done.out, "not done").size() == 2);
    CHECK(lines_with(done.out, "FAIL  no errors").size() == 1);
    CHECK(has(done.out, "Verdict: NO-GO"));
}

TEST_CASE("each task of a rehearsal with faults has a line") {
    const Rehearsal rehearsal;
    const auto done = rehearsal.run({"--tasks", "6", "--faults", "drop,refuse"});
    INFO(done.out << done.err);
    for (int task = 1; task <= 6; ++task)
        CHECK_FALSE(lines_with(done.out, "  " + std::to_string(task) + "/6  ").empty());
    // Each of the faults that hit a pull or an answer has one, too.
    CHECK(lines_with(done.out, "not reached").size() + lines_with(done.out, "no answer").size() >=
          2);
}
