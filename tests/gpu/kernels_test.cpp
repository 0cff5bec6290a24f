// Each kernel against its CPU form.
#include "generator/kernels/attend.hpp"
#include "generator/kernels/attend_planned.hpp"
#include "generator/kernels/gather_matmul.hpp"
#include "generator/kernels/gather_sum.hpp"
#include "generator/kernels/head_norm.hpp"
#include "generator/kernels/norm_silu.hpp"
#include "generator/kernels/residual_norm.hpp"
#include "generator/nn/conv3d.hpp"
#include "generator/nn/linear.hpp"

#include "tests/generator/golden.hpp"
#include "tests/generator/layer_weights.hpp"
#include "tests/gpu/last_gpu.hpp"
#include "tests/support/catch.hpp"

namespace {

// Against the largest value of what the CPU makes of the same rounded inputs in fp32: fp32 differs
// in the order of sums alone, 16 bits by the rounding of results (and of cuBLAS's partial sums).
double tolerance(at::ScalarType dtype) {
    return dtype == at::kFloat ? 1e-5 : dtype == at::kHalf ? 2e-3 : 2e-2;
}

at::Tensor on_gpu(const at::Tensor& t) { return t.to(tests::last_gpu()); }
at::Tensor wide(const at::Tensor& t) { return t.to(at::kFloat); }

}  // namespace

TEST_CASE("head_norm_ equals its oracle", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto width = GENERATE(8, 32, 64, 65, 128, 256);
    at::manual_seed(1);
    const auto qkv = at::randn({2, 37, 3, 5, width}).to(dtype), gamma = at::randn({5, width});
    const auto got = on_gpu(qkv), want = wide(qkv).clone();
    for (const int part : {0, 1}) {
        generator::head_norm_(got.select(-3, part), on_gpu(gamma));
        generator::head_norm_(want.select(-3, part), gamma);
    }
    CHECK(tests::relative_error(got, want) < tolerance(dtype));
}

TEST_CASE("residual_norm_ equals its oracle", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto width = GENERATE(7, 64, 256, 768, 1024, 4096);  // 7 and 4096 are torch's
    const auto first = GENERATE(0, 1);                         // 1: not aligned to 16 bytes
    const bool modulated = GENERATE(true, false), one_row = GENERATE(true, false);
    at::manual_seed(5);
    const auto row = [&] { return at::randn({width}).to(dtype); };
    const auto gate = row(), scale = row(), shift = row();
    const auto flat = [&] { return at::randn({3 * 50 * width + 1}).to(dtype); };
    const auto viewed = [&](const at::Tensor& t) {
        return t.narrow(0, first, 3 * 50 * width).view({3, 50, width});
    };
    const auto x = flat(), y = one_row ? row() : flat();
    const auto made = [&](const auto& place, const at::Tensor& sum) {
        const auto there = one_row ? place(y) : viewed(place(y));
        if (!modulated) return generator::residual_norm_(sum, {there, {}}, {}, 1e-5);
        return generator::residual_norm_(sum, {there, place(gate)}, {place(scale), place(shift)},
                                         1e-5);
    };
    const auto got = viewed(on_gpu(x)), want = viewed(wide(x).clone());
    const auto got_norm = made(on_gpu, got), want_norm = made(wide, want);
    CHECK(tests::relative_error(got, want) < tolerance(dtype));
    CHECK(tests::relative_error(got_norm, want_norm) < tolerance(dtype));
}

TEST_CASE("a product's own gelu equals the one after it", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    at::manual_seed(6);
    const auto x = at::randn({2, 33, 64}).to(dtype);
    tests::LayerWeights weights;  // rounded, so that both sides have the same
    weights.add("weight", at::randn({256, 64}).to(dtype).to(at::kFloat));
    weights.add("bias", at::randn({256}).to(dtype).to(at::kFloat));
    auto there = weights.bundle(tests::last_gpu(), dtype), here = weights.bundle();
    const auto got = generator::Linear(generator::Scope(there), 64, 256).gelu(on_gpu(x));
    const auto want = generator::Linear(generator::Scope(here), 64, 256).gelu(wide(x));
    CHECK(got.sizes() == want.sizes());
    CHECK(tests::relative_error(got, want) < tolerance(dtype));
}

