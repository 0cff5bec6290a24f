// What cards plan their attention for, in which sizes, and what padding must not change. Nothing
// here needs a card.
#include "generator/kernels/attend_planned.hpp"
#include "generator/kernels/attend.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <limits>

#include <ATen/ATen.h>

using generator::has_planned;
using generator::planned_rows;
using generator::planned_sizes;

TEST_CASE("every number of rows up to the largest size has the smallest size that holds it") {
    const auto sizes = planned_sizes();
    REQUIRE(std::is_sorted(sizes.begin(), sizes.end()));
    std::int64_t wrong = 0;
    for (std::int64_t rows = 1; rows <= sizes.back(); ++rows)
        wrong += planned_rows(rows) != *std::lower_bound(sizes.begin(), sizes.end(), rows);
    CHECK(wrong == 0);
    CHECK_FALSE(planned_rows(sizes.back() + 1).has_value());
}

TEST_CASE("an object of a thousand rows or more is padded by an eighth at most") {
    for (std::int64_t rows = 1000; rows <= planned_sizes().back(); ++rows)
        if (8 * (*planned_rows(rows) - rows) > rows)
            FAIL(rows << " become " << *planned_rows(rows));
}

TEST_CASE("attention is planned on the card that it was measured on, in 16 bits") {
    CHECK(has_planned({9, 0}, at::kHalf, 64));
    CHECK(has_planned({9, 0}, at::kBFloat16, 128));
    CHECK_FALSE(has_planned({9, 0}, at::kFloat, 64));
    CHECK_FALSE(has_planned({9, 0}, at::kHalf, 48));
    for (const generator::ComputeCapability card :
         {generator::ComputeCapability{8, 0}, {8, 6}, {8, 9}, {10, 0}, {12, 0}})
        CHECK_FALSE(has_planned(card, at::kHalf, 64));
    CHECK_FALSE(generator::pad_sequence(1000, at::kCPU, at::kHalf, 64));
}

TEST_CASE("rows that pad a sequence are in nobody's sum and become zeros") {
    const std::int64_t rows = 70, size = 128;
    const auto batch = GENERATE(1, 2);
    const generator::PaddedSequence sequence{rows, size, at::full({2}, rows, at::kInt)};
    const auto qkv = at::randn({batch, size, 3, 2, 64});
    qkv.narrow(1, rows, size - rows).fill_(1e30);
    const auto parts = qkv.unbind(2);
    const auto got = generator::attend_padded(parts[0], parts[1], parts[2], sequence);
    const auto there = qkv.narrow(1, 0, rows).unbind(2);
    CHECK(got.narrow(1, 0, rows).equal(generator::attend(there[0], there[1], there[2])));
    CHECK(got.narrow(1, rows, size - rows).abs().max().item<double>() == 0);
}

TEST_CASE("a sequence of another size than the one said throws") {
    const auto q = at::randn({1, 128, 1, 64});
    const auto rows = [](std::int64_t count) { return at::full({2}, count, at::kInt); };
    CHECK_THROWS_AS(generator::attend_padded(q, q, q, {100, 256, rows(100)}), c10::Error);
    CHECK_THROWS_AS(generator::attend_padded(q, q, q, {129, 128, rows(129)}), c10::Error);
    CHECK_THROWS_AS(generator::attend_padded(q, q, q, {100, 128, {}}), c10::Error);
}
