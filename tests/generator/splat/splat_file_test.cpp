// Files of Gaussians of every kind: told apart, and written.
#include "generator/splat/splat_file.hpp"
#include "generator/errc.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace {

using generator::SplatFormat;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

generator::StoredSplats some(int degree = 0) { return tests::stored_cone(400, degree); }

// Between two rotations, in radians.
double angle(const std::array<float, 4>& a, const std::array<float, 4>& b) {
    double dot = 0, aa = 0, bb = 0;
    for (std::size_t c = 0; c < 4; ++c) {
        dot += double(a[c]) * b[c];
        aa += double(a[c]) * a[c];
        bb += double(b[c]) * b[c];
    }
    return 2 * std::acos(std::min(1.0, std::abs(dot) / std::sqrt(aa * bb)));
}

}  // namespace

TEST_CASE("what is written in any format is told by its first bytes and read again") {
    const auto format = GENERATE(SplatFormat::ply, SplatFormat::spz_subnet,
                                 SplatFormat::spz_niantic, SplatFormat::glb);
    const auto splats = some();
    const auto bytes = generator::write_splats(splats, format).value();
    CHECK(generator::format_of(bytes) == format);
    const auto read = generator::read_splats(bytes).value();
    REQUIRE(read.size() == splats.size());
    for (std::size_t i = 0; i < read.size(); ++i)
        for (int c = 0; c < 3; ++c) {
            REQUIRE(read.position[i][c] == Approx(splats.position[i][c]).margin(1.0 / 4096));
            REQUIRE(read.log_scale[i][c] == Approx(splats.log_scale[i][c]).margin(1.0 / 16));
        }
    CHECK_FALSE(generator::format_of(std::vector<std::uint8_t>{'s', 'o', 'g'}).has_value());
}

