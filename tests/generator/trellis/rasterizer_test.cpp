#include "generator/render/rasterizer.hpp"

#include "generator/errc.hpp"
#include "generator/trellis/gpu_probe.hpp"
#include "tests/generator/render/render_cases.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("each device has a rasterizer, and what is none is refused by its name") {
    const tests::GoldenScene scene("gsplat/random_300.safetensors");
    const auto want = generator::rasterize(scene.gaussians(), scene.camera).value();
    const auto on_cpu = generator::rasterizer_on("cpu").value();
    CHECK(on_cpu(scene.gaussians(), scene.camera).value().colour == want.colour);
    for (const auto* device : {"cuda:x", "gpu", "", "cuda:99"}) {
        const auto refused = generator::rasterizer_on(device);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == generator::Errc::bad_device);
        CHECK(refused.error().detail.find("'" + std::string(device) + "'") != std::string::npos);
    }
    if (generator::probe_gpus().cuda == 0)
        CHECK(generator::rasterizer_on("cuda").error().detail.find("built without CUDA") !=
              std::string::npos);
}
