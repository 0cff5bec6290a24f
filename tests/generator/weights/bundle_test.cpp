#include "generator/weights/bundle.hpp"

#include "generator/errc.hpp"
#include "generator/weights/refused.hpp"
#include "tests/generator/layer_weights.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <string>

using namespace generator;

namespace {

// Tensors "blocks.3.weight" [2, 2] F32 1, 2, 3 and `last`, "half" [2] F16 (1, -2), "count" [1] I32.
Bundle bundle(at::ScalarType dtype = at::kFloat, float last = 4) {
    const std::string header =
        R"({"blocks.3.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
        R"("half":{"dtype":"F16","shape":[2],"data_offsets":[16,20]},)"
        R"("count":{"dtype":"I32","shape":[1],"data_offsets":[20,24]}})";
    const float weights[] = {1, 2, 3, last};
    const std::uint16_t halves[] = {0x3c00, 0xc000};
    std::shared_ptr<std::byte[]> content(new std::byte[8 + header.size() + 24]());
    content[0] = std::byte(header.size());
    std::memcpy(&content[8], header.data(), header.size());
    std::memcpy(&content[8 + header.size()], weights, 16);
    std::memcpy(&content[8 + header.size() + 16], halves, 4);
    static_assert(sizeof(halves) == 4);
    return Bundle(or_refuse(Safetensors::parse({{content.get(), 8 + header.size() + 24}, content},
                                               "x.safetensors")),
                  at::kCPU, dtype);
}

config::Error refusal(const std::function<void()>& act) {
    try {
        act();
    } catch (const Refused& refused) {
        return refused.error();
    }
    return {};
}

}  // namespace

TEST_CASE("a scope takes tensors by the names of the checkpoint") {
    auto weights = bundle();
    const Scope scope(weights);
    CHECK((scope / "blocks" / 3)
              .take("weight", {2, 2})
              .equal(at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).view({2, 2})));
    CHECK((scope / "blocks" / 3).has("weight"));
    CHECK_FALSE((scope / "blocks").has("weight"));
    CHECK(weights.parameters() == 4);
}

TEST_CASE("a random bundle has whatever is asked for, in the size of trained weights") {
    auto weights = Bundle::random(at::kCPU, at::kFloat);
    const auto matrix = weights.take("a.weight", {64, 400}, at::kFloat);
    CHECK(matrix.std().item<double>() == Approx(0.05).epsilon(0.05));
    CHECK(weights.take("a.bias", {64}, at::kFloat).abs().max().item<double>() == 0);
    CHECK(weights.take("norm.weight", {8}, at::kHalf).equal(at::ones({8}, at::kHalf)));
    CHECK(weights.take("q.gamma", {2, 4}, at::kFloat).equal(at::ones({2, 4})));
    CHECK(weights.parameters() == 64 * 400 + 64 + 8 + 8);
    CHECK_NOTHROW(weights.expect_all_taken());
}

TEST_CASE("half precision is widened, or kept where that is the type asked for") {
    auto wide = bundle();
    CHECK(Scope(wide).take("half", {2}).equal(at::tensor({1.0F, -2.0F})));
    auto narrow = bundle(at::kBFloat16);
    CHECK(Scope(narrow).take("half", {2}).scalar_type() == at::kBFloat16);
    CHECK(Scope(narrow).in_fp32().take("half", {2}).scalar_type() == at::kFloat);
}

TEST_CASE("what is missing, left over or of another shape is named with its shapes") {
    auto weights = bundle();
    const Scope scope(weights);
    const auto missing = refusal([&] { (scope / "blocks" / 4).take("weight", {2, 2}); });
    CHECK(missing.code == Errc::missing_tensor);
    CHECK(missing.detail == "x.safetensors: blocks.4.weight (the network needs [2, 2])");
    const auto misshapen = refusal([&] { (scope / "blocks" / 3).take("weight", {4}); });
    CHECK(misshapen.code == Errc::misshapen_tensor);
    CHECK(misshapen.detail == "x.safetensors: blocks.3.weight is [2, 2], the network needs [4]");
    const auto wrong_type = refusal([&] { scope.take("count", {1}); });
    CHECK(wrong_type.code == Errc::misshapen_tensor);
    CHECK(wrong_type.detail == "x.safetensors: count is of type I32");
    scope.take("half", {2});
    const auto extra = refusal([&] { weights.expect_all_taken(); });
    CHECK(extra.code == Errc::extra_tensor);
    CHECK(extra.detail == "x.safetensors: blocks.3.weight [2, 2], count [1]");
}

TEST_CASE("weights that are no finite numbers are refused, also when the type makes them so") {
    const auto taken = [](float last, at::ScalarType dtype) {
        auto weights = bundle(dtype, last);
        return refusal([&] { weights.take("blocks.3.weight", {2, 2}, dtype); });
    };
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        const auto error = taken(bad, at::kFloat);
        CHECK(error.code == Errc::bad_checkpoint);
        CHECK(error.detail.find("x.safetensors: blocks.3.weight holds what is no finite number") !=
              std::string::npos);
    }
    CHECK(taken(1e6F, at::kHalf).detail.find("in Half") != std::string::npos);
    CHECK_FALSE(taken(1e6F, at::kBFloat16).code);
    CHECK_FALSE(taken(1e6F, at::kFloat).code);
}

TEST_CASE("what lies over a bundle wins where names meet, and is told by its own name") {
    tests::LayerWeights over;
    over.add("tuned.blocks.3.weight", at::full({2, 2}, 9.0F));
    over.add("another", at::ones({1}));  // not under the prefix
    auto weights = bundle();
    weights.overlay(over.file("tuned.safetensors"), "tuned.");
    CHECK(weights.take("blocks.3.weight", {2, 2}, at::kFloat).eq(9).all().item<bool>());
    CHECK(weights.take("half", {2}, at::kFloat).equal(at::tensor({1.0F, -2.0F})));
    CHECK(weights.tensors_taken() == 2);
    CHECK(weights.taken_from_overlay() == 1);
    const auto error = refusal([&] { weights.take("blocks.3.weight", {4}, at::kFloat); });
    CHECK(error.code == Errc::misshapen_tensor);
    CHECK_THAT(error.detail, Catch::Contains("tuned.safetensors: tuned.blocks.3.weight"));
    const auto missing = refusal([&] { weights.take("another", {1}, at::kFloat); });
    CHECK(missing.code == Errc::missing_tensor);
    CHECK_THAT(missing.detail, Catch::Contains("x.safetensors: another"));
}
