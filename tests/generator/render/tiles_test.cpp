#include "generator/render/tiles.hpp"

#include "tests/generator/render/render_cases.hpp"

using generator::kTileSide;

namespace {

// The largest weight that the ellipse has in a pixel of a tile.
double strongest(const generator::Ellipse& e, const generator::TileGrid& grid, std::size_t tile) {
    const int left = int(tile % std::size_t(grid.columns)) * kTileSide;
    const int top = int(tile / std::size_t(grid.columns)) * kTileSide;
    double best = 0;
    for (int i = 0; i < kTileSide * kTileSide; ++i) {
        const double dx = left + i % kTileSide + 0.5 - e.x, dy = top + i / kTileSide + 0.5 - e.y;
        const double u = dx - e.shear * dy;
        best = std::max(best, e.opacity * std::exp2(-e.across * u * u - e.down * dy * dy));
    }
    return best;
}

}  // namespace

TEST_CASE("every tile lists every ellipse that shows in it, in order, and few that do not") {
    const tests::GoldenScene scene("gsplat/random_300.safetensors");
    const auto projection = generator::project(scene.gaussians(), scene.camera, {}, 1);
    const generator::TileGrid grid(scene.camera.width, scene.camera.height);
    generator::TileLists lists;
    const std::vector<std::uint8_t> done(grid.size());
    const auto end = generator::list_tiles(projection.all(), 0, grid, done, 1 << 20, 2, lists);
    CHECK(end == projection.order.size());
    REQUIRE(lists.starts.size() == grid.size() + 1);
    std::size_t listed = 0, needed = 0;
    for (std::size_t t = 0; t < grid.size(); ++t) {
        auto at = lists.entries.begin() + lists.starts[t];
        const auto last = lists.entries.begin() + lists.starts[t + 1];
        listed += std::size_t(last - at);
        for (std::size_t index = 0; index < projection.order.size(); ++index) {
            const bool here = at != last && *at == index;
            if (here) ++at;
            if (strongest(projection.ellipses[index], grid, t) < 1.0 / 255) continue;
            INFO("tile " << t << ", ellipse " << index);
            REQUIRE(here);
            ++needed;
        }
        CHECK(at == last);
    }
    CHECK(listed == lists.entries.size());
    CHECK(double(listed) < 1.25 * double(needed));
}

TEST_CASE("lists may be made in parts, and tiles that are done get none") {
    const tests::GoldenScene scene("gsplat/random_300.safetensors");
    const auto projection = generator::project(scene.gaussians(), scene.camera, {}, 1);
    const generator::TileGrid grid(scene.camera.width, scene.camera.height);
    std::vector<std::vector<std::uint32_t>> whole(grid.size()), parts(grid.size());
    const auto list = [&](std::size_t most, auto& tiles, const std::vector<std::uint8_t>& done) {
        generator::TileLists lists;
        int rounds = 0;
        for (std::size_t next = 0; next < projection.order.size(); ++rounds) {
            next = generator::list_tiles(projection.all(), next, grid, done, most, 3, lists);
            for (std::size_t t = 0; t < grid.size(); ++t) {
                tiles[t].insert(tiles[t].end(), lists.entries.begin() + lists.starts[t],
                                lists.entries.begin() + lists.starts[t + 1]);
            }
        }
        return rounds;
    };
    std::vector<std::uint8_t> done(grid.size());
    CHECK(list(1 << 20, whole, done) == 1);
    CHECK(list(100, parts, done) > 10);
    CHECK(parts == whole);
    done[5] = 1;
    parts.assign(grid.size(), {});
    list(100, parts, done);
    CHECK(parts[5].empty());
    CHECK_FALSE(whole[5].empty());
    CHECK(parts[6] == whole[6]);
}

TEST_CASE("lists are the same for any number of threads") {
    const tests::GoldenScene scene("gsplat/shell_5000.safetensors");
    const auto projection = generator::project(scene.gaussians(), scene.camera, {}, 1);
    const generator::TileGrid grid(scene.camera.width, scene.camera.height);
    const std::vector<std::uint8_t> done(grid.size());
    generator::TileLists one;
    const auto end = generator::list_tiles(projection.all(), 0, grid, done, 1 << 20, 1, one);
    for (const int threads : {2, 5, 40}) {
        generator::TileLists many;
        CHECK(generator::list_tiles(projection.all(), 0, grid, done, 1 << 20, threads, many) ==
              end);
        CHECK(many.starts == one.starts);
        CHECK(many.entries == one.entries);
    }
}
