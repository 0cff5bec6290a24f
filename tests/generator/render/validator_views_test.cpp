#include "generator/render/validator_views.hpp"

#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "tests/generator/render/render_cases.hpp"
#include "tests/generator/splat/splat_cases.hpp"

TEST_CASE("a validator's fifteen pictures are the golden ones where these are known") {
    const auto splats = tests::golden_ply("gsplat/hamburger.ply");
    const auto views = generator::validator_views(
        splats, [](const generator::Gaussians& gaussians, const generator::Camera& camera) {
            return generator::rasterize(gaussians, camera);
        });
    REQUIRE(views.has_value());
    REQUIRE(views->size() + 1 == std::size_t(generator::kValidatorViews));
    for (const auto& view : *views) {
        CHECK(view.width == 518);
        CHECK(view.height == 518);
        CHECK(view.channels == 3);
    }
    const auto want = generator::decode(tests::golden("gsplat/view_05.png")).value();
    int off = 0;
    for (std::size_t i = 0; i < (*views)[5].pixels.size(); ++i)
        off += (*views)[5].pixels[i] != want.pixels[i / 3 * 4 + i % 3];
    CHECK(off < 518 * 518 / 500);
}

TEST_CASE("a view that cannot be rendered ends the others") {
    const auto splats = tests::golden_ply("gsplat/hamburger.ply");
    int calls = 0;
    const auto views = generator::validator_views(
        splats, [&](const generator::Gaussians&, const generator::Camera&) {
            ++calls;
            return config::Result<generator::Rendering>(
                config::fail(generator::Errc::cancelled, "rendering"));
        });
    REQUIRE(views.has_error());
    CHECK(views.error().code == generator::Errc::cancelled);
    CHECK(calls == 1);
}
