// A device of several whose memory runs out, as another program fills it.
#include "generator/errc.hpp"
#include "miner/generation/production.hpp"
#include "tests/miner/generation/pool_bench.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

using Step = miner::MemoryWatch::Step;
using storage::Outcome;

namespace {

struct TwoDevices : tests::PoolBench {
    std::shared_ptr<tests::Script> full = std::make_shared<tests::Script>(),
                                   other = std::make_shared<tests::Script>();

    TwoDevices() {
        settings.generator.devices = {"cuda:0", "cuda:1"};
        settings.gate.attempts = 1;
        scripts = {{"cuda:0", full}, {"cuda:1", other}};
        for (auto& [device, own] : scripts) {
            own->device = device;
            own->voxels = {100};
            own->failure = generator::Errc::out_of_memory;
        }
    }
};

}  // namespace

TEST_CASE("a device whose memory runs out leaves its task to one that has room") {
    TwoDevices bench;
    SECTION("for the cut") {
        bench.request = tests::opaque_png();
        bench.full->no_room_to_cut = std::vector<bool>{true};
    }
    SECTION("for the structure") { bench.full->voxels = {-1}; }
    SECTION("for the splats") { bench.full->full = std::vector<bool>{true}; }
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.backend == "cuda:1");
    CHECK(result.attempts.size() == 1);
    CHECK(result.ran_out_at == std::set<std::string>{"cuda:0"});
    CHECK(bench.other->stage2_runs == 1);
    CHECK(bench.says("out of memory task=t device=cuda:0"));
}

TEST_CASE("a task for which no device has room ends as an error, once each has tried twice") {
    TwoDevices bench;
    bench.full->voxels = {-1};
    bench.other->voxels = {-1};
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::decided);
    CHECK(result.outcome == Outcome::error);
    CHECK(result.ran_out_at == std::set<std::string>{"cuda:0", "cuda:1"});
    CHECK(bench.full->stage1_runs == 2);
    CHECK(bench.other->stage1_runs == 2);
}

TEST_CASE("a device without room in task after task is complained of, though another has room") {
    TwoDevices bench;
    bench.full->voxels = {-1};
    // So that the other one's results do not draw all tasks there before the third is tried here.
    bench.other->held = true;
    std::thread release([&] {
        CHECK(tests::eventually([&] { return bench.full->stage1_runs >= 6; }));
        bench.other->held = false;
    });
    const auto results = bench.produce(8);
    release.join();
    for (const auto& result : results) CHECK(result.outcome == Outcome::passed);
    CHECK(bench.says("memory does not suffice device=cuda:0"));
    CHECK_FALSE(bench.says("memory does not suffice device=cuda:1"));
    CHECK(bench.told_memory.empty());  // as every task has its result
}

TEST_CASE("when no device has room in task after task it is told once that nothing is earned") {
    TwoDevices bench;
    bench.full->voxels = {-1};
    bench.other->voxels = {-1};
    bench.produce(8);
    CHECK(bench.says("memory does not suffice device=cuda:0"));
    CHECK(bench.says("memory does not suffice device=cuda:1"));
    CHECK(bench.told_memory == std::vector<Step>{Step::complain});
}