TEST_CASE("gather_sum equals its oracle", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto out = GENERATE(5, 32, 128, 130, 512);
    at::manual_seed(2);
    const auto x = at::randn({2, 41, 27 * out}).to(dtype), bias = at::randn({out}).to(dtype);
    const auto table = at::randint(42, {203, 27}, at::kLong);
    const auto got = generator::gather_sum(on_gpu(x), on_gpu(table), on_gpu(bias));
    CHECK(tests::relative_error(got, generator::gather_sum(wide(x), table, wide(bias))) <
          tolerance(dtype));
}

TEST_CASE("gather_matmul equals its oracle", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto in = GENERATE(1, 6, 32, 128);
    at::manual_seed(3);
    const auto x = at::randn({2, 41, in}).to(dtype), weight = at::randn({27 * in, 24}).to(dtype),
               bias = at::randn({24}).to(dtype);
    const auto table = at::randint(42, {203, 27}, at::kLong);
    const auto got =
        generator::gather_matmul(on_gpu(x), on_gpu(table), on_gpu(weight), on_gpu(bias));
    CHECK(tests::relative_error(got, generator::gather_matmul(wide(x), table, wide(weight),
                                                              wide(bias))) < tolerance(dtype));
}

TEST_CASE("a dense convolution equals the CPU's", "[gpu]") {
    at::globalContext().setAllowTF32CuDNN(false);
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto in = GENERATE(8, 32);
    at::manual_seed(4);
    const auto x = at::randn({1, in, 9, 10, 11}).to(dtype);
    tests::LayerWeights weights;  // rounded, so that both sides have the same
    weights.add("weight", at::randn({16, in, 3, 3, 3}).to(dtype).to(at::kFloat));
    weights.add("bias", at::randn({16}).to(dtype).to(at::kFloat));
    auto there = weights.bundle(tests::last_gpu(), dtype), here = weights.bundle();
    const auto got = generator::Conv3d(generator::Scope(there), in, 16)(on_gpu(x));
    const auto want = generator::Conv3d(generator::Scope(here), in, 16)(wide(x));
    CHECK(got.is_contiguous(at::MemoryFormat::ChannelsLast3d));
    CHECK(tests::relative_error(got, want) < tolerance(dtype));
}

TEST_CASE("a norm and its activation equal their oracle", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto width = GENERATE(1, 8, 24, 32, 100, 128, 512, 1000, 1024, 5000);
    at::manual_seed(10);
    const auto x = (at::randn({2, 37, width}) * 3 + 1).to(dtype),
               scale = at::randn({width}).to(dtype), shift = at::randn({width}).to(dtype);
    const auto got = generator::norm_silu(on_gpu(x), on_gpu(scale), on_gpu(shift), 1e-5);
    CHECK(got.scalar_type() == dtype);
    const auto want = generator::norm_silu(wide(x), wide(scale), wide(shift), 1e-5);
    CHECK(tests::relative_error(got, want) < tolerance(dtype));
}

TEST_CASE("no rows give no rows", "[gpu]") {
    const auto options = at::TensorOptions().device(tests::last_gpu());
    const auto table = at::empty({0, 27}, options.dtype(at::kLong));
    const auto x = at::randn({1, 5, 27 * 4}, options), bias = at::randn({4}, options);
    CHECK(generator::gather_sum(x, table, bias).size(1) == 0);
    CHECK(generator::gather_matmul(x, table, at::randn({27 * 27 * 4, 4}, options), bias).size(1) ==
          0);
}

