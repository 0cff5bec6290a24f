#include "generator/nn/attention.hpp"

#include "tests/generator/layer_weights.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <cmath>

using namespace generator;

namespace {

constexpr std::int64_t kChannels = 12, kHeads = 3, kHeadChannels = 4;

// softmax(q k^T / sqrt(D)) v, written out; [T, H, D] each.
at::Tensor by_formula(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const auto scores = at::einsum("thd,shd->hts", {q, k}) / std::sqrt(double(kHeadChannels));
    return at::einsum("hts,shd->thd", {scores.softmax(-1), v}).flatten(1);
}

at::Tensor rms(const at::Tensor& x, const at::Tensor& gamma) {
    return x / x.square().sum(-1, true).sqrt() * gamma * std::sqrt(double(kHeadChannels));
}

struct SelfWeights {
    explicit SelfWeights(bool qk_norm) {
        qkv = file.add("to_qkv.weight", at::randn({3 * kChannels, kChannels}));
        qkv_bias = file.add("to_qkv.bias", at::randn({3 * kChannels}));
        out = file.add("to_out.weight", at::randn({kChannels, kChannels}));
        out_bias = file.add("to_out.bias", at::randn({kChannels}));
        if (!qk_norm) return;
        q_gamma = file.add("q_rms_norm.gamma", at::randn({kHeads, kHeadChannels}));
        k_gamma = file.add("k_rms_norm.gamma", at::randn({kHeads, kHeadChannels}));
    }

    at::Tensor expected(const at::Tensor& x) const {  // [T, C]
        const auto parts =
            at::linear(x, qkv, qkv_bias).view({-1, 3, kHeads, kHeadChannels}).unbind(1);
        const bool norm = q_gamma.defined();
        const auto q = norm ? rms(parts[0], q_gamma) : parts[0],
                   k = norm ? rms(parts[1], k_gamma) : parts[1];
        return at::linear(by_formula(q, k, parts[2]), out, out_bias);
    }

    tests::LayerWeights file;
    at::Tensor qkv, qkv_bias, out, out_bias, q_gamma, k_gamma;
};

}  // namespace

TEST_CASE("self-attention equals its formula, with and without a norm of queries and keys") {
    const bool qk_norm = GENERATE(false, true);
    const SelfWeights weights(qk_norm);
    auto bundle = weights.file.bundle();
    const SelfAttention attention(Scope(bundle), {kChannels, kHeads, qk_norm});
    bundle.expect_all_taken();
    const auto x = at::randn({2, 9, kChannels});
    const auto y = attention(x);
    CHECK(at::allclose(y[0], weights.expected(x[0]), 1e-4, 1e-4));
    CHECK(at::allclose(y[1], weights.expected(x[1]), 1e-4, 1e-4));
}

TEST_CASE("attention in windows equals attention in each window by itself") {
    const bool qk_norm = GENERATE(false, true);
    const SelfWeights weights(qk_norm);
    auto bundle = weights.file.bundle();
    const SelfAttention attention(Scope(bundle), {kChannels, kHeads, qk_norm});
    std::vector<Voxel> voxels;
    for (std::int32_t x = 0; x < 6; ++x) {
        for (std::int32_t y = 0; y < x + 1; ++y) voxels.push_back({x, y, 0});
    }
    const SparseShape shape(voxels, at::kCPU);
    const auto x = at::randn({shape.size(), kChannels});
    const auto y = attention(x, shape.windows(4, 2));

    auto expected = at::empty_like(x);
    const auto window = (shape.coordinates() + 2).div(4, "floor");
    const auto key = window.select(1, 0) * 100 + window.select(1, 1);
    for (const auto& k : {0, 1, 100, 101}) {
        const auto rows = at::nonzero(key == k).flatten();
        if (rows.numel() > 0)
            expected.index_copy_(0, rows, weights.expected(x.index_select(0, rows)));
    }
    CHECK(at::allclose(y, expected, 1e-4, 1e-4));
}

TEST_CASE("cross-attention equals its formula, and to zeros is one constant") {
    const bool qk_norm = GENERATE(false, true);
    tests::LayerWeights file;
    const auto wq = file.add("to_q.weight", at::randn({kChannels, kChannels}));
    const auto bq = file.add("to_q.bias", at::randn({kChannels}));
    const auto wkv = file.add("to_kv.weight", at::randn({2 * kChannels, 5}));
    const auto bkv = file.add("to_kv.bias", at::randn({2 * kChannels}));
    const auto wo = file.add("to_out.weight", at::randn({kChannels, kChannels}));
    const auto bo = file.add("to_out.bias", at::randn({kChannels}));
    at::Tensor gq, gk;
    if (qk_norm) {
        gq = file.add("q_rms_norm.gamma", at::randn({kHeads, kHeadChannels}));
        gk = file.add("k_rms_norm.gamma", at::randn({kHeads, kHeadChannels}));
    }
    auto bundle = file.bundle();
    const CrossAttention attention(Scope(bundle), {kChannels, kHeads, qk_norm}, 5);
    const auto x = at::randn({1, 9, kChannels});
    const auto expected = [&](const at::Tensor& condition) {
        auto q = at::linear(x[0], wq, bq).view({-1, kHeads, kHeadChannels});
        auto kv = at::linear(condition[0], wkv, bkv).view({-1, 2, kHeads, kHeadChannels}).unbind(1);
        if (qk_norm) q = rms(q, gq), kv[0] = rms(kv[0], gk);
        return at::linear(by_formula(q, kv[0], kv[1]), wo, bo).unsqueeze(0);
    };
    const auto condition = at::randn({1, 7, 5});
    CHECK(
        at::allclose(attention(x, attention.remember(condition)), expected(condition), 1e-4, 1e-4));
    const auto zeros = attention.remember({});
    CHECK_FALSE(zeros.keys.defined());
    CHECK(at::allclose(zeros.constant.expand_as(x), expected(at::zeros({1, 7, 5})), 1e-4, 1e-4));
}
