// Which attention a card has is told by its compute capability; nothing here needs a card.
#include "generator/kernels/attend_gpu.hpp"

#include "tests/support/catch.hpp"

#include <array>

namespace {

using generator::ComputeCapability;
using generator::has_flash;
using generator::has_memory_efficient;

// A100, RTX 3090, RTX 4090 and L40S, H100 and H200, B200, B300, RTX 5090, and 12.0's twin.
constexpr std::array<ComputeCapability, 8> kCards{
    {{8, 0}, {8, 6}, {8, 9}, {9, 0}, {10, 0}, {10, 3}, {12, 0}, {12, 1}}};
constexpr std::int64_t kWidth = 64;

}  // namespace

TEST_CASE("every card from Ampere to Blackwell has both kernels of attention without plans") {
    for (const auto card : kCards) {
        CAPTURE(card.major, card.minor);
        CHECK(has_flash(card, at::kHalf, kWidth));
        CHECK(has_flash(card, at::kBFloat16, kWidth));
        CHECK(has_memory_efficient(card, at::kHalf));
        CHECK(has_memory_efficient(card, at::kBFloat16));
        CHECK(has_memory_efficient(card, at::kFloat));
    }
}

TEST_CASE("FlashAttention is for 16 bits and heads of up to 256 alone") {
    for (const auto card : kCards) {
        CHECK_FALSE(has_flash(card, at::kFloat, kWidth));
        CHECK(has_flash(card, at::kHalf, 256));
        CHECK_FALSE(has_flash(card, at::kHalf, 257));
    }
}

TEST_CASE("a Turing card has the memory-efficient kernel, but neither Flash nor bf16") {
    constexpr ComputeCapability turing{7, 5};
    CHECK_FALSE(has_flash(turing, at::kHalf, kWidth));
    CHECK(has_memory_efficient(turing, at::kHalf));
    CHECK(has_memory_efficient(turing, at::kFloat));
    CHECK_FALSE(has_memory_efficient(turing, at::kBFloat16));
}

TEST_CASE("a card that libtorch has no code for gets neither kernel by name") {
    for (const auto card : {ComputeCapability{12, 2}, ComputeCapability{13, 0}}) {
        CHECK_FALSE(has_flash(card, at::kHalf, kWidth));
        CHECK_FALSE(has_memory_efficient(card, at::kFloat));
    }
}
