#include "generator/nn/norm.hpp"

#include "tests/generator/layer_weights.hpp"
#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using namespace generator;

namespace {

at::Tensor normed(const at::Tensor& x, double eps) {
    const auto centred = x - x.mean(-1, true);
    return centred / (centred.square().mean(-1, true) + eps).sqrt();
}

}  // namespace

TEST_CASE("layer norms equal their formula, with weights, with a modulation and without either") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    const auto x = at::randn({2, 5, 16}) * 3 + 1;
    const auto scale = at::randn({16}), shift = at::randn({16});
    tests::LayerWeights file;
    file.add("weight", scale);
    file.add("bias", shift);
    auto bundle = file.bundle();
    const auto want = normed(x, 1e-2);
    CHECK(at::allclose(layer_norm(x, 1e-2), want, 1e-5, 1e-5));
    CHECK(at::allclose(layer_norm(x, scale, shift, 1e-2), want * scale + shift, 1e-5, 1e-5));
    CHECK(at::allclose(LayerNorm(Scope(bundle), 16, 1e-2)(x), want * scale + shift, 1e-5, 1e-5));
}

TEST_CASE("the heads' norm makes each as long as the root of its width, and survives zeros") {
    tests::LayerWeights file;
    const auto gamma = file.add("gamma", at::randn({3, 8}));
    auto bundle = file.bundle();
    const MultiHeadRmsNorm norm(Scope(bundle), 3, 8);
    const auto x = at::randn({2, 5, 3, 8});
    const auto want = x / x.square().mean(-1, true).sqrt() * gamma, zeros = at::zeros({1, 3, 8});
    norm.apply_(x);
    CHECK(at::allclose(x, want, 1e-5, 1e-5));
    norm.apply_(zeros);
    CHECK(zeros.equal(at::zeros({1, 3, 8})));
}
