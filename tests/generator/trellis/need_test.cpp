#include "generator/trellis/need.hpp"

#include "generator/bench.hpp"
#include "generator/errc.hpp"
#include "generator/nano/embedded.hpp"
#include "generator/trellis/trellis.hpp"
#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("the weights of a checkpoint are counted from its headers as the generator counts them") {
    config::Generator settings;  // the embedded model, whose two pipelines share networks
    settings.device = "cpu";
    settings.matting = "never";
    const auto made = generator::make_trellis(settings).value();
    const auto half = generator::memory_need(settings).value();
    CHECK(half.weights == 2 * made->info().parameters);
    settings.dtype = "fp32";
    const auto full = generator::memory_need(settings).value();
    CHECK(full.weights == 2 * half.weights);
    CHECK(full.workspace > half.workspace);
    CHECK(full.overhead == half.overhead);
}

TEST_CASE("the need of a checkpoint that is not there names the file") {
    config::Generator settings;
    settings.model = "/nonexistent";
    const auto need = generator::memory_need(settings);
    REQUIRE_FALSE(need.has_value());
    CHECK(need.error().code == generator::Errc::missing_file);
    CHECK(need.error().detail.find("/nonexistent/pipeline.json") != std::string::npos);
}

TEST_CASE("on a CPU there is nothing to fit into") {
    CHECK_FALSE(generator::look_whether_it_fits({std::int64_t(1) << 60, 0, 0}, {}).has_value());
}
