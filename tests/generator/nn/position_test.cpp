#include "generator/nn/position.hpp"

#include "tests/generator/layer_weights.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <cmath>

using namespace generator;

TEST_CASE("a position is sines and cosines of each axis, zeros at the end") {
    const auto e =
        position_embedding(at::tensor(std::vector<std::int64_t>{3, 0, 7}).view({1, 3}), 15);
    REQUIRE(e.sizes() == at::IntArrayRef({1, 15}));
    const auto value = [&](int i) { return e[0][i].item<float>(); };
    const double f1 = 1 / std::sqrt(10000.0);  // two frequencies an axis: 1 and 10000^(-1/2)
    CHECK(value(0) == Approx(std::sin(3.0)));
    CHECK(value(1) == Approx(std::sin(3 * f1)));
    CHECK(value(2) == Approx(std::cos(3.0)));
    CHECK(value(3) == Approx(std::cos(3 * f1)));
    CHECK(value(4) == 0);
    CHECK(value(6) == 1);
    CHECK(value(8) == Approx(std::sin(7.0)));
    for (int i = 12; i < 15; ++i) CHECK(value(i) == 0);
}

TEST_CASE("grid coordinates run with z fastest") {
    const auto grid = grid_coordinates(2, at::kCPU);
    REQUIRE(grid.sizes() == at::IntArrayRef({8, 3}));
    CHECK(grid[1].equal(at::tensor(std::vector<std::int64_t>{0, 0, 1})));
    CHECK(grid[4].equal(at::tensor(std::vector<std::int64_t>{1, 0, 0})));
}

TEST_CASE("a time is embedded by cosines, then sines, then two layers") {
    tests::LayerWeights file;
    const auto w0 = file.add("mlp.0.weight", at::randn({8, 256})),
               b0 = file.add("mlp.0.bias", at::randn({8}));
    const auto w2 = file.add("mlp.2.weight", at::randn({8, 8})),
               b2 = file.add("mlp.2.bias", at::randn({8}));
    auto bundle = file.bundle();
    const TimestepEmbedder embedder(Scope(bundle), 8);
    auto waves = at::empty({2, 256});
    const float times[] = {0, 500};
    for (int t = 0; t < 2; ++t) {
        for (int i = 0; i < 128; ++i) {
            const double angle = times[t] * std::exp(-std::log(10000.0) * i / 128);
            waves[t][i] = std::cos(angle);
            waves[t][128 + i] = std::sin(angle);
        }
    }
    const auto want = at::linear(at::silu(at::linear(waves, w0, b0)), w2, b2);
    CHECK(at::allclose(embedder(at::tensor({0.0F, 500.0F})), want, 1e-3, 1e-3));
}
