#include "generator/render/project.hpp"

#include "tests/generator/render/render_cases.hpp"

#include <map>
#include <numbers>

TEST_CASE("centres and conics are gsplat's, and what it culls is culled") {
    for (const char* file : {"gsplat/random_300.safetensors", "gsplat/shell_5000.safetensors"}) {
        INFO(file);
        const tests::GoldenScene scene(file);
        const auto projection = generator::project(scene.gaussians(), scene.camera, {}, 2);
        const auto visible = tests::golden_tensor<std::uint8_t>(file, "visible");
        const auto centre = tests::golden_rows<2>(file, "projected_centre");
        const auto conic = tests::golden_rows<3>(file, "projected_conic");
        std::map<std::size_t, generator::Ellipse> drawn;
        for (std::size_t i = 0; i < projection.order.size(); ++i) {
            drawn[projection.order[i]] = projection.ellipses[i];
        }
        CHECK(drawn.size() == projection.order.size());
        for (std::size_t i = 0; i < visible.size(); ++i) {
            INFO("Gaussian " << i);
            REQUIRE(drawn.contains(i) == bool(visible[i]));
            if (!visible[i]) continue;
            const auto& e = drawn[i];
            CHECK(e.x == Approx(centre[i][0]).epsilon(1e-6).margin(1e-5));
            CHECK(e.y == Approx(centre[i][1]).epsilon(1e-6).margin(1e-5));
            // The squares multiplied out.
            const double across = e.across * 2 / std::numbers::log2e;
            const double down = e.down * 2 / std::numbers::log2e;
            const double size = std::abs(conic[i][0]) + std::abs(conic[i][2]);
            CHECK(std::abs(across - conic[i][0]) < 2e-6 * size);
            CHECK(std::abs(-across * e.shear - conic[i][1]) < 2e-6 * size);
            CHECK(std::abs(down + across * e.shear * e.shear - conic[i][2]) < 2e-6 * size);
        }
    }
}

TEST_CASE("ellipses come near to far, equal depths by index") {
    const tests::GoldenScene scene("gsplat/random_300.safetensors");
    const auto projection = generator::project(scene.gaussians(), scene.camera, {}, 1);
    int ties = 0;
    for (std::size_t i = 1; i < projection.order.size(); ++i) {
        const auto before = projection.order[i - 1], after = projection.order[i];
        const float z = projection.ellipses[i - 1].z, next = projection.ellipses[i].z;
        REQUIRE((z < next || (z == next && before < after)));
        ties += z == next;
    }
    CHECK(ties > 0);
}