TEST_CASE("attention over any number of rows equals its oracle", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto width = GENERATE(4, 6, 24, 64, 100, 256);
    const auto lengths = GENERATE(generator::Lengths::fixed, generator::Lengths::varying);
    for (const auto& [rows, keys] : {std::pair{1, 1}, {257, 257}, {130, 1374}, {1000, 3}}) {
        INFO(rows << " rows, " << keys << " keys, " << width << " wide");
        at::manual_seed(6);
        // Side by side, as a layer makes them.
        const auto qkv = at::randn({2, std::max(rows, keys), 3, 3, width}).to(dtype);
        const auto part = [&](const at::Tensor& all, int which, int count) {
            return all.select(2, which).narrow(1, 0, count);
        };
        const auto attend = [&](const at::Tensor& all, generator::Lengths how) {
            return generator::attend(part(all, 0, rows), part(all, 1, keys), part(all, 2, keys),
                                     how);
        };
        const auto got = attend(on_gpu(qkv), lengths);
        CHECK(got.scalar_type() == dtype);
        CHECK(tests::relative_error(got, attend(wide(qkv), lengths)) < tolerance(dtype));
    }
}

TEST_CASE("attention over a padded sequence equals its oracle, with whatever pads it", "[gpu]") {
    const auto card = generator::compute_capability(tests::last_gpu());
    const auto dtype = GENERATE(at::kHalf, at::kBFloat16);
    const auto batch = GENERATE(1, 2);
    if (!generator::has_planned(card, dtype, 64)) return;  // a card that goes by another kernel
    const std::int64_t heads = 16, width = 64;
    generator::make_plans({tests::last_gpu(), dtype, heads, width, 1374});
    for (const std::int64_t rows : {1, 128, 1000, 2152, 3073, 6000}) {
        CAPTURE(rows, batch);
        at::manual_seed(8);
        const auto sequence = generator::pad_sequence(rows, tests::last_gpu(), dtype, width);
        REQUIRE(sequence);
        const auto qkv = at::randn({batch, sequence.size, 3, heads, width}).to(dtype);
        const auto attend = [&](const at::Tensor& all, const generator::PaddedSequence& how) {
            const auto parts = all.unbind(2);
            return generator::attend_padded(parts[0], parts[1], parts[2], how);
        };
        const auto want = attend(wide(qkv), {rows, sequence.size, sequence.on_device.cpu()});
        CHECK(tests::relative_error(attend(on_gpu(qkv), sequence), want) < tolerance(dtype));
        const auto loud = qkv.clone();
        loud.narrow(1, rows, sequence.size - rows).fill_(30000);
        CHECK(attend(on_gpu(loud), sequence).equal(attend(on_gpu(qkv), sequence)));

        const auto condition = at::randn({1, 1374, 2, heads, width}).to(dtype);
        const auto to = [&](const at::Tensor& q, const at::Tensor& all, generator::Lengths how) {
            return generator::attend(q, all.select(2, 0), all.select(2, 1), how);
        };
        const auto q = qkv.select(2, 0).narrow(0, 0, 1).contiguous();
        CHECK(tests::relative_error(to(on_gpu(q), on_gpu(condition), generator::Lengths::planned),
                                    to(wide(q), wide(condition), generator::Lengths::fixed)) <
              tolerance(dtype));
    }
}

TEST_CASE("attention in windows equals its oracle", "[gpu]") {
    const auto dtype = GENERATE(at::kFloat, at::kHalf, at::kBFloat16);
    const auto width = GENERATE(4, 6, 24, 64, 100);
    at::manual_seed(7);
    generator::WindowBounds windows{.rows = {0}};
    for (const std::int32_t length : {1, 64, 3, 200, 65, 1, 96, 97, 30, 512, 7}) {
        windows.rows.push_back(windows.rows.back() + length);
        windows.longest = std::max<std::int64_t>(windows.longest, length);
    }
    windows.on_device = at::tensor(at::ArrayRef<std::int32_t>(windows.rows), at::kInt);
    auto there = windows;
    there.on_device = on_gpu(windows.on_device);
    const auto qkv = at::randn({windows.rows.back(), 3, 5, width}).to(dtype);
    const auto attend = [&](const at::Tensor& all, const generator::WindowBounds& bounds) {
        const auto parts = all.unbind(1);
        return generator::attend_in_windows(parts[0], parts[1], parts[2], bounds);
    };
    const auto got = attend(on_gpu(qkv), there);
    CHECK(got.scalar_type() == dtype);
    CHECK(tests::relative_error(got, attend(wide(qkv), windows)) < tolerance(dtype));
}
