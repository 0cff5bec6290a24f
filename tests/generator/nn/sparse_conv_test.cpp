#include "generator/nn/sparse_conv.hpp"

#include "tests/generator/layer_weights.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using namespace generator;

namespace {

struct Case {
    std::int64_t in, out, batch;
};

// Voxels on and near the diagonal of a cube of 8, so that the shape has borders, gaps and full
// cells.
std::vector<Voxel> diagonal() {
    std::vector<Voxel> voxels;
    for (std::int32_t x = 0; x < 8; ++x) {
        for (std::int32_t y = 0; y < 8; ++y) {
            for (std::int32_t z = 0; z < 8; ++z) {
                if (std::abs(x - y) + std::abs(y - z) < 3) voxels.push_back({x, y, z});
            }
        }
    }
    return voxels;
}

// The same convolution on the full grid, read at the active voxels.
at::Tensor dense(const at::Tensor& x, const SparseShape& shape, const at::Tensor& weight,
                 const at::Tensor& bias) {
    const auto at_voxel = shape.coordinates().unbind(1);
    auto grid = at::zeros({x.size(0), 8, 8, 8, x.size(2)});
    for (std::int64_t b = 0; b < x.size(0); ++b)
        grid[b].index_put_({at_voxel[0], at_voxel[1], at_voxel[2]}, x[b]);
    const auto y =
        at::conv3d(grid.permute({0, 4, 1, 2, 3}), weight.permute({0, 4, 1, 2, 3}), bias, 1, 1);
    return y.permute({0, 2, 3, 4, 1})
        .index({at::indexing::Slice(), at_voxel[0], at_voxel[1], at_voxel[2]});
}

}  // namespace

TEST_CASE("a sparse convolution equals a dense one read at the active voxels") {
    const auto [in, out, batch] = GENERATE(Case{5, 7, 1}, Case{16, 8, 2}, Case{40, 33, 1});
    at::manual_seed(3);
    tests::LayerWeights weights;
    const auto weight = weights.add("conv.weight", at::randn({out, 3, 3, 3, in}));
    const auto bias = weights.add("conv.bias", at::randn({out}));
    auto bundle = weights.bundle();
    const SparseConv conv(Scope(bundle), in, out);
    const SparseShape shape(diagonal(), at::kCPU);
    const auto x = at::randn({batch, shape.size(), in});
    CHECK(at::allclose(conv(x, shape), dense(x, shape, weight, bias), 1e-4, 1e-4));

    const auto coarse = at::randn({batch, shape.half().size(), in});
    CHECK(at::allclose(conv.of_unpooled(coarse, shape),
                       dense(unpool(coarse, shape), shape, weight, bias), 1e-4, 1e-4));
}

TEST_CASE("a single voxel sees only itself") {
    tests::LayerWeights weights;
    const auto weight = weights.add("conv.weight", at::randn({2, 3, 3, 3, 4}));
    const auto bias = weights.add("conv.bias", at::randn({2}));
    auto bundle = weights.bundle();
    const SparseConv conv(Scope(bundle), 4, 2);
    const SparseShape shape({{5, 0, 9}}, at::kCPU);
    const auto x = at::randn({1, 1, 4});
    const auto centre = weight.select(1, 1).select(1, 1).select(1, 1);
    CHECK(at::allclose(conv(x, shape), at::linear(x, centre, bias), 1e-5, 1e-5));
}
