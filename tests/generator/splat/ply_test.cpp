#include "generator/splat/ply.hpp"

#include "generator/errc.hpp"
#include "tests/generator/splat/splat_cases.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>

using generator::Errc;
using tests::Bytes;

namespace {

const std::vector<std::string> kNames = {"x",      "y",       "z",       "f_dc_0",  "f_dc_1",
                                         "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
                                         "rot_0",  "rot_1",   "rot_2",   "rot_3"};

void append(Bytes& bytes, const std::string& text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
}

template <class T>
void append_value(Bytes& bytes, T value) {
    const auto raw = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
    bytes.insert(bytes.end(), raw.begin(), raw.end());
}

}  // namespace

TEST_CASE("a file in TRELLIS's layout survives reading and writing, byte for byte") {
    for (const std::string name : {"g1", "g7", "g1000", "g5000", "extreme", "g5_sh1", "g5_sh3"}) {
        INFO(name);
        const Bytes file = tests::golden("spz/" + name + ".ply");
        const auto splats = generator::read_ply(file);
        REQUIRE(splats.has_value());
        CHECK(generator::write_ply(*splats) == file);
        CHECK(generator::has_trellis_layout(file) == (splats->sh_degree == 0));
    }
}

TEST_CASE("a file without normals survives reading and writing, byte for byte") {
    for (const std::string name :
         {"spz/g7.decoded.ply", "spz/g5_sh3.decoded.ply", "gsplat/hamburger.ply"}) {
        INFO(name);
        const Bytes file = tests::golden(name);
        const auto splats = generator::read_ply(file);
        REQUIRE(splats.has_value());
        CHECK(generator::write_ply(*splats, false) == file);
        CHECK_FALSE(generator::has_trellis_layout(file));
    }
}

TEST_CASE("properties in any order and of any type are read, comments and CR LF too") {
    Bytes file;
    append(file,
           "ply\r\ncomment made by hand\r\nformat binary_little_endian 1.0\r\nobj_info x\r\n");
    append(file, "element camera 2\r\nproperty uchar id\r\nproperty double focus\r\n");
    append(file, "element vertex 2\r\n");
    for (auto name = kNames.rbegin(); name != kNames.rend(); ++name) {
        append(file, "property " +
                         std::string(*name == "y"         ? "double"
                                     : *name == "f_dc_0"  ? "short"
                                     : *name == "opacity" ? "uint8"
                                     : *name == "rot_0"   ? "int"
                                                          : "float32") +
                         " " + *name + "\r\n");
    }
    append(
        file,
        "property ushort unknown\r\nelement face 1\r\nproperty list uchar int vertex_indices\r\n");
    append(file, "end_header\r\n");
    append(file, std::string(18, 'c'));
    for (int i = 0; i < 2; ++i) {
        for (std::size_t k = kNames.size(); k-- > 0;) {
            const int value = 10 * i + int(k);
            const std::string& name = kNames[k];
            if (name == "y") {
                append_value(file, double(value));
            } else if (name == "f_dc_0") {
                append_value(file, std::int16_t(-value));
            } else if (name == "opacity") {
                append_value(file, std::uint8_t(value));
            } else if (name == "rot_0") {
                append_value(file, std::int32_t(value));
            } else {
                append_value(file, float(value));
            }
        }
        append_value(file, std::uint16_t(7));
    }
    const auto splats = generator::read_ply(file);
    REQUIRE(splats.has_value());
    REQUIRE(splats->size() == 2);
    CHECK(splats->position[1] == std::array{10.F, 11.F, 12.F});
    CHECK(splats->colour[1] == std::array{-13.F, 14.F, 15.F});
    CHECK(splats->logit[1] == 16.F);
    CHECK(splats->log_scale[1] == std::array{17.F, 18.F, 19.F});
    CHECK(splats->rotation[0] == std::array{10.F, 11.F, 12.F, 13.F});
}

TEST_CASE("a file without one of the properties is refused by name") {
    for (const auto& missing : kNames) {
        Bytes file;
        append(file, "ply\nformat binary_little_endian 1.0\nelement vertex 1\n");
        for (const auto& name : kNames) {
            append(file, "property float " + (name == missing ? "other" : name) + "\n");
        }
        append(file, "end_header\n" + std::string(56, '\0'));
        const auto splats = generator::read_ply(file);
        REQUIRE_FALSE(splats.has_value());
        CHECK(splats.error().code == Errc::bad_splats);
        CHECK(splats.error().detail.find("'" + missing + "'") != std::string::npos);
    }
}

TEST_CASE("harmonics that fit no degree are refused") {
    Bytes file = tests::golden("spz/g5_sh1.ply");
    const std::string text(file.begin(), file.end());
    file[text.find("f_rest_8") + 7] = '9';
    CHECK(generator::read_ply(file).error().code == Errc::bad_splats);
}

TEST_CASE("a damaged file does no more than fail") {
    const Bytes good = tests::golden("spz/g7.ply");
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_FALSE(generator::read_ply({good.data(), size}).has_value());
    }
    std::mt19937 random(3);
    for (int i = 0; i < 3000; ++i) {
        Bytes bad = good;
        for (unsigned n = 1 + random() % 3; n-- > 0;) bad[random() % 450] = std::uint8_t(random());
        (void)generator::read_ply(bad);
    }
}

TEST_CASE("what is stored is finite and close to what was generated") {
    generator::Splats splats = tests::cone(5);
    splats.opacity = {0, 1, 0.5F, 1e-9F, 0.999F};
    splats.scale[3] = {0, 1e-3F, 1};
    const auto stored = generator::store(splats);
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(std::isfinite(stored.logit[i]));
        const double opacity = 1 / (1 + std::exp(-double(stored.logit[i])));
        CHECK(std::abs(opacity - splats.opacity[i]) <= 1 / 509.0);
        for (const float scale : stored.log_scale[i]) CHECK(std::isfinite(scale));
    }
    CHECK(stored.logit[2] == 0);
    CHECK(stored.log_scale[3][1] == std::log(1e-3F));
    CHECK(stored.position == splats.position);
    CHECK(stored.rotation == splats.rotation);
    CHECK(stored.colour == splats.colour);
}
