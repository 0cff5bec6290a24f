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
        .content = [this](const BatchInput& input) { return hashed(inputs, input.label); },
        .result = [this](const std::string& file) { return hashed(results, file); }};

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
    disk.inputs.erase("chair.png");
    CHECK(open(line));
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
