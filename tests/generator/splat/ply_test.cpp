#include "generator/splat/ply.hpp"

#include "generator/errc.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>

#include <sys/resource.h>
#include <unistd.h>

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
        if (missing == "scale_2") continue;  // those of 2DGS have none
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

namespace {

std::string head(const std::string& format, int rows, const std::string& more = {}) {
    std::string text =
        "ply\nformat " + format + " 1.0\nelement vertex " + std::to_string(rows) + "\n";
    for (const auto& name : kNames) text += "property float " + name + "\n";
    return text + more + "end_header\n";
}

// Row i has the values 100 i, 100 i + 1, ...
float value_of(std::size_t row, std::size_t column) { return float(100 * row + column) - 0.5F; }

std::string number(float value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", double(value));
    return text;
}

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string words(const std::string& file) {
    const auto splats = generator::read_ply(bytes_of(file));
    REQUIRE_FALSE(splats.has_value());
    CHECK(splats.error().code == Errc::bad_splats);
    return splats.error().detail;
}

void check_rows(const config::Result<generator::StoredSplats>& splats) {
    REQUIRE(splats.has_value());
    REQUIRE(splats->size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(splats->position[i] == std::array{value_of(i, 0), value_of(i, 1), value_of(i, 2)});
        CHECK(splats->colour[i] == std::array{value_of(i, 3), value_of(i, 4), value_of(i, 5)});
        CHECK(splats->logit[i] == value_of(i, 6));
        CHECK(splats->log_scale[i] == std::array{value_of(i, 7), value_of(i, 8), value_of(i, 9)});
        CHECK(splats->rotation[i][3] == value_of(i, 13));
    }
    CHECK(splats->sh_degree == 0);
}

std::string text_rows(const std::string& end = "\n") {
    std::string text;
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t k = 0; k < kNames.size(); ++k)
            text += number(value_of(i, k)) + (k + 1 < kNames.size() ? " " : end);
    return text;
}

