#include "generator/render/rasterize.hpp"

#include "generator/errc.hpp"
#include "generator/parallel.hpp"
#include "generator/render/composite.hpp"
#include "generator/render/refuse.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <new>

namespace generator {
namespace {

constexpr std::size_t kMaxEntries = std::size_t(4) << 20;  // at once: 48 MB

void write_tile(const Tile& tile, int column, int row, const std::array<float, 3>& background,
                Rendering& to) {
    const int width = std::min(kTileSide, to.width - column * kTileSide);
    const int height = std::min(kTileSide, to.height - row * kTileSide);
    for (int y = 0; y < height; ++y) {
        std::size_t pixel = std::size_t(row * kTileSide + y) * std::size_t(to.width) +
                            std::size_t(column * kTileSide);
        for (int i = y * kTileSide; i < y * kTileSide + width; ++i, ++pixel) {
            const float rest = tile.transmittance[i];
            to.colour[3 * pixel] = tile.red[i] + rest * background[0];
            to.colour[3 * pixel + 1] = tile.green[i] + rest * background[1];
            to.colour[3 * pixel + 2] = tile.blue[i] + rest * background[2];
            to.alpha[pixel] = 1 - rest;
            to.depth[pixel] = tile.depth[i];
        }
    }
}

config::Result<Rendering> render(const Gaussians& gaussians, const Camera& camera,
                                 const RasterizeOptions& options) {
    const int machine = std::clamp(int(std::thread::hardware_concurrency()), 1, 8);
    const int threads = options.threads > 0 ? std::min(options.threads, 64) : machine;
    const TileGrid grid(camera.width, camera.height);
    const auto column = [&](std::size_t t) { return int(t % std::size_t(grid.columns)); };
    const auto row = [&](std::size_t t) { return int(t / std::size_t(grid.columns)); };

    const Projection projection = project(gaussians, camera, options, threads);
    std::vector<Tile> tiles(grid.size());
    parallel_for(grid.size(), threads, [&](std::size_t t) {
        begin_tile(tiles[t], column(t), row(t), camera.width, camera.height);
    });
    std::vector<std::uint8_t> done(grid.size());
    TileLists lists;
    const Composite composite = composite_for(options.vectors);
    for (std::size_t next = 0; next < projection.order.size();) {
        if (options.stop.stop_requested()) return config::fail(Errc::cancelled, "rendering");
        next = list_tiles(projection.all(), next, grid, done, kMaxEntries, threads, lists);
        parallel_for(grid.size(), threads, [&](std::size_t t) {
            if (options.stop.stop_requested()) return;
            const auto first = lists.entries.begin() + lists.starts[t];
            composite(tiles[t], projection.ellipses.get(),
                      {first, lists.entries.begin() + lists.starts[t + 1]});
            done[t] = tiles[t].open_rows == 0;
        });
    }
    if (options.stop.stop_requested()) return config::fail(Errc::cancelled, "rendering");

    Rendering rendering{.width = camera.width, .height = camera.height};
    const std::size_t pixels = std::size_t(camera.width) * std::size_t(camera.height);
    rendering.colour.resize(3 * pixels);
    rendering.alpha.resize(pixels);
    rendering.depth.resize(pixels);
    rendering.drawn = std::int64_t(projection.order.size());
    rendering.not_numbers = projection.not_numbers;
    parallel_for(grid.size(), threads, [&](std::size_t t) {
        write_tile(tiles[t], column(t), row(t), options.background, rendering);
    });
    return rendering;
}

}  // namespace

std::optional<config::Error> refuse_to_render(const Gaussians& gaussians, const Camera& camera,
                                              const RasterizeOptions& options) {
    const auto because = [](Errc code, std::string detail) {
        return config::Error{code, std::move(detail)};
    };
    const std::string size =
        "a picture of " + std::to_string(camera.width) + " x " + std::to_string(camera.height);
    if (camera.width <= 0 || camera.height <= 0) return because(Errc::empty_picture, size);
    if (std::int64_t(camera.width) * camera.height > kMaxPixels)
        return because(Errc::picture_too_large, size);
    double sum = camera.centre_x + camera.centre_y + camera.focal_x + camera.focal_y + camera.near +
                 options.eps2d;
    for (const auto& row : camera.view) {
        for (const double value : row) sum += value;
    }
    for (const double value : options.background) sum += value;
    if (!std::isfinite(sum)) return because(Errc::internal, "a camera that is not finite");
    if (!(camera.focal_x > 0 && camera.focal_y > 0 && camera.near > 0 && options.eps2d >= 0 &&
          camera.far >= camera.near)) {
        return because(Errc::internal, "a camera with a length that is not above zero");
    }
    const std::size_t count = gaussians.size();
    if (gaussians.rotation.size() != count || gaussians.scale.size() != count ||
        gaussians.opacity.size() != count || gaussians.colour.size() != count) {
        return because(Errc::internal, "arrays of different lengths");
    }
    if (count > std::size_t(kMaxGaussians))
        return because(Errc::bad_splats, std::to_string(count) + " Gaussians to render");
    return std::nullopt;
}

Gaussians gaussians(const Scene& scene, std::span<const std::array<float, 4>> rotation) {
    return {scene.mean, rotation, scene.scale, scene.opacity, scene.colour};
}

config::Result<Rendering> rasterize(const Gaussians& gaussians, const Camera& camera,
                                    const RasterizeOptions& options) {
    if (auto refused = refuse_to_render(gaussians, camera, options)) return *refused;
    try {
        return render(gaussians, camera, options);
    } catch (const std::bad_alloc&) {
        return config::fail(Errc::out_of_memory, "rendering");
    }
}

}  // namespace generator
