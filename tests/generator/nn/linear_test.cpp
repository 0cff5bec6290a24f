#include "generator/nn/linear.hpp"

#include "tests/generator/layer_weights.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("a linear layer with gelu is the layer, and then the tanh formula") {
    at::manual_seed(1);
    tests::LayerWeights weights;
    const auto weight = weights.add("weight", at::randn({12, 8}));
    const auto bias = weights.add("bias", at::randn({12}));
    auto bundle = weights.bundle();
    const generator::Linear linear(generator::Scope(bundle), 8, 12);
    const auto x = at::randn({2, 5, 8});
    const auto y = at::matmul(x, weight.t()) + bias;
    CHECK(at::allclose(linear(x), y, 1e-5, 1e-5));
    const auto want = 0.5 * y * (1 + at::tanh(0.7978845608 * (y + 0.044715 * y.pow(3))));
    CHECK(at::allclose(linear.gelu(x), want, 1e-5, 1e-5));
}
