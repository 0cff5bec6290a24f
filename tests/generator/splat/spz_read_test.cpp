#include "generator/errc.hpp"
#include "generator/splat/spz.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/any_processor.hpp"
#include "tests/support/catch.hpp"

#include <limits>

using generator::Errc;
using generator::SpzFamily;
using generator::StoredSplats;
using tests::Bytes;
using tests::gzip;
using tests::zstd;

namespace {

void put_little(Bytes& bytes, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(std::uint8_t(value >> (8 * i)));
}

// Niantic's packing of a rotation from version 3 on.
std::uint32_t smallest_three(const std::array<float, 4>& wxyz) {
    const double q[4] = {wxyz[1], wxyz[2], wxyz[3], wxyz[0]};
    const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    int largest = 0;
    for (int i = 1; i < 4; ++i) {
        if (std::abs(q[i]) > std::abs(q[largest])) largest = i;
    }
    std::uint32_t bits = std::uint32_t(largest);
    for (int i = 0; i < 4; ++i) {
        if (i == largest) continue;
        const bool is_negative = (q[i] < 0) != (q[largest] < 0);
        bits = bits << 10 | std::uint32_t(is_negative) << 9 |
               std::uint32_t(511 * std::abs(q[i] / length) / std::sqrt(0.5) + 0.5);
    }
    return bits;
}

struct Parts {
    Bytes header;               // 16 bytes
    std::vector<Bytes> arrays;  // not the empty ones
};

// What a file of version 3 or 4 holds.
Parts newer_parts(const StoredSplats& splats, int version) {
    const Bytes old = generator::pack_spz(splats, {.clamp_alpha = false});
    const std::size_t n = splats.size();
    Parts parts{{old.begin(), old.begin() + 16}, {}};
    parts.header[4] = std::uint8_t(version);
    std::size_t at = 16;
    for (const std::size_t size : {9 * n, n, 3 * n, 3 * n}) {
        parts.arrays.emplace_back(old.begin() + at, old.begin() + at + size);
        at += size;
    }
    Bytes rotations;
    for (const auto& q : splats.rotation) put_little(rotations, smallest_three(q), 4);
    parts.arrays.push_back(rotations);
    if (at + 3 * n < old.size()) parts.arrays.emplace_back(old.begin() + at + 3 * n, old.end());
    return parts;
}

Bytes payload_of_version3(const StoredSplats& splats) {
    Parts parts = newer_parts(splats, 3);
    Bytes payload = parts.header;
    for (const auto& array : parts.arrays)
        payload.insert(payload.end(), array.begin(), array.end());
    return payload;
}

Bytes version3(const StoredSplats& splats) { return gzip(payload_of_version3(splats)); }

Bytes version4(const StoredSplats& splats, const Bytes& extensions = {}) {
    Parts parts = newer_parts(splats, 4);
    Bytes file = parts.header;
    file[14] = extensions.empty() ? 0 : 2;
    file[15] = std::uint8_t(parts.arrays.size());
    put_little(file, 32 + extensions.size(), 4);
    file.resize(32);
    file.insert(file.end(), extensions.begin(), extensions.end());
    std::vector<Bytes> streams;
    for (const auto& array : parts.arrays) {
        streams.push_back(zstd(array));
        put_little(file, streams.back().size(), 8);
        put_little(file, array.size(), 8);
    }
    for (const auto& stream : streams) file.insert(file.end(), stream.begin(), stream.end());
    return file;
}

bool equal(const StoredSplats& a, const StoredSplats& b) {
    return a.position == b.position && a.colour == b.colour && a.log_scale == b.log_scale &&
           a.rotation == b.rotation && a.logit == b.logit && a.sh_degree == b.sh_degree &&
           a.harmonics == b.harmonics;
}

// Degrees between two rotations.
double angle(const std::array<float, 4>& a, const std::array<float, 4>& b) {
    double dot = 0, aa = 0, bb = 0;
    for (int c = 0; c < 4; ++c) {
        dot += double(a[c]) * b[c];
        aa += double(a[c]) * a[c];
        bb += double(b[c]) * b[c];
    }
    return 2 * std::acos(std::min(1.0, std::abs(dot) / std::sqrt(aa * bb))) * 57.29577951;
}

void torment(const Bytes& good, std::size_t head) {
    for (std::size_t size = 0; size < good.size(); size += size < 200 ? 1 : 37) {
        CHECK_FALSE(generator::read_spz({good.data(), size}).has_value());
    }
    std::mt19937 random(5);
    for (int i = 0; i < 1500; ++i) {
        Bytes bad = good;
        for (unsigned n = 1 + random() % 3; n-- > 0;) {
            bad[random() % (random() % 2 ? bad.size() : head)] = std::uint8_t(random());
        }
        (void)generator::read_spz(bad, {.max_gaussians = 100'000, .max_bytes = 8 << 20});
    }
}

}  // namespace

TEST_CASE("a validator's reading is met, with AVX2 and without") {
    const bool hidden = GENERATE(false, true);
    const tests::AvxHidden scope(hidden);
    for (const std::string name : {"g1", "g7", "g1000", "g5000", "extreme", "g5_sh1", "g5_sh3"}) {
        INFO(name);
        const auto splats = generator::read_spz_as_validator(tests::golden("spz/" + name + ".spz"));
        REQUIRE(splats.has_value());
        tests::check_decoded(*splats, tests::golden_ply("spz/" + name + ".decoded.ply"));
    }
}

TEST_CASE("version 3 is packed as Niantic's library does, and what is no rotation as none") {
    auto splats = tests::golden_ply("spz/g1000.ply");
    const generator::SpzOptions third{.version = 3, .clamp_alpha = false};
    CHECK(generator::pack_spz(splats, third) == payload_of_version3(splats));
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    splats.rotation[0] = {0, 0, 0, 0};
    splats.rotation[1] = {1, kNan, 0, 0};
    splats.rotation[2] = {0.5F, 0.5F, 0.5F, -0.5F};  // of equals the first counts as the largest
    const auto read = generator::read_spz(gzip(generator::pack_spz(splats, third))).value();
    const std::array<float, 4> none{1, 0, 0, 0};
    CHECK(read.splats.rotation[0] == none);
    CHECK(read.splats.rotation[1] == none);
    CHECK(angle(read.splats.rotation[2], splats.rotation[2]) < 0.3);
}

TEST_CASE("what a validator's decoder accepts and refuses is accepted and refused") {
    const auto expected = tests::golden_json("spz/decoder/expected.json");
    REQUIRE(expected.size() >= 30);
    for (const auto& [name, verdict] : expected) {
        INFO(name);
        const Bytes file = tests::golden("spz/decoder/" + std::string(name) + ".spz");
        const auto splats = generator::read_spz_as_validator(file);
        REQUIRE(splats.has_value() == verdict.at("accepted").as_bool());
        if (!splats) {
            CHECK(splats.error().code == Errc::bad_splats);
            CHECK_FALSE(splats.error().detail.empty());
        } else if (verdict.as_object().contains("same_as_g7")) {
            tests::check_decoded(*splats, tests::golden_ply("spz/g7.decoded.ply"));
        } else {
            tests::check_decoded(
                *splats, tests::golden_ply("spz/decoder/" + std::string(name) + ".decoded.ply"));
        }
    }
}

TEST_CASE("a file is read the same by any number of threads, and into memory of any other") {
    auto splats = generator::store(tests::cone(30'000));
    for (const int degree : {0, 2}) {
        splats.sh_degree = degree;
        splats.harmonics.assign(splats.size() * std::size_t(3 * ((degree + 1) * (degree + 1) - 1)),
                                0.25F);
        std::vector<StoredSplats> read;
        for (const int threads : {1, 2, 7}) {
            for (const Bytes& file : {generator::write_spz(splats), version3(splats)})
                read.push_back(generator::read_spz(file, {.threads = threads}).value().splats);
        }
        for (std::size_t i = 2; i < read.size(); ++i) CHECK(equal(read[i], read[i % 2]));

        for (const std::size_t other : {10U, 30'000U, 50'000U}) {
            StoredSplats used = generator::store(tests::cone(other, 9));
            const auto again = generator::read_spz_as_validator(generator::write_spz(splats), used);
            REQUIRE(again.has_value());
            CHECK(equal(used, read[0]));
        }
    }
    StoredSplats used = splats;
    CHECK_FALSE(generator::read_spz_as_validator(Bytes{1, 2, 3}, used).has_value());
}

TEST_CASE("404's files are told by their container, and say version and precision") {
    const auto file = generator::read_spz(tests::golden("spz/decoder/ok_fraction_bits_20.spz"));
    REQUIRE(file.has_value());
    CHECK(file->family == SpzFamily::subnet);
    CHECK(file->version == 2);
    CHECK(file->fraction_bits == 20);
    CHECK_FALSE(file->antialiased);
    CHECK(generator::read_spz(tests::golden("spz/decoder/ok_flags_all_set.spz"))->antialiased);
    CHECK(
        generator::read_spz(tests::golden("spz/decoder/ok_version1_half_positions.spz"))->version ==
        1);
}

TEST_CASE("Niantic's version 2 is the same payload in gzip, which a validator refuses") {
    const Bytes file = gzip(tests::golden("spz/g1000.packed"));
    const auto read = generator::read_spz(file);
    REQUIRE(read.has_value());
    CHECK(read->family == SpzFamily::niantic_gzip);
    CHECK(read->version == 2);
    tests::check_decoded(read->splats, tests::golden_ply("spz/g1000.decoded.ply"));
    CHECK_FALSE(generator::read_spz_as_validator(file).has_value());
}

TEST_CASE("a PLY in gzip is named") {
    const auto read = generator::read_spz(gzip(tests::golden("spz/g7.ply")));
    REQUIRE_FALSE(read.has_value());
    CHECK_THAT(read.error().detail, Catch::Contains("a PLY in gzip"));
}

TEST_CASE("Niantic's versions 3 and 4 keep rotations to a quarter of a degree") {
    for (const std::string name : {"g1000", "g5_sh1", "g5_sh3"}) {
        const auto splats = tests::golden_ply("spz/" + name + ".ply");
        const auto expected = tests::golden_ply("spz/" + name + ".decoded.ply");
        for (const Bytes& file :
             {version3(splats), version4(splats), version4(splats, Bytes(44, 0xEE))}) {
            const auto read = generator::read_spz(file);
            REQUIRE(read.has_value());
            CHECK(read->family ==
                  (read->version == 3 ? SpzFamily::niantic_gzip : SpzFamily::niantic_v4));
            CHECK(read->splats.position == expected.position);
            CHECK(read->splats.colour == expected.colour);
            CHECK(read->splats.log_scale == expected.log_scale);
            CHECK(read->splats.harmonics == expected.harmonics);
            for (std::size_t i = 0; i < splats.size(); ++i) {
                REQUIRE(angle(read->splats.rotation[i], splats.rotation[i]) < 0.25);
            }
            CHECK_FALSE(generator::read_spz_as_validator(file).has_value());
        }
    }
}

TEST_CASE("axes that an extension names are told, and refused where no turn about x helps") {
    using generator::UpAxis;
    const auto splats = tests::golden_ply("spz/g7.ply");
    const auto record = [](std::uint32_t kind, const Bytes& content) {
        Bytes bytes;
        put_little(bytes, kind, 4);
        put_little(bytes, content.size(), 4);
        bytes.insert(bytes.end(), content.begin(), content.end());
        return bytes;
    };
    const auto with = [&](std::uint8_t system) {
        // Behind limits of the camera, which change nothing, and behind what nobody knows.
        Bytes extensions = record(0xADBE0002, Bytes(12)), strange = record(0x12340001, {1});
        extensions.insert(extensions.end(), strange.begin(), strange.end());
        const auto axes = record(0xADBE0003, {system, 0, 0, 0});
        extensions.insert(extensions.end(), axes.begin(), axes.end());
        return extensions;
    };
    const auto third = [&](const Bytes& extensions) {
        Bytes payload = payload_of_version3(splats);
        payload[14] = 2;
        payload.insert(payload.end(), extensions.begin(), extensions.end());
        return gzip(payload);
    };
    CHECK_FALSE(generator::read_spz(version4(splats))->up.has_value());
    for (const auto& [system, up] :
         std::vector<std::pair<std::uint8_t, UpAxis>>{{0, UpAxis::plus_y},
                                                      {4, UpAxis::plus_y},
                                                      {6, UpAxis::minus_y},
                                                      {12, UpAxis::plus_z},
                                                      {7, UpAxis::plus_y},
                                                      {1, UpAxis::minus_y},
                                                      {15, UpAxis::plus_z}}) {
        for (const Bytes& file : {version4(splats, with(system)), third(with(system))}) {
            const auto read = generator::read_spz(file).value();
            CHECK(read.up == up);
            CHECK(read.faces_away == (system % 2 == 1));  // those that begin with L
            CHECK(read.unknown_extensions == std::vector<std::uint32_t>{0x12340001});
        }
    }
    CHECK_THAT(generator::read_spz(version4(splats, with(8))).error().detail,
               Catch::Contains("its axes are RUF"));
    CHECK_THAT(generator::read_spz(third(with(99))).error().detail,
               Catch::Contains("its axes are 99"));
    // Without the flag nothing there is an extension; the subnet's files have none at all.
    auto unsaid = version4(splats, with(8));
    unsaid[14] = 0;
    CHECK(generator::read_spz(unsaid).has_value());
}

TEST_CASE("harmonics of degree 4 are read from Niantic's files") {
    auto splats = tests::golden_ply("spz/g5_sh3.ply");
    Parts parts = newer_parts(splats, 3);
    parts.header[12] = 4;
    parts.arrays.back().assign(5 * 72, 160);
    Bytes payload = parts.header;
    for (const auto& array : parts.arrays)
        payload.insert(payload.end(), array.begin(), array.end());
    const auto read = generator::read_spz(gzip(payload));
    REQUIRE(read.has_value());
    CHECK(read->splats.harmonics == std::vector<float>(5 * 72, 0.25F));
}

TEST_CASE("limits hold before anything is allocated") {
    const Bytes file = tests::golden("spz/g1000.spz");
    CHECK(generator::read_spz(file, {.max_gaussians = 1000}).has_value());
    CHECK(generator::read_spz(file, {.max_gaussians = 999}).error().code == Errc::bad_splats);
    CHECK(generator::read_spz(file, {.max_bytes = 19'016}).has_value());
    CHECK_FALSE(generator::read_spz(file, {.max_bytes = 19'015}).has_value());

    const Bytes zipped = gzip(tests::golden("spz/g1000.packed"));
    CHECK(generator::read_spz(zipped, {.max_bytes = 20'000}).has_value());
    CHECK_FALSE(generator::read_spz(zipped, {.max_bytes = 19'015}).has_value());
    // A bomb: 64 MiB of zeros in 64 KiB.
    CHECK_FALSE(generator::read_spz(gzip(Bytes(64 << 20)), {.max_bytes = 1 << 20}).has_value());

    Bytes lying = version4(tests::golden_ply("spz/g7.ply"));
    for (int i = 8; i < 12; ++i) lying[i] = 0xFF;
    CHECK(generator::read_spz(lying).error().code == Errc::bad_splats);
    Bytes announced = tests::golden("spz/decoder/bad_count_too_large.spz");
    CHECK_FALSE(generator::read_spz(announced).has_value());
}

TEST_CASE("damaged files of every family do no more than fail") {
    const auto splats = tests::golden_ply("spz/g7.ply");
    torment(tests::golden("spz/g7.spz"), 20);
    torment(version3(splats), 12);
    torment(version4(splats), 112);
    // Damage behind the container's checksums.
    const Bytes payload = tests::golden("spz/g5_sh1.packed");
    std::mt19937 random(9);
    for (int i = 0; i < 1500; ++i) {
        Bytes bad = payload;
        for (unsigned n = 1 + random() % 3; n-- > 0;) bad[random() % 20] = std::uint8_t(random());
        (void)generator::read_spz(zstd(bad));
        (void)generator::read_spz(gzip(bad));
    }
    for (std::size_t size = 0; size < payload.size(); ++size) {
        CHECK_FALSE(
            generator::read_spz(zstd({payload.begin(), payload.begin() + size})).has_value());
        CHECK_FALSE(
            generator::read_spz(gzip({payload.begin(), payload.begin() + size})).has_value());
    }
}
