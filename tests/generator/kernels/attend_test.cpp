#include "generator/kernels/attend.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <tuple>

using generator::attend;

namespace {

struct Size {
    std::int64_t batch, queries, keys, heads, width;
};

// By the definition, in double.
at::Tensor by_definition(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const auto [queries, keys, values] =
        std::tuple(q.to(at::kDouble).transpose(1, 2), k.to(at::kDouble).transpose(1, 2),
                   v.to(at::kDouble).transpose(1, 2));
    const auto scores = at::matmul(queries, keys.transpose(2, 3)) / std::sqrt(double(q.size(3)));
    return at::matmul(scores.softmax(-1), values).transpose(1, 2).flatten(-2).to(at::kFloat);
}

}  // namespace

TEST_CASE("attention equals the definition, for every type, width and number of keys") {
    const auto s = GENERATE(Size{1, 1, 1, 1, 32}, Size{2, 97, 261, 3, 64}, Size{1, 200, 64, 2, 96},
                            Size{1, 5, 257, 1, 128}, Size{1, 13, 70, 2, 24}, Size{1, 3, 9, 1, 160});
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
    at::manual_seed(1);
    // Queries, keys and values side by side, as a layer makes them.
    const auto qkv =
        at::randn({s.batch, std::max(s.queries, s.keys), 3, s.heads, s.width}).to(dtype);
    const auto q = qkv.select(2, 0).narrow(1, 0, s.queries),
               k = qkv.select(2, 1).narrow(1, 0, s.keys), v = qkv.select(2, 2).narrow(1, 0, s.keys);
    const auto y = attend(q, k, v);
    CHECK(y.sizes() == at::IntArrayRef({s.batch, s.queries, s.heads * s.width}));
    CHECK(y.scalar_type() == dtype);
    const double tolerance = dtype == at::kFloat ? 2e-6 : 1e-2;
    CHECK((y.to(at::kFloat) - by_definition(q, k, v)).abs().max().item<double>() < tolerance);
}

TEST_CASE("scores far apart and far from zero leave no infinity") {
    at::manual_seed(1);
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
    const auto q = (at::randn({1, 20, 1, 64}) * 40).to(dtype),
               k = (at::randn({1, 600, 1, 64}) * 40).to(dtype),
               v = at::randn({1, 600, 1, 64}).to(dtype);
    const auto y = attend(q, k, v).to(at::kFloat);
    CHECK((y - by_definition(q, k, v)).abs().max().item<double>() <
          (dtype == at::kFloat ? 1e-3 : 2e-2));
}

TEST_CASE("what one thread attends to is to the bit what two do") {
    const auto q = at::randn({1, 300, 2, 64}), k = at::randn({1, 300, 2, 64});
    const auto threads = at::get_num_threads();
    at::set_num_threads(1);
    const auto alone = attend(q, k, k);
    at::set_num_threads(2);
    CHECK(alone.equal(attend(q, k, k)));
    at::set_num_threads(threads);
}

TEST_CASE("heads that do not fit together throw") {
    const auto q = at::randn({1, 5, 2, 32});
    CHECK_THROWS_AS(attend(q, at::randn({1, 5, 3, 32}), at::randn({1, 5, 3, 32})), c10::Error);
    CHECK_THROWS_AS(attend(q, at::randn({1, 0, 2, 32}), at::randn({1, 0, 2, 32})), c10::Error);
    CHECK_THROWS_AS(attend(q, q.to(at::kBFloat16), q.to(at::kBFloat16)), c10::Error);
}
