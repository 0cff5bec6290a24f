#include "generator/bench.hpp"

#include "generator/errc.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

config::Generator on_cpu() {
    config::Generator settings;
    settings.device = "cpu";
    settings.dtype = "bf16";
    return settings;
}

using Sizes = std::map<std::string, std::int64_t>;

// One step over few voxels: building the networks is most of it.
generator::BenchReport run_small(const std::string& model, int runs) {
    auto report = generator::bench_random({.model = model, .voxels = 300, .steps = 1, .runs = runs},
                                          on_cpu(), {});
    REQUIRE(report.has_value());
    CHECK(report->peaks.most() > 0);
    REQUIRE(report->new_shapes.size() == std::size_t(runs));
    for (const auto& task : report->new_shapes) {
        CHECK(task.gaussians == task.voxels * 32);
        CHECK(task.bytes > 0);
        const auto& times = task.times;
        const double stages = times.encode + times.structure + times.occupancy + times.latent +
                              times.gaussians + times.compress;
        CHECK(task.total >= stages);
        CHECK(std::min({times.structure, times.occupancy, times.latent, times.gaussians}) > 0);
    }
    return *report;
}

Sizes sizes_of(const std::vector<generator::BenchNetwork>& networks) {
    Sizes sizes;
    for (const auto& network : networks) sizes[network.name] = network.parameters;
    return sizes;
}

Sizes sizes_of(const std::string& model) {
    return sizes_of(generator::bench_networks(model).value());
}

// The decoders are the same for pictures and for prompts; CLIP's text tower is as the hub has it.
Sizes text_sizes(std::int64_t structure, std::int64_t latent) {
    return {{"text encoder", 123'060'480},
            {"structure flow", structure},
            {"structure decoder", 73'671'201},
            {"latent flow", latent},
            {"Gaussian decoder", 85'369'024}};
}

}  // namespace

TEST_CASE("an architecture that is not known is refused with those that are") {
    CHECK(generator::bench_networks("trellis-2").error().code == generator::Errc::missing_file);
    const auto none = generator::bench_random({.model = "trellis-2"}, on_cpu(), {});
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == generator::Errc::missing_file);
    CHECK(none.error().detail.find("trellis-image-large") != std::string::npos);
}

TEST_CASE("all four published architectures are known") {
    const auto known = generator::bench_models();
    for (const char* name :
         {"trellis-image-large", "trellis-text-base", "trellis-text-large", "trellis-text-xlarge"})
        CHECK(std::count(known.begin(), known.end(), name) == 1);
}

// Published (arXiv 2412.01506, supplement, and the model cards): flows of 157 + 185 M (base),
// 543 + 588 M (large), 975 + 1,073 M (xlarge) for prompts, 556 + 600 M for pictures; decoders of
// 73.7 M and 85.4 M.
TEST_CASE("the published architectures have their sizes") {
    CHECK(sizes_of("trellis-text-base") == text_sizes(156'726'536, 185'364'616));
    CHECK(sizes_of("trellis-text-large") == text_sizes(542'960'648, 587'849'608));
    CHECK(sizes_of("trellis-text-xlarge") == text_sizes(975'368'968, 1'073'414'408));
    CHECK(sizes_of("trellis-image-large") ==
          Sizes{{"picture encoder", 304'371'712},  // 304 M; its mask token is for training
                {"structure flow", 555'543'560},
                {"structure decoder", 73'671'201},
                {"latent flow", 600'432'520},
                {"Gaussian decoder", 85'369'024}});
}

TEST_CASE("the smallest published architecture has its size and runs through, in new shapes") {
    const auto report = run_small("trellis-text-base", 3);
    CHECK(sizes_of(report.networks) == sizes_of("trellis-text-base"));
    std::set<std::int64_t> voxels;
    for (const auto& task : report.new_shapes) {
        CHECK(std::abs(task.voxels - 300) <= 30);
        voxels.insert(task.voxels);
    }
    CHECK(voxels.size() == 3);
    REQUIRE(report.once_more.size() == 3);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(report.once_more[i].voxels == report.new_shapes[i].voxels);
}

// Some GB and half a minute each: not with the others.
TEST_CASE("the large published architectures run through", "[.][slow]") {
    for (const char* model : {"trellis-text-large", "trellis-text-xlarge", "trellis-image-large"})
        CHECK(sizes_of(run_small(model, 1).networks) == sizes_of(model));
}