Bytes binary_rows(bool big, const Bytes& in_front_of_each = {}) {
    Bytes bytes;
    for (std::size_t i = 0; i < 3; ++i) {
        bytes.insert(bytes.end(), in_front_of_each.begin(), in_front_of_each.end());
        for (std::size_t k = 0; k < kNames.size(); ++k) {
            append_value(bytes, value_of(i, k));
            if (big) std::reverse(bytes.end() - 4, bytes.end());
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("text and big endian are read as little endian is") {
    check_rows(generator::read_ply(bytes_of(head("ascii", 3) + text_rows())));
    for (const bool big : {false, true}) {
        auto file = bytes_of(head(big ? "binary_big_endian" : "binary_little_endian", 3));
        const auto rows = binary_rows(big);
        file.insert(file.end(), rows.begin(), rows.end());
        check_rows(generator::read_ply(file));
    }
}

TEST_CASE("text is read with every kind of line end, blank and number") {
    const auto ascii = head("ascii", 3);
    const auto with_ends = [&](const std::string& end) {
        std::string text;
        for (const char c : ascii) text += c == '\n' ? end : std::string(1, c);
        return text + text_rows(end);
    };
    check_rows(generator::read_ply(bytes_of(with_ends("\r\n"))));
    check_rows(generator::read_ply(bytes_of(with_ends("\r"))));
    auto unended = ascii + text_rows();
    unended.pop_back();
    check_rows(generator::read_ply(bytes_of(unended)));
    const auto odd = generator::read_ply(bytes_of(
        head("ascii", 1) + "  +1 -2e0\t.5 nan inf -Infinity 1e999 -1e999 1e-999 0 1 0 0 0  \n"));
    REQUIRE(odd.has_value());
    CHECK(odd->position[0] == std::array{1.F, -2.F, .5F});
    CHECK(std::isnan(odd->colour[0][0]));
    CHECK(odd->colour[0][1] == std::numeric_limits<float>::infinity());
    CHECK(odd->colour[0][2] == -std::numeric_limits<float>::infinity());
    CHECK(odd->logit[0] == std::numeric_limits<float>::infinity());
    CHECK(odd->log_scale[0] == std::array{-std::numeric_limits<float>::infinity(), 0.F, 0.F});
}

TEST_CASE("lists are passed over, in the vertices and before them") {
    const std::string more = "property list uchar short extra\n";
    const std::string faces =
        "element face 2\nproperty list uint8 int32 vertex_indices\nproperty uchar flag\n";
    const auto with_faces = [&](const std::string& format) {
        auto text = head(format, 3, more);
        return text.insert(text.find("element vertex"), faces);
    };
    std::string rows = "3 0 1 2 7\n0 9\n";
    for (const char c : text_rows("\n"))
        rows += c == '\n' ? std::string(" 2 5 6\n") : std::string(1, c);
    check_rows(generator::read_ply(bytes_of(with_faces("ascii") + rows)));

    auto file = bytes_of(with_faces("binary_little_endian"));
    append_value(file, std::uint8_t(2));
    append(file, "12345678f");
    append_value(file, std::uint8_t(0));
    append(file, "f");
    const auto values = binary_rows(false);
    for (std::size_t i = 0; i < 3; ++i) {
        file.insert(file.end(), values.begin() + std::ptrdiff_t(i * 56),
                    values.begin() + std::ptrdiff_t((i + 1) * 56));
        append_value(file, std::uint8_t(i));
        append(file, std::string(2 * i, 'l'));
    }
    check_rows(generator::read_ply(file));
    file.pop_back();
    CHECK_FALSE(generator::read_ply(file).has_value());
}

TEST_CASE("what is no PLY of Gaussians says what it is") {
    CHECK_THAT(words(""), Catch::Contains("empty"));
    CHECK_THAT(words("plx\n"), Catch::Contains("does not begin with 'ply'"));
    CHECK_THAT(words("ply\n"), Catch::Contains("does not end"));
    CHECK_THAT(words("ply\nelement vertex 1\nend_header\n"), Catch::Contains("no format"));
    CHECK_THAT(words("ply\nformat binary_middle_endian 1.0\nend_header\n"),
               Catch::Contains("'binary_middle_endian'"));
    CHECK_THAT(words("ply\nformat ascii 1.0\nend_header\n"), Catch::Contains("no element"));
    CHECK_THAT(words(head("ascii", 0)), Catch::Contains("no Gaussians"));
    CHECK_THAT(words(head("ascii", 3) + "1 2 3\n"), Catch::Contains("cut short"));
    CHECK_THAT(words(head("ascii", 1) + "1 2 3 4 5 6 7 8 9 10 11 12 13\n          "),
               Catch::Contains("a number for 'rot_3'"));
    CHECK_THAT(words(head("ascii", 1) + "1 2 3 4 5 6 7 8 9 10 11 12 13 x\n"),
               Catch::Contains("a number for 'rot_3'"));
    CHECK_THAT(words(head("ascii", 1) + "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"),
               Catch::Contains("more than 14 values"));
    CHECK_THAT(words(head("binary_big_endian", 2) + "1234"), Catch::Contains("cut short"));
    CHECK_THAT(
        words("ply\nformat binary_little_endian 1.0\nelement chunk 1\nproperty float min_x\n"
              "element vertex 1\nproperty uint packed_position\nproperty uint packed_rotation\n"
              "property uint packed_scale\nproperty uint packed_color\nend_header\n" +
              std::string(20, 'c')),
        Catch::Contains("compressed PLY") && Catch::Contains("splat-transform"));
    CHECK_THAT(words("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
                     "property float z\nproperty uchar red\nend_header\n1 2 3 4\n"),
               Catch::Contains("no Gaussians"));
}

TEST_CASE("more Gaussians than the limit are refused, and the limit is said") {
    const auto file = bytes_of(head("ascii", 3) + text_rows());
    CHECK(generator::read_ply_file(file, 3).has_value());
    CHECK_THAT(generator::read_ply_file(file, 2).error().detail,
               Catch::Contains("3 Gaussians; the limit is 2"));
}

TEST_CASE("flat Gaussians of 2DGS are read with a third scale that is next to nothing") {
    auto text = head("ascii", 3);
    const std::string third = "property float scale_2\n";
    text.erase(text.find(third), third.size());
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t k = 0; k < kNames.size(); ++k)
            if (kNames[k] != "scale_2")
                text += number(value_of(i, k)) + (k + 1 < kNames.size() ? " " : "\n");
    const auto file = generator::read_ply_file(bytes_of(text)).value();
    CHECK(file.flat);
    CHECK_FALSE(file.rgb);
    REQUIRE(file.splats.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(file.splats.log_scale[i] ==
              std::array{value_of(i, 7), value_of(i, 8), std::log(1e-6F)});
        CHECK(file.splats.rotation[i][3] == value_of(i, 13));
    }
    CHECK_FALSE(generator::read_ply_file(tests::golden("spz/g7.ply"))->flat);
}

TEST_CASE("colours in red, green and blue are those of Gaussians, where there are some") {
    const std::string first = "ply\nformat ascii 1.0\nelement vertex 1\n", byte = "property uchar ",
                      end =
                          "property float opacity\nproperty float scale_0\n"
                          "property float scale_1\nproperty float scale_2\n"
                          "property float rot_0\nproperty float rot_1\n"
                          "property float rot_2\nproperty float rot_3\nend_header\n"
                          "1 2 3 0 255 51 0.5 -1 -2 -3 1 0 0 0\n",
                      place = "property float x\nproperty float y\nproperty float z\n";
    const auto with = [&](const std::string& kind) {
        return first + place + kind + "red\n" + kind + "green\n" + kind + "blue\n" + end;
    };
    const auto file = generator::read_ply_file(bytes_of(with(byte))).value();
    CHECK(file.rgb);
    CHECK_FALSE(file.flat);
    const auto& colour = file.splats.colour.at(0);
    const auto seen = [&](int c) { return 0.5 + 0.28209479177387814 * colour[std::size_t(c)]; };
    CHECK(seen(0) == Approx(0).margin(1e-6));
    CHECK(seen(1) == Approx(1));
    CHECK(seen(2) == Approx(0.2));
    CHECK(file.splats.logit[0] == 0.5F);
    // Whether these go to 1 or to 255 nobody knows.
    CHECK_THAT(words(with("property float ")), Catch::Contains("'f_dc_0'"));
}

TEST_CASE("which way is up is what a file's comment says") {
    const auto up = [](const std::string& comment) {
        auto text = head("ascii", 3);
        text.insert(text.find("element vertex"), comment + "\n");
        return generator::read_ply_file(bytes_of(text + text_rows())).value().up;
    };
    CHECK(up("comment Vertical Axis: z") == generator::UpAxis::plus_z);
    CHECK(up("comment Vertical Axis: Y") == generator::UpAxis::plus_y);
    for (const auto* other : {"comment", "comment Vertical Axis: x", "comment Vertical Axis",
                              "comment the Vertical Axis: z", "obj_info Vertical Axis: z"})
        CHECK_FALSE(up(other).has_value());
}

TEST_CASE("a header that lies about its rows costs no memory") {
    for (const std::string format : {"ascii", "binary_little_endian", "binary_big_endian"})
        for (const std::string rows : {"18446744073709551615", "4294967296", "1000000000"}) {
            auto text = head(format, 1);
            text.replace(text.find("vertex 1") + 7, 1, rows);
            CHECK_THAT(words(text + std::string(500, '1')), Catch::Contains("cut short"));
            text.insert(text.find("element vertex"), "element nothing " + rows + "\n");
            CHECK_THAT(words(text), Catch::Contains("cut short"));
            text.insert(text.find("element vertex"), "property list uchar int x\n");
            CHECK_THAT(words(text), Catch::Contains("cut short"));
        }
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // their allocators end the process
TEST_CASE("when memory is short reading fails, and nothing else") {
    Bytes file = bytes_of(head("binary_little_endian", 3'000'000));
    for (auto at = std::search(file.begin(), file.end(), "float", "float" + 5); at != file.end();
         at = std::search(file.begin(), file.end(), "float", "float" + 5))
        std::copy_n("uchar", 5, at);
    file.resize(file.size() + 3'000'000 * 14);
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0;
    statm >> pages;
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    rlimit tight = before;
    tight.rlim_cur = pages * std::size_t(sysconf(_SC_PAGESIZE)) + (50 << 20);  // it takes 170 MB
    REQUIRE(setrlimit(RLIMIT_AS, &tight) == 0);
    const auto splats = generator::read_ply(file);
    setrlimit(RLIMIT_AS, &before);
    REQUIRE_FALSE(splats.has_value());
    CHECK(splats.error().code == Errc::out_of_memory);
    CHECK(generator::read_ply(file).has_value());
}
#endif

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
