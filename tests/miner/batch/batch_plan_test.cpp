// What counts of an earlier run, and what is made again.
#include "miner/batch/plan.hpp"

#include "config/digest.hpp"
#include "miner/batch/errc.hpp"
#include "miner/batch/names.hpp"
#include "tests/support/catch.hpp"

#include <map>

namespace {

using miner::BatchErrc;
using miner::BatchInput;
using miner::ManifestLine;

BatchInput picture(const std::string& path) {
    return {.label = path,
            .file = path,
            .name = std::filesystem::path(path).stem().string(),
            .seed = {},
            .fault = {}};
}

// Inputs' and results' contents as a test has them, in place of a disk.
struct Disk {
    std::map<std::string, std::string> inputs, results;
    miner::PlanQuestion question{
        .settings = "now",
        .seed = 7U,
        .drawn = 99,
        .folder = "out",
        .content = [this](const BatchInput& input) -> config::Result<std::string> {
            if (auto content = hashed(inputs, input.label)) return *content;
            return config::fail(BatchErrc::unreadable, "gone");
        },
        .result = [this](const std::string& file) -> config::Result<std::optional<std::string>> {
            if (file == broken) return config::fail(BatchErrc::unreadable, "bad sector");
            return hashed(results, file);
        }};
    std::string broken;  // a result that cannot be read

    Disk() = default;
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    static std::optional<std::string> hashed(const std::map<std::string, std::string>& from,
                                             const std::string& name) {
        const auto found = from.find(name);
        if (found == from.end()) return std::nullopt;
        return config::sha256(found->second);
    }

    // As a run of before left it.
    ManifestLine made(const std::string& path, const std::string& file,
                      std::uint64_t batch_seed = 7) {
        inputs[path] = "content of " + path;
        results[file] = "splats in " + file;
        ManifestLine line;
        line.input = path;
        line.content = *hashed(inputs, path);
        line.batch_seed = batch_seed;
        line.seed = miner::seed_for(batch_seed, line.content);
        line.settings = "now";
        line.outcome = "passed";
        line.file = file;
        line.sha256 = *hashed(results, file);
        return line;
    }

    miner::BatchPlan plan(std::vector<BatchInput> asked, const std::vector<ManifestLine>& lines) {
        return miner::plan_batch(std::move(asked), lines, question).value();
    }
};

}  // namespace

TEST_CASE("without a manifest all is to be made, under names that differ") {
    Disk disk;
    const auto plan = disk.plan({picture("a/chair.png"), picture("b/Chair.jpg"),
                                 picture("../../etc/table.png"), picture("a/chair.png")},
                                {});
    std::vector<std::string> names;
    for (const auto& item : plan.items) {
        CHECK_FALSE(item.line);
        names.push_back(item.name);
    }
    CHECK(names == std::vector<std::string>{"chair", "Chair-2", "table", "chair-3"});
    CHECK(plan.seed == 7);
}

TEST_CASE("a result counts while its line and its file agree, and keeps its name") {
    Disk disk;
    const auto b = disk.made("b/chair.jpg", "chair-2.spz");
    const auto plan =
        disk.plan({picture("a/chair.png"), picture("b/chair.jpg"), picture("c/chair.webp")}, {b});
    CHECK_FALSE(plan.items[0].line);
    REQUIRE(plan.items[1].line);
    CHECK(plan.items[1].name == "chair-2");
    CHECK_FALSE(plan.items[2].line);
    // As in a run that nobody stopped.
    CHECK(plan.items[0].name == "chair");
    CHECK(plan.items[2].name == "chair-3");
    CHECK(plan.again.empty());
}

TEST_CASE("what has changed since is made again") {
    Disk disk;
    const auto line = disk.made("chair.png", "chair.spz");
    const auto open = [&](const ManifestLine& is) {
        const auto plan = disk.plan({picture("chair.png")}, {is});
        CHECK(plan.again == (plan.items[0].line ? std::vector<std::string>()
                                                : std::vector<std::string>{"chair.png"}));
        CHECK(plan.items[0].name == "chair");
        return !plan.items[0].line;
    };
    CHECK_FALSE(open(line));
    auto other = line;
    other.sha256[0] = other.sha256[0] == 'a' ? 'b' : 'a';
    CHECK(open(other));
    other = line;
    ++other.seed;
    CHECK(open(other));
    disk.results.erase("chair.spz");
    CHECK(open(line));
    disk.results["chair.spz"] = "splats in chair.spz";
    CHECK_FALSE(open(line));
    disk.inputs["chair.png"] = "another picture";
    CHECK(open(line));
}

