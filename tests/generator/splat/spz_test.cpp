#include "generator/splat/spz.hpp"

#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/any_processor.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <limits>

#include <zstd.h>

using generator::SpzOptions;
using generator::StoredSplats;
using tests::Bytes;

namespace {

Bytes unzstd(const Bytes& frame) {
    Bytes payload(ZSTD_getFrameContentSize(frame.data(), frame.size()));
    REQUIRE(ZSTD_decompress(payload.data(), payload.size(), frame.data(), frame.size()) ==
            payload.size());
    return payload;
}

const SpzOptions kAsTheLibrary{.clamp_alpha = false};

}  // namespace

TEST_CASE("the payload equals the library's, byte for byte, with AVX2 and without") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    for (const std::string name : {"g1", "g7", "g1000", "g5000", "g5_sh1", "g5_sh3"}) {
        INFO(name);
        const auto splats = tests::golden_ply("spz/" + name + ".ply");
        CHECK(generator::pack_spz(splats, kAsTheLibrary) ==
              tests::golden("spz/" + name + ".packed"));
    }
}

TEST_CASE("odd values are packed as the library does") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    const auto packed = generator::pack_spz(tests::golden_ply("spz/extreme.ply"), kAsTheLibrary);
    const Bytes expected = tests::golden("spz/extreme.packed");
    REQUIRE(packed.size() == expected.size());
    // The one byte that depends on fused multiply-add: y of the rotation of row 102.
    const std::size_t fused = 16 + 106 * 16 + 102 * 3 + 1;
    for (std::size_t i = 0; i < packed.size(); ++i) {
        INFO("byte " << i);
        if (i == fused) {
            CHECK(std::abs(packed[i] - expected[i]) <= 1);
        } else {
            REQUIRE(packed[i] == expected[i]);
        }
    }
}

TEST_CASE("the file holds the payload in one zstd frame of level 1") {
    for (const std::string name : {"g1", "g7", "g1000", "g5000", "g5_sh1", "g5_sh3"}) {
        INFO(name);
        const auto file =
            generator::write_spz(tests::golden_ply("spz/" + name + ".ply"), kAsTheLibrary);
        CHECK(unzstd(file) == tests::golden("spz/" + name + ".packed"));
        CHECK(file == tests::golden("spz/" + name + ".spz"));
    }
}

TEST_CASE("an opacity at the edge between two bytes gets the one that the formula gives") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    StoredSplats splats;
    Bytes expected;
    for (int b = 0; b < 255; ++b) {
        const double opacity = (b + 0.5) / 255;
        float logit = float(std::log(opacity / (1 - opacity)));
        for (int i = 0; i < 40; ++i) logit = std::nextafter(logit, -100.F);
        for (int i = 0; i < 80; ++i, logit = std::nextafter(logit, 100.F)) {
            splats.logit.push_back(logit);
            const float alpha = 1.F / (1.F + std::exp(-logit)) * 255.F;
            expected.push_back(std::uint8_t(std::lround(alpha)));
        }
    }
    splats.resize(splats.logit.size());
    const Bytes packed = generator::pack_spz(splats, kAsTheLibrary);
    const auto alphas = packed.begin() + 16 + std::ptrdiff_t(9 * splats.size());
    CHECK(Bytes(alphas, alphas + std::ptrdiff_t(splats.size())) == expected);
    // Both bytes of an edge came up, so the test has met it.
    CHECK(std::count(expected.begin(), expected.end(), 0) > 0);
    CHECK(std::count(expected.begin(), expected.end(), 255) > 0);
}

TEST_CASE("the bytes are the same by any number of threads, of files in one part and in many") {
    for (const std::size_t count : {20'000U, 27'593U, 27'595U, 150'000U}) {
        INFO(count << " Gaussians");
        const auto splats = generator::store(tests::cone(count));
        const Bytes alone = generator::write_spz(splats, {.threads = 1});
        for (const int threads : {2, 7})
            CHECK(generator::write_spz(splats, {.threads = threads}) == alone);
        CHECK(unzstd(alone) == generator::pack_spz(splats));
        const auto read = generator::read_spz_as_validator(alone);
        REQUIRE(read.has_value());
        CHECK(read->size() == count);
    }
}

TEST_CASE("compressing in parts makes a file hardly larger") {
    const auto splats = generator::store(tests::cone(150'000));
    const Bytes payload = generator::pack_spz(splats);
    Bytes whole(ZSTD_compressBound(payload.size()));
    const auto size = ZSTD_compress(whole.data(), whole.size(), payload.data(), payload.size(), 1);
    CHECK(double(generator::write_spz(splats).size()) < 1.01 * double(size));
}

TEST_CASE("an asset of the subnet survives decompress and compress") {
    const Bytes payload = unzstd(tests::golden("spz/robocop_20k.spz"));
    const auto summary = tests::golden_json("spz/robocop_summary.json");
    CHECK(tests::sha256(payload) == summary.at("robocop_20k").at("packed_sha256").as_string());
    const auto splats = generator::read_spz_as_validator(tests::golden("spz/robocop_20k.spz"));
    REQUIRE(splats.has_value());
    CHECK(generator::pack_spz(*splats, kAsTheLibrary) == payload);
}

TEST_CASE("clamped alphas are read back as finite opacities") {
    auto splats = generator::store(tests::cone(4));
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    splats.logit = {kInfinity, -kInfinity, 0, std::numeric_limits<float>::quiet_NaN()};
    const auto read = generator::read_spz_as_validator(generator::write_spz(splats));
    REQUIRE(read.has_value());
    for (const float logit : read->logit) CHECK(std::isfinite(logit));
    const auto raw = generator::read_spz_as_validator(generator::write_spz(splats, kAsTheLibrary));
    REQUIRE(raw.has_value());
    CHECK(raw->logit[0] == kInfinity);
    CHECK(raw->logit[1] == -kInfinity);
}

TEST_CASE("more fraction bits place the Gaussians finer") {
    const auto splats = generator::store(tests::cone(2000));
    for (const int bits : {8, 12, 14, 16}) {
        const auto read =
            generator::read_spz_as_validator(generator::write_spz(splats, {.fraction_bits = bits}));
        REQUIRE(read.has_value());
        float worst = 0;
        for (std::size_t i = 0; i < splats.size(); ++i) {
            for (int c = 0; c < 3; ++c) {
                worst = std::max(worst, std::abs(read->position[i][c] - splats.position[i][c]));
            }
        }
        INFO(bits << " bits: " << worst);
        CHECK(worst <= std::ldexp(0.501F, -bits));
        CHECK(worst > std::ldexp(0.4F, -bits));
    }
}

TEST_CASE("harmonics beyond degree 3 are left out") {
    auto splats = generator::store(tests::cone(3));
    splats.sh_degree = 4;
    splats.harmonics.assign(3 * 72, 0.25F);
    const auto read = generator::read_spz_as_validator(generator::write_spz(splats));
    REQUIRE(read.has_value());
    CHECK(read->sh_degree == 3);
    CHECK(read->harmonics == std::vector<float>(3 * 45, 0.25F));
}
