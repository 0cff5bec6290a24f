#include "miner/check/device.hpp"

#include "generator/errc.hpp"
#include "tests/support/catch.hpp"

using Catch::Contains;
using State = miner::Finding::State;

namespace {

constexpr std::int64_t kGib = std::int64_t(1) << 30;

// 24 GiB, of which so much is free; the model needs 5 and a half, 3 of them weights.
generator::Fit fit_in(std::int64_t free) {
    return {{3 * kGib, 2 * kGib, kGib / 2}, {24 * kGib - free, 24 * kGib}};
}

}  // namespace

TEST_CASE("a check tells the device that was taken, and of a GPU that is left unused") {
    const auto gpu = miner::check_device(
        generator::DeviceReport{{0, "cuda:0 NVIDIA A100 (8.0), driver 580.65.06", ""}});
    CHECK(gpu.state == State::ok);
    CHECK(gpu.found == "cuda:0 NVIDIA A100 (8.0), driver 580.65.06");
    const auto cpu = miner::check_device(generator::DeviceReport{{{}, "cpu: no GPU found", ""}});
    CHECK(cpu.state == State::ok);
    CHECK(cpu.found == "cpu: no GPU found");
    const auto unused = miner::check_device(
        generator::DeviceReport{{{}, "cpu: built without CUDA", "build with MINER_CUDA=ON"}});
    CHECK(unused.state == State::warn);
    CHECK(unused.remedy == "build with MINER_CUDA=ON");
}

TEST_CASE("a GPU that cannot be used stops mining, with the remedy") {
    const auto gone = miner::check_device(
        config::fail(generator::Errc::bad_device, "the NVIDIA driver here is 535.129.03"));
    CHECK(gone.state == State::fail);
    CHECK_THAT(gone.found, Contains("535.129.03"));
    CHECK_THAT(gone.remedy, Contains("generator.device"));
}

TEST_CASE("a model that has room is well, one that may not is warned of, one that cannot fails") {
    const auto well = miner::check_fit(fit_in(20 * kGib));
    CHECK(well.state == State::ok);
    CHECK(well.found == "needs about 5.5 GiB of 20.0 GiB free");
    const auto tight = miner::check_fit(fit_in(4 * kGib));
    CHECK(tight.state == State::warn);
    CHECK_THAT(tight.remedy, Contains("generator.device") && !Contains("dtype"));
    CHECK(miner::check_fit(fit_in(2 * kGib)).state == State::fail);
}

TEST_CASE("settings that help are named where they do") {
    auto fit = fit_in(4 * kGib);
    fit.in_fp32 = true;
    CHECK_THAT(miner::check_fit(fit).remedy, Contains("generator.dtype = fp16 or bf16"));
    fit.in_fp32 = false;
    fit.scorer = {kGib, kGib / 2, kGib / 2};
    fit.need = fit.need + fit.scorer;
    const auto finding = miner::check_fit(fit);
    CHECK(finding.found == "needs about 7.0 GiB of 4.0 GiB free, 1.5 GiB of it for the scorer");
    CHECK_THAT(finding.remedy, Contains("score.device = cpu") && Contains("leaves 1.5 GiB more"));
    // Without the scorer the weights have room: mining goes on as if there were none.
    CHECK(finding.state == State::warn);
}
