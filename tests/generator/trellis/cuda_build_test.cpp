// A program built for some GPUs says which, and on which others its kernels run.
#include "generator/trellis/cuda_build.hpp"

#include "tests/support/catch.hpp"

#include <string>
#include <string_view>

#include <ATen/Context.h>

namespace {

using generator::cuda_architectures;
using generator::has_code_for;

constexpr std::string_view kReleased = "8.0 8.6 8.9 9.0 10.0 12.0+PTX";

TEST_CASE("a released build has code for each card that it names, and for what comes later") {
    CHECK(has_code_for(8, 0, kReleased));   // A100
    CHECK(has_code_for(8, 6, kReleased));   // RTX 3090
    CHECK(has_code_for(8, 9, kReleased));   // RTX 4090, L40S
    CHECK(has_code_for(9, 0, kReleased));   // H100, H200
    CHECK(has_code_for(10, 0, kReleased));  // B200
    CHECK(has_code_for(10, 3, kReleased));  // B300
    CHECK(has_code_for(12, 0, kReleased));  // RTX 5090
    CHECK(has_code_for(12, 1, kReleased));
    CHECK(has_code_for(13, 0, kReleased));
    CHECK_FALSE(has_code_for(7, 5, kReleased));
    CHECK_FALSE(has_code_for(11, 0, kReleased));  // PTX of 12.0 is for 12.0 and later
}

TEST_CASE("code for one card runs on later ones of its major version, and on no others") {
    CHECK(has_code_for(8, 6, "8.6"));
    CHECK(has_code_for(8, 9, "8.6"));
    CHECK_FALSE(has_code_for(8, 0, "8.6"));
    CHECK_FALSE(has_code_for(9, 0, "8.6"));
    CHECK_FALSE(has_code_for(12, 0, "9.0"));
}

TEST_CASE("PTX serves every card that is not older than it") {
    CHECK(has_code_for(8, 0, "8.0+PTX"));
    CHECK(has_code_for(12, 0, "8.0+PTX"));
    CHECK_FALSE(has_code_for(7, 5, "8.0+PTX"));
    CHECK_FALSE(has_code_for(8, 0, "8.6+PTX"));
}

TEST_CASE("a build without CUDA has code for no card") {
    CHECK_FALSE(has_code_for(8, 6, ""));
    CHECK_FALSE(has_code_for(8, 6, "8.6x sm_86 8"));
}

TEST_CASE("this build says for which cards it is, and has code for the oldest of them") {
    const std::string all{cuda_architectures()};
    REQUIRE(all.empty() == !at::hasCUDA());
    if (all.empty()) return;
    const auto dot = all.find('.');
    REQUIRE(dot != all.npos);
    CHECK(has_code_for(std::stoi(all), std::stoi(all.substr(dot + 1))));
}

}  // namespace
