// Niantic's extensions of SPZ: records of u32 kind, u32 length and so many bytes.
// github.com/nianticlabs/spz, extensions/README.md.
#include "generator/errc.hpp"
#include "generator/splat/spz_opened.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint32_t kOrbitLimits = 0xADBE0002, kCoordinateSystem = 0xADBE0003;
constexpr std::size_t kMostUnknown = 4;

// By number: where x, y and z point, of left and right, up and down, front and back. No number, or
// 0, is as good as RUB.
constexpr std::array<const char*, 17> kSystems{"?",   "LDB", "RDB", "LUB", "RUB", "LDF",
                                               "RDF", "LUF", "RUF", "LFD", "RFD", "LFU",
                                               "RFU", "LBD", "RBD", "LBU", "RBU"};

std::uint32_t word(Bytes bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | bytes[at + i];
    return value;
}

// The others are mirrored. Those that begin with L are those that begin with R, turned by half a
// turn about what is up.
config::Result<UpAxis> up_of(std::uint32_t system) {
    const std::string name = system < kSystems.size() ? kSystems[system] : std::to_string(system);
    if (system == 0 || name == "RUB" || name == "LUF") return UpAxis::plus_y;
    if (name == "RFU" || name == "LBU") return UpAxis::plus_z;
    if (name == "RDF" || name == "LDB") return UpAxis::minus_y;
    return config::fail(Errc::bad_splats, "SPZ: its axes are " + name +
                                              " (SPZ_ADOBE_coordinate_system); RUB, LUF, RDF, "
                                              "LDB, RFU and LBU are read");
}

}  // namespace

config::Result<SpzExtensions> read_spz_extensions(std::span<const std::uint8_t> records) {
    constexpr std::size_t kHead = 8;
    SpzExtensions read;
    while (records.size() >= kHead) {
        const auto kind = word(records, 0);
        const std::size_t length = word(records, 4);
        records = records.subspan(kHead);
        if (length > records.size()) break;
        if (kind == kCoordinateSystem && length >= 4 && !read.up) {
            const auto up = up_of(word(records, 0));
            if (!up) return up.error();
            read.up = *up;
            const auto system = word(records, 0);
            read.faces_away = system != 0 && kSystems[system][0] == 'L';
        } else if (kind != kCoordinateSystem && kind != kOrbitLimits &&
                   read.unknown.size() < kMostUnknown) {
            read.unknown.push_back(kind);
        }
        records = records.subspan(length);
    }
    return read;
}

}  // namespace generator
