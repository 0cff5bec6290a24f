// The text at the head of a PLY file, parsed with bounds. Private to splat/.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace generator {

enum class PlyType { i8, u8, i16, u16, i32, u32, f32, f64 };

int size_of(PlyType type);

struct PlyProperty {
    std::string name;
    PlyType type = PlyType::f32;
    std::size_t offset = 0;  // within a row
};

struct PlyHeader {
    std::uint64_t rows = 0;  // vertices
    std::size_t row_bytes = 0;
    std::vector<PlyProperty> properties;  // of a vertex, in the file's order
    std::size_t body = 0;                 // offset of the first vertex; never beyond the bytes

    const PlyProperty* find(std::string_view name) const;
};

// Checks that the rows are all there, so rows * row_bytes fits the bytes. Fails with bad_splats.
config::Result<PlyHeader> parse_ply_header(std::span<const std::uint8_t> bytes);

}  // namespace generator
