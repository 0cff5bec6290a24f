#include "generator/kernels/head_norm.hpp"

#include "tests/generator/registers.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

using generator::head_norm_;

TEST_CASE("heads of every type get their length in place, their neighbours stay") {
    const tests::RegistersAtMost registers(GENERATE(from_range(tests::kAllRegisters)));
    const auto dtype = GENERATE(at::kFloat, at::kBFloat16, at::kHalf);
    const auto width = GENERATE(16, 24, 64);
    const auto qkv = at::randn({2, 7, 3, 4, width}).to(dtype);
    const auto before = qkv.clone();
    const auto gamma = at::randn({4, width});
    head_norm_(qkv.select(-3, 1), gamma);
    const auto keys = before.select(-3, 1).to(at::kFloat);
    const auto want = keys / keys.norm(2, -1, true) * gamma;
    const double tolerance = dtype == at::kFloat ? 1e-5 : dtype == at::kHalf ? 1e-3 : 1e-2;
    CHECK(at::allclose(qkv.select(-3, 1).to(at::kFloat), want, tolerance, tolerance));
    CHECK(qkv.select(-3, 0).equal(before.select(-3, 0)));
    CHECK(qkv.select(-3, 2).equal(before.select(-3, 2)));
}

TEST_CASE("heads that do not lie as the kernel reads them throw") {
    CHECK_THROWS_AS(head_norm_(at::randn({5, 4, 8}), at::randn({8, 4})), c10::Error);
    CHECK_THROWS_AS(head_norm_(at::randn({5, 8, 4}).transpose(1, 2), at::randn({4, 8})),
                    c10::Error);
    CHECK_THROWS_AS(head_norm_(at::randn({2, 9, 4, 8}).narrow(1, 0, 5), at::randn({4, 8})),
                    c10::Error);
}
