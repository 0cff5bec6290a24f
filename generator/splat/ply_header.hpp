// The text at the head of a PLY file, parsed with bounds. Private to splat/.
#pragma once

#include "config/result.hpp"
#include "generator/splat/ply.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace generator {

enum class PlyType { i8, u8, i16, u16, i32, u32, f32, f64 };

int size_of(PlyType type);

enum class PlyFormat { ascii, little_endian, big_endian };

struct PlyProperty {
    std::string name;
    PlyType type = PlyType::f32;
    std::optional<PlyType> count;  // of a list, and in front of its values
};

struct PlyElement {
    std::string name;
    std::uint64_t rows = 0;
    std::vector<PlyProperty> properties;  // in the file's order
    std::size_t row_bytes = 0;            // the least that a row has, in binary
    bool has_list = false;

    std::optional<std::size_t> find(std::string_view property) const;  // its place in `properties`
};

struct PlyHeader {
    PlyFormat format = PlyFormat::little_endian;
    std::vector<PlyElement> elements;
    std::size_t body = 0;      // offset of the first row; never beyond the bytes
    char line_end = '\n';      // of text; '\r' alone in files of old Macintoshes
    std::optional<UpAxis> up;  // by its comment

    std::optional<std::size_t> vertex() const;  // the first element of that name
};

// Says nothing about the rows: whether they are there is for the reader of the body. Fails with
// bad_splats.
config::Result<PlyHeader> parse_ply_header(std::span<const std::uint8_t> bytes);

// The properties of a Gaussian in the order in which TRELLIS writes them.
std::vector<std::string> ply_names(bool normals, int harmonics);

}  // namespace generator