TEST_CASE("the record of a result stays while its input, or itself, cannot be read") {
    Disk disk;
    const auto line = disk.made("chair.png", "chair.spz"), other = disk.made("a.png", "a.spz");
    auto rejected = disk.made("b.png", "b.spz");
    rejected.file = {};
    rejected.outcome = "rejected";
    const auto kept = [&] {
        auto plan = disk.plan({picture("chair.png"), picture("a.png"), picture("b.png")},
                              {line, other, rejected});
        CHECK(plan.again.empty());
        CHECK(plan.items[0].name == "chair");
        // As the maker does it with what has a fault.
        for (auto& item : plan.items) {
            if (item.line) continue;
            CHECK_FALSE(item.input.fault.empty());
            item.line = ManifestLine();
            item.line->outcome = "error";
        }
        std::vector<std::string> inputs;
        for (const auto& each : miner::record_of(plan))
            if (each.is_decided()) inputs.push_back(each.input);
        return inputs;
    };
    const std::vector<std::string> all{"chair.png", "a.png", "b.png"};
    CHECK(kept() == all);
    disk.broken = "a.spz";
    CHECK(kept() == all);
    disk.inputs.clear();
    CHECK(kept() == all);
    const auto plan = disk.plan({picture("chair.png"), picture("a.png")}, {line, other});
    CHECK_THAT(plan.items[0].input.fault, Catch::Contains("gone; its result stays"));
    CHECK_THAT(plan.items[1].input.fault,
               Catch::Contains("its result a.spz: cannot be read: bad sector"));
}

TEST_CASE("an old line goes when the result of a changed input is in its file's place") {
    Disk disk;
    const auto old = disk.made("chair.png", "chair.spz");
    disk.inputs["chair.png"] = "another picture";
    auto plan = disk.plan({picture("chair.png")}, {old});
    auto& item = plan.items[0];
    REQUIRE(item.before);
    CHECK(miner::record_of(plan).size() == 1);
    item.line = disk.made("chair.png", "chair.spz");
    item.line->outcome = "error";
    item.line->file = {};
    CHECK(miner::record_of(plan).size() == 2);
    item.line->outcome = "rejected";  // its file is there all the same
    CHECK(miner::record_of(plan).size() == 2);
    disk.inputs["chair.png"] = "another picture";
    disk.results["chair.spz"] = "new splats";
    item.line->outcome = "passed";
    item.line->file = "chair.spz";
    item.line->content = config::sha256("another picture");
    item.line->seed = miner::seed_for(7, item.line->content);
    item.line->sha256 = config::sha256("new splats");
    const auto record = miner::record_of(plan);
    REQUIRE(record.size() == 1);
    CHECK(record[0].sha256 == item.line->sha256);
    // A run that was killed leaves both.
    const auto resumed = disk.plan({picture("chair.png")}, {old, record[0]});
    CHECK(resumed.items[0].line);
    CHECK(resumed.others.empty());
    // The gate may have rejected one in between, of which the line is ahead.
    auto rejected = disk.made("chair.png", "chair.spz");
    rejected.content = config::sha256("a picture in between");
    rejected.outcome = "rejected";
    rejected.file = rejected.sha256 = {};
    disk.inputs["chair.png"] = "a third picture";
    const auto third = disk.plan({picture("chair.png")}, {rejected, old});
    CHECK(third.items[0].name == "chair");
    CHECK(third.items[0].before->file == "chair.spz");
    CHECK(third.others.empty());
}

TEST_CASE("a result stays when another folder has a picture of that name") {
    Disk disk;
    auto line = disk.made("001.png", "001.spz");
    line.origin = "one folder";
    disk.inputs["001.png"] = "another picture";
    auto input = picture("001.png");
    input.origin = "another folder";
    const auto plan = disk.plan({input}, {line});
    CHECK_FALSE(plan.items[0].line);
    CHECK(plan.items[0].name == "001-2");
    CHECK(plan.again.empty());
    CHECK(plan.others.size() == 1);
    // The same picture there is no other; it stays that folder's, as later it may become one.
    disk.inputs["001.png"] = "content of 001.png";
    const auto same = disk.plan({input}, {line});
    REQUIRE(same.items[0].line);
    CHECK(same.items[0].line->origin == "one folder");
    disk.inputs["001.png"] = "another picture";
    const auto changed = disk.plan({input}, miner::record_of(same));
    CHECK(changed.items[0].name == "001-2");
    CHECK(changed.others.size() == 1);
    // Of one that tells no folder, what it is asked for as is known from now on.
    disk.inputs["001.png"] = "content of 001.png";
    line.origin = {};
    CHECK(disk.plan({input}, {line}).items[0].line->origin == "another folder");
}

