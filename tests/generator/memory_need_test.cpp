// The model of what a GPU must hold, against what an H200 had at most (ops/gpu/measured.json).
#include "generator/memory_need.hpp"

#include "tests/support/catch.hpp"

#include <cstdint>
#include <utility>

namespace {

// trellis-image-large: 1,619,388,017 numbers; 24 blocks of 1,024 channels; 1,374 tokens of a
// picture.
constexpr std::int64_t kNumbers = 1'619'388'017;
constexpr generator::FlowSize kLarge{24, 1024, 1374, 768, 128};

double beside_weights(int bytes_each) {
    return double(generator::model_need(kNumbers * bytes_each, kLarge, bytes_each).workspace);
}

}  // namespace

TEST_CASE("what a model needs is what was measured, and a little more in fp32") {
    CHECK(beside_weights(2) == Approx(4'333'974'528.0 - 2 * double(kNumbers)).epsilon(0.005));
    const double fp32 = 8'554'866'176.0 - 4 * double(kNumbers);
    CHECK(beside_weights(4) >= fp32);
    CHECK(beside_weights(4) == Approx(fp32).epsilon(0.03));
}

TEST_CASE("what models of words need is within a twentieth of what was measured, in either type") {
    struct Measured {
        std::int64_t numbers;
        generator::FlowSize flow;
        double fp16, fp32;
    };
    const Measured measured[] = {
        {624'191'857, {12, 768, 77, 768, 128, true}, 2'232'864'256, 4'300'487'168},
        {2'330'884'081, {28, 1280, 77, 768, 256, true}, 6'547'551'232, 13'023'931'392}};
    for (const auto& [numbers, flow, fp16, fp32] : measured)
        for (const auto& [each, peak] : {std::pair(2, fp16), std::pair(4, fp32)}) {
            const auto need = generator::model_need(numbers * each, flow, each);
            CHECK(double(need.weights + need.workspace) == Approx(peak).epsilon(0.05));
        }
}

TEST_CASE("what the scorer needs is what was measured, in either type") {
    constexpr double kScorer = 681'118'209;
    for (const auto& [each, peak] :
         {std::pair(2, 1'899'213'312.0), std::pair(4, 3'262'695'424.0)}) {
        const auto need = generator::scorer_need(std::int64_t(kScorer) * each);
        CHECK(double(need.weights + need.workspace) == Approx(peak).epsilon(0.005));
    }
}

TEST_CASE("what has no room beside others is told from what has none at all") {
    constexpr std::int64_t kGib = std::int64_t(1) << 30;
    generator::Fit fit{{3 * kGib, kGib, kGib}, {.used_bytes = 18 * kGib, .total_bytes = 24 * kGib}};
    CHECK(fit.fits());
    fit.memory.used_bytes = 20 * kGib;
    CHECK_FALSE(fit.fits());
    CHECK_FALSE(fit.cannot_be());
    fit.memory.used_bytes = 22 * kGib;
    CHECK(fit.cannot_be());
    CHECK_FALSE(fit.never_can_be());
    fit.memory = {.used_bytes = kGib / 2, .total_bytes = 4 * kGib - 1};
    CHECK(fit.never_can_be());
    // A scorer may go elsewhere.
    fit.scorer.weights = kGib;
    CHECK_FALSE(fit.never_can_be());
}

TEST_CASE("a wider flow and a longer condition need more, and CUDA itself is paid for once") {
    const auto need = generator::model_need(0, kLarge, 2);
    CHECK(generator::model_need(0, {24, 1280, 1374, 768, 128}, 2).workspace > need.workspace);
    CHECK(generator::model_need(0, {24, 1024, 77, 768, 128}, 2).workspace < need.workspace);
    // Convolutions over the voxels are what is largest, and as wide in all models but xlarge.
    CHECK(generator::model_need(0, {24, 768, 1374, 768, 128}, 2).workspace >
          need.workspace * 9 / 10);
    CHECK(generator::model_need(0, {24, 1024, 1374, 768, 256}, 2).workspace >
          need.workspace + 27'000 * 27'000);
    CHECK(generator::model_need(0, {24, 1024, 1374, 768, 0}, 2).workspace > need.workspace / 2);
    const auto both = need + generator::scorer_need(1);
    CHECK(both.overhead == need.overhead);
    CHECK(both.weights == 1);
    CHECK(both.total() > need.total());
}
