#include "generator/kernels/attend.hpp"

#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <tuple>

using generator::attend;
using generator::attend_in_windows;

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

generator::WindowBounds windows_of(const std::vector<std::int32_t>& lengths) {
    generator::WindowBounds windows{.rows = {0}};
    for (const auto length : lengths) {
        windows.rows.push_back(windows.rows.back() + length);
        windows.longest = std::max<std::int64_t>(windows.longest, length);
    }
    windows.on_device = at::tensor(at::ArrayRef<std::int32_t>(windows.rows), at::kInt);
    return windows;
}

}  // namespace

TEST_CASE("attention equals the definition, for every type, width, number of keys, and registers") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
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
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
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

TEST_CASE("attention in windows equals attention in each by itself, for every type and width") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    const std::vector<std::int32_t> lengths{1, 64, 3, 200, 65, 1, 96, 97, 30, 512};
    const auto width = GENERATE(8, 24, 32, 64, 128, 160);
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16);
    at::manual_seed(2);
    const auto windows = windows_of(lengths);
    const auto qkv = at::randn({windows.rows.back(), 3, 3, width}).to(dtype).unbind(1);
    const auto y = attend_in_windows(qkv[0], qkv[1], qkv[2], windows);
    REQUIRE(y.sizes() == at::IntArrayRef({windows.rows.back(), 3 * width}));
    CHECK(y.scalar_type() == dtype);
    const double tolerance = dtype == at::kFloat ? 2e-6 : 2e-2;
    for (std::size_t w = 0; w < lengths.size(); ++w) {
        INFO("window " << w << " of " << lengths[w]);
        const auto part = [&](const at::Tensor& x) {
            return x.narrow(0, windows.rows[w], lengths[w]).unsqueeze(0);
        };
        const auto want = by_definition(part(qkv[0]), part(qkv[1]), part(qkv[2]));
        CHECK((part(y).to(at::kFloat) - want).abs().max().item<double>() < tolerance);
    }
}

TEST_CASE("windows that do not hold all rows, and heads that do not fit, throw") {
    const auto q = at::randn({5, 2, 32});
    CHECK_THROWS_AS(attend_in_windows(q, q, q, windows_of({2, 2})), c10::Error);
    CHECK_THROWS_AS(attend_in_windows(q, q, q, windows_of({})), c10::Error);
    CHECK_THROWS_AS(attend_in_windows(q, at::randn({5, 3, 32}), q, windows_of({5})), c10::Error);
    CHECK_THROWS_AS(attend_in_windows(q, q.to(at::kBFloat16), q, windows_of({5})), c10::Error);
}

TEST_CASE("windows come out to the bit the same on one thread and on two") {
    const auto q = at::randn({300, 2, 64});
    const auto windows = windows_of({100, 7, 93, 60, 40});
    const auto threads = at::get_num_threads();
    at::set_num_threads(1);
    const auto alone = attend_in_windows(q, q, q, windows);
    at::set_num_threads(2);
    CHECK(alone.equal(attend_in_windows(q, q, q, windows)));
    at::set_num_threads(threads);
}