TEST_CASE("results are found by what they are of, in whatever order and under whatever name") {
    Disk disk;
    std::vector<ManifestLine> lines;
    std::vector<BatchInput> inputs;
    for (const std::uint64_t seed : {1, 2, 3}) {
        auto& line =
            lines.emplace_back(disk.made("chair.png", "chair-" + std::to_string(seed) + ".spz"));
        line.seed = seed;
        inputs.push_back(picture("chair.png"));
        inputs.back().seed = seed;
    }
    // As each ended: the second was never made.
    const auto plan = disk.plan(inputs, {lines[2], lines[0]});
    CHECK(plan.again.empty());
    CHECK(plan.items[0].line->file == "chair-1.spz");
    CHECK_FALSE(plan.items[1].line);
    CHECK(plan.items[2].line->file == "chair-3.spz");

    // One that was renamed is what it was; of two alike each takes its own.
    disk.inputs["stool.png"] = disk.inputs["chair.png"];
    auto stool = picture("stool.png");
    stool.seed = 1;
    CHECK(disk.plan({stool}, {lines[0]}).items[0].line->input == "stool.png");
    const auto both = disk.plan({stool, inputs[0]}, {lines[0]});
    CHECK_FALSE(both.items[0].line);
    CHECK(both.items[1].line);
}

TEST_CASE("what failed is tried again, and what the gate rejected is not") {
    Disk disk;
    auto failed = disk.made("a.png", "a.spz"), rejected = disk.made("b.png", "b.spz");
    failed.file = rejected.file = {};
    failed.outcome = "error";
    rejected.outcome = "rejected";
    disk.results.clear();
    const auto plan = disk.plan({picture("a.png"), picture("b.png")}, {failed, rejected});
    CHECK_FALSE(plan.items[0].line);
    CHECK(plan.items[1].line);
    CHECK(plan.others.empty());
}

TEST_CASE("an input with a seed of its own has that, also when it is given later") {
    Disk disk;
    const auto line = disk.made("a.png", "a.spz");
    auto input = picture("a.png");
    input.seed = 11;
    CHECK_FALSE(disk.plan({input}, {line}).items[0].line);
    auto seeded = line;
    seeded.seed = 11;
    CHECK(disk.plan({input}, {seeded}).items[0].line);
    CHECK_FALSE(disk.plan({picture("a.png")}, {seeded}).items[0].line);
}

TEST_CASE("the same input asked for twice takes two lines") {
    Disk disk;
    const auto first = disk.made("a.png", "a.spz"), second = disk.made("a.png", "a-2.spz");
    const auto both =
        disk.plan({picture("a.png"), picture("a.png"), picture("a.png")}, {first, second});
    CHECK(both.items[0].name == "a");
    CHECK(both.items[1].name == "a-2");
    CHECK_FALSE(both.items[2].line);
    CHECK(both.items[2].name == "a-3");
}

TEST_CASE("results of inputs that nobody asks for any more stay, and so do their names") {
    Disk disk;
    const auto gone = disk.made("old/chair.png", "chair.spz");
    const auto plan = disk.plan({picture("chair.png")}, {gone});
    REQUIRE(plan.others.size() == 1);
    CHECK(plan.others[0].input == "old/chair.png");
    CHECK(plan.items[0].name == "chair-2");
}

TEST_CASE("a folder of other settings or of another seed is refused") {
    Disk disk;
    auto line = disk.made("a.png", "a.spz");
    line.settings = "before";
    const auto refused = miner::plan_batch({picture("a.png")}, {line}, disk.question);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == BatchErrc::other_settings);
    CHECK_THAT(refused.error().detail, Catch::Contains("other settings (before; these are now)"));

    const auto eight = disk.made("a.png", "a.spz", 8);
    CHECK_THAT(miner::plan_batch({picture("a.png")}, {eight}, disk.question).error().detail,
               Catch::Contains("--seed 8, not of 7"));
    // Who names none goes on with what was.
    disk.question.seed.reset();
    CHECK(disk.plan({picture("a.png")}, {eight}).seed == 8);
    CHECK(disk.plan({picture("a.png")}, {}).seed == 99);
}

TEST_CASE("settings decide the bytes unless they are a matter of the machine, and are told apart") {
    const miner::BatchForm form;
    const config::Settings before;
    const auto text = miner::decisive_settings(before, form);
    const auto changes = [&](const config::Settings& now, const miner::BatchForm& as = {}) {
        return miner::changed_settings(text, miner::decisive_settings(now, as));
    };
    CHECK(changes(before).empty());
    auto now = before;
    now.generator.device = "cuda:1";
    now.generator.threads = 3;
    now.generator.remote = {"http://gpu1:10006"};
    now.generator.remote_token = "secret-secret-secret";
    now.generator.deadline = std::chrono::seconds(7);
    now.generator.max_pixels = 20'000'000;
    now.generator.seed = 5;
    now.storage.path = "/elsewhere";
    now.candidates.most = 1;
    CHECK(changes(now).empty());
    now.gate.min_gaussians = 1;
    now.export_.fraction_bits = 12;
    now.generator.model = "/models/other";
    now.enhance.standard = {};
    CHECK(changes(now) == std::vector<std::string>{"enhance.standard", "export.fraction_bits",
                                                   "gate.min_gaussians", "generator.model"});
    CHECK(changes(before, {.format = generator::SplatFormat::glb, .up = "y"}) ==
          std::vector<std::string>{"--format"});
    CHECK(changes(before, {.up = "trellis"}) == std::vector<std::string>{"--up"});
}