TEST_CASE("places that lie far out take fewer fraction bits of an SPZ, and none is lost") {
    const auto format =
        GENERATE(SplatFormat::spz_subnet, SplatFormat::spz_niantic, SplatFormat::spz_niantic_3);
    const auto [far, bits] = GENERATE(table<float, int>(
        {{0.5F, 14}, {511.9999F, 14}, {-512, 13}, {600, 13}, {-70'000, 6}, {8'388'607, 0}}));
    CAPTURE(format, far);
    auto splats = some();
    splats.position[7] = {0, far, 0};
    CHECK(generator::fitting_fraction_bits(splats, 14).value() == bits);
    const auto bytes = generator::write_splats(splats, format, {.fraction_bits = 14}).value();
    const auto file = generator::read_spz(bytes).value();
    CHECK(file.fraction_bits == bits);
    const double half_a_step = std::ldexp(0.5, -bits);
    for (std::size_t i = 0; i < splats.size(); ++i)
        for (std::size_t axis = 0; axis < 3; ++axis)
            REQUIRE(std::abs(double(file.splats.position[i][axis]) - splats.position[i][axis]) <=
                    half_a_step);
}

TEST_CASE("places that an SPZ cannot hold are refused with the number of Gaussians") {
    const auto format =
        GENERATE(SplatFormat::spz_subnet, SplatFormat::spz_niantic, SplatFormat::spz_niantic_3);
    const auto [place, others] = GENERATE(
        table<float, bool>({{8'388'608, false}, {-1e30F, true}, {kNan, false}, {kInfinity, true}}));
    CAPTURE(format, place);
    auto splats = some();
    splats.position[5][2] = place;
    if (others) splats.position[6] = {place, place, 0};
    const auto refused = generator::write_splats(splats, format);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == generator::Errc::bad_splats);
    CHECK_THAT(refused.error().detail,
               Catch::Contains(others ? "2 of 400 Gaussians" : "1 of 400 Gaussians"));
}

TEST_CASE("Niantic's SPZ is the subnet's payload in gzip, the same bytes each time") {
    const auto splats = some(2);
    const auto bytes = generator::write_splats(splats, SplatFormat::spz_niantic).value();
    CHECK(bytes == generator::write_splats(splats, SplatFormat::spz_niantic).value());
    // No name, no time: RFC 1952, 2.3.
    CHECK(bytes[3] == 0);
    CHECK((bytes[4] | bytes[5] | bytes[6] | bytes[7]) == 0);
    const auto file = generator::read_spz(bytes).value();
    CHECK(file.family == generator::SpzFamily::niantic_gzip);
    CHECK(file.version == 2);
    const auto subnet =
        generator::read_spz(generator::write_splats(splats, SplatFormat::spz_subnet).value())
            .value();
    CHECK((file.splats.position == subnet.splats.position));
    CHECK((file.splats.rotation == subnet.splats.rotation));
    CHECK((file.splats.harmonics == subnet.splats.harmonics));
}

TEST_CASE("between SPZ of one version the container alone is another: every byte in it stays") {
    const auto payload = tests::fine_payload(500, GENERATE(0, 1, 3));
    const auto subnet = tests::zstd(payload), niantic = tests::gzip(payload);
    CHECK(tests::gunzip(generator::exchange_spz(subnet, SplatFormat::spz_niantic).value()) ==
          payload);
    CHECK(tests::unzstd(generator::exchange_spz(niantic, SplatFormat::spz_subnet).value()) ==
          payload);
    CHECK(tests::unzstd(generator::exchange_spz(subnet, SplatFormat::spz_subnet).value()) ==
          payload);
    const auto third = generator::exchange_spz(subnet, SplatFormat::spz_niantic_3).value();
    CHECK(tests::gunzip(generator::exchange_spz(third, SplatFormat::spz_niantic_3).value()) ==
          tests::gunzip(third));
}

TEST_CASE("between versions of SPZ all that both store alike keeps its bytes, there and back") {
    constexpr std::size_t kCount = 500, kRotations = 16 + 16 * kCount;
    const auto payload = tests::fine_payload(kCount, 3);
    const auto third =
        generator::exchange_spz(tests::zstd(payload), SplatFormat::spz_niantic_3).value();
    const auto newer = tests::gunzip(third);
    CHECK(newer[4] == 3);
    CHECK(std::equal(newer.begin() + 5, newer.begin() + kRotations, payload.begin() + 5));
    CHECK(std::equal(newer.begin() + kRotations + 4 * kCount, newer.end(),
                     payload.begin() + kRotations + 3 * kCount, payload.end()));
    const auto back =
        tests::unzstd(generator::exchange_spz(third, SplatFormat::spz_subnet).value());
    REQUIRE(back.size() == payload.size());
    std::size_t others = 0;
    for (std::size_t i = 0; i < back.size(); ++i) {
        const bool rotation = i >= kRotations && i < kRotations + 3 * kCount;
        others += !rotation && back[i] != payload[i];
    }
    CHECK(others == 0);
    const auto was = generator::read_spz(tests::zstd(payload)).value(),
               is = generator::read_spz(tests::zstd(back)).value();
    // Version 2 has w as what is left of the unit length, which is coarse near 0.
    for (std::size_t i = 0; i < kCount; ++i)
        REQUIRE(angle(was.splats.rotation[i], is.splats.rotation[i]) < 0.3);
}

TEST_CASE("an SPZ that says that -y is up stands on its feet in another, and keeps its precision") {
    auto payload = tests::fine_payload(500, 3);
    const auto upright = generator::read_spz(tests::zstd(payload)).value();
    payload[14] |= 2;
    for (const std::uint8_t byte : {0x03, 0x00, 0xBE, 0xAD, 4, 0, 0, 0, 6, 0, 0, 0})
        payload.push_back(byte);
    const auto in = tests::gzip(payload);
    const auto file = generator::read_splat_file(in).value();
    CHECK(file.up == generator::UpAxis::minus_y);
    REQUIRE(file.remarks.size() == 1);
    CHECK(file.remarks[0] == "it says that -y is up");
    auto away = payload;
    away[away.size() - 4] = 1;  // LDB
    const auto remarks = generator::read_splat_file(tests::gzip(away)).value().remarks;
    REQUIRE(remarks.size() == 2);
    CHECK_THAT(remarks[1], Catch::Contains("faces the other way"));
    const int quarters =
        generator::quarter_turns(file.up, generator::up_axis(SplatFormat::spz_subnet));
    const auto out = generator::exchange_spz(in, SplatFormat::spz_subnet, {}, {}, quarters).value();
    auto turned = generator::read_spz(out).value();
    CHECK(turned.fraction_bits == 14);
    CHECK(turned.antialiased);
    CHECK((turned.splats.logit == upright.splats.logit));
    generator::turn_half(turned.splats);
    CHECK((turned.splats.position == upright.splats.position));
    // But for -1, which has no opposite in a byte.
    for (std::size_t i = 0; i < turned.splats.harmonics.size(); ++i)
        REQUIRE(std::abs(turned.splats.harmonics[i] - upright.splats.harmonics[i]) <=
                (upright.splats.harmonics[i] == -1 ? 1.F / 128 : 0.F));
}

TEST_CASE("an SPZ of version 1 goes into newer ones to half a step, the rest byte by byte") {
    const auto infinite = tests::golden("spz/decoder/ok_version1_half_positions.spz");
    const auto format = GENERATE(SplatFormat::spz_subnet, SplatFormat::spz_niantic);
    CHECK_THAT(generator::exchange_spz(infinite, format).error().detail,
               Catch::Contains("1 of 7 Gaussians"));
    auto payload = tests::unzstd(infinite);
    for (std::size_t i = 16; i < 16 + 7 * 6; i += 2)  // halves: the largest exponent is no number
        if ((payload[i + 1] & 0x7C) == 0x7C) payload[i + 1] = 0;
    const auto old = tests::zstd(payload);
    const auto before = generator::read_spz(old).value();
    const auto made = generator::exchange_spz(old, format, {.fraction_bits = 14}).value();
    const auto after = generator::read_spz(made).value();
    CHECK(after.version == 2);
    CHECK(after.fraction_bits <= 14);
    CHECK((after.splats.logit == before.splats.logit));
    CHECK((after.splats.rotation == before.splats.rotation));
    for (std::size_t i = 0; i < before.splats.size(); ++i)
        for (std::size_t axis = 0; axis < 3; ++axis)
            REQUIRE(std::abs(after.splats.position[i][axis] - before.splats.position[i][axis]) <=
                    std::ldexp(0.5F, -after.fraction_bits));
}

TEST_CASE("version 3 of Niantic's SPZ holds rotations finer, and the rest as version 2 does") {
    const auto splats = some(2);
    const auto bytes = generator::write_splats(splats, SplatFormat::spz_niantic_3).value();
    CHECK(generator::format_of(bytes) == SplatFormat::spz_niantic);
    const auto file = generator::read_spz(bytes).value();
    CHECK(file.family == generator::SpzFamily::niantic_gzip);
    CHECK(file.version == 3);
    const auto second =
        generator::read_spz(generator::write_splats(splats, SplatFormat::spz_niantic).value())
            .value();
    CHECK((file.splats.position == second.splats.position));
    CHECK((file.splats.logit == second.splats.logit));
    CHECK((file.splats.log_scale == second.splats.log_scale));
    CHECK((file.splats.colour == second.splats.colour));
    CHECK((file.splats.harmonics == second.splats.harmonics));
    double worst = 0, worst_of_second = 0;
    for (std::size_t i = 0; i < splats.size(); ++i) {
        worst = std::max(worst, angle(splats.rotation[i], file.splats.rotation[i]));
        worst_of_second =
            std::max(worst_of_second, angle(splats.rotation[i], second.splats.rotation[i]));
    }
    CHECK(worst < 0.005);
    CHECK(worst_of_second > 4 * worst);
}
