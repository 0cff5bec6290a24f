#include "generator/splat/ply.hpp"

#include "generator/errc.hpp"
#include "generator/splat/ply_header.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace generator {
namespace {

constexpr const char* kPosition[] = {"x", "y", "z"};
constexpr const char* kNormal[] = {"nx", "ny", "nz"};
constexpr const char* kColour[] = {"f_dc_0", "f_dc_1", "f_dc_2"};
constexpr const char* kOpacity[] = {"opacity"};
constexpr const char* kScale[] = {"scale_0", "scale_1", "scale_2"};
constexpr const char* kRotation[] = {"rot_0", "rot_1", "rot_2", "rot_3"};

// Names in the order in which TRELLIS writes them.
std::vector<std::string> layout(bool normals, int harmonics) {
    std::vector<std::string> names;
    const auto add = [&](const auto& group) {
        names.insert(names.end(), std::begin(group), std::end(group));
    };
    add(kPosition);
    if (normals) add(kNormal);
    add(kColour);
    for (int i = 0; i < harmonics; ++i) names.push_back("f_rest_" + std::to_string(i));
    add(kOpacity);
    add(kScale);
    add(kRotation);
    return names;
}

template <class T>
float load_as(const std::uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return float(value);
}

float load(const std::uint8_t* row, const PlyProperty& property) {
    const std::uint8_t* from = row + property.offset;
    switch (property.type) {
        case PlyType::f32:
            return load_as<float>(from);
        case PlyType::f64:
            return load_as<double>(from);
        case PlyType::i8:
            return load_as<std::int8_t>(from);
        case PlyType::u8:
            return load_as<std::uint8_t>(from);
        case PlyType::i16:
            return load_as<std::int16_t>(from);
        case PlyType::u16:
            return load_as<std::uint16_t>(from);
        case PlyType::i32:
            return load_as<std::int32_t>(from);
        case PlyType::u32:
            return load_as<std::uint32_t>(from);
    }
    return 0;
}

config::Error bad(const std::string& what) {
    return config::fail(Errc::bad_splats, "PLY: " + what);
}

// Where in a row the values of a Gaussian are.
struct Columns {
    std::vector<PlyProperty> needed;  // position, colour, opacity, scale, rotation
    std::vector<PlyProperty> harmonics;
    int degree = 0;
};

config::Result<Columns> find_columns(const PlyHeader& header) {
    Columns columns;
    for (const auto& name : layout(false, 0)) {
        const auto* property = header.find(name);
        if (!property) return bad("no property '" + name + "'");
        columns.needed.push_back(*property);
    }
    while (const auto* property =
               header.find("f_rest_" + std::to_string(columns.harmonics.size()))) {
        columns.harmonics.push_back(*property);
    }
    const int count = int(columns.harmonics.size());
    while (columns.degree < 4 && harmonics_per_gaussian(columns.degree) < count) ++columns.degree;
    if (harmonics_per_gaussian(columns.degree) != count) {
        return bad(std::to_string(count) + " harmonics fit no degree from 0 to 4");
    }
    return columns;
}

}  // namespace

void StoredSplats::resize(std::size_t count) {
    position.resize(count);
    colour.resize(count);
    log_scale.resize(count);
    rotation.resize(count);
    logit.resize(count);
    harmonics.resize(count * harmonics_per_gaussian(sh_degree));
}

StoredSplats store(const Splats& splats) {
    constexpr float kLowest = 1.F / 510, kHighest = 1 - kLowest;
    constexpr float kSmallest = std::numeric_limits<float>::min();
    StoredSplats out;
    out.position = splats.position;
    out.colour = splats.colour;
    out.rotation = splats.rotation;
    out.log_scale.resize(splats.size());
    out.logit.resize(splats.size());
    for (std::size_t i = 0; i < splats.size(); ++i) {
        // Comparisons that a NaN fails let it through.
        for (int c = 0; c < 3; ++c) {
            const float scale = splats.scale[i][c];
            out.log_scale[i][c] = std::log(scale < kSmallest ? kSmallest : scale);
        }
        float opacity = splats.opacity[i];
        opacity = opacity < kLowest ? kLowest : opacity > kHighest ? kHighest : opacity;
        out.logit[i] = std::log(opacity / (1 - opacity));
    }
    return out;
}

std::vector<std::uint8_t> write_ply(const StoredSplats& splats, bool normals) {
    const int harmonics = harmonics_per_gaussian(splats.sh_degree);
    assert(splats.harmonics.size() == splats.size() * harmonics);
    const auto names = layout(normals, harmonics);
    std::string header = "ply\nformat binary_little_endian 1.0\nelement vertex " +
                         std::to_string(splats.size()) + "\n";
    for (const auto& name : names) header += "property float " + name + "\n";
    header += "end_header\n";

    std::vector<std::uint8_t> bytes(header.size() + splats.size() * names.size() * sizeof(float));
    std::memcpy(bytes.data(), header.data(), header.size());
    std::uint8_t* to = bytes.data() + header.size();
    const auto put = [&](const void* values, std::size_t count) {
        if (count) std::memcpy(to, values, count * sizeof(float));
        to += count * sizeof(float);
    };
    for (std::size_t i = 0; i < splats.size(); ++i) {
        put(splats.position[i].data(), 3);
        if (normals) to += 3 * sizeof(float);
        put(splats.colour[i].data(), 3);
        put(splats.harmonics.data() + i * harmonics, harmonics);
        put(&splats.logit[i], 1);
        put(splats.log_scale[i].data(), 3);
        put(splats.rotation[i].data(), 4);
    }
    return bytes;
}

config::Result<StoredSplats> read_ply(std::span<const std::uint8_t> bytes) {
    const auto header = parse_ply_header(bytes);
    if (!header) return header.error();
    const auto columns = find_columns(*header);
    if (!columns) return columns.error();

    StoredSplats splats;
    splats.sh_degree = columns->degree;
    splats.resize(header->rows);
    const std::size_t harmonics = columns->harmonics.size();
    const std::uint8_t* row = bytes.data() + header->body;
    for (std::size_t i = 0; i < splats.size(); ++i, row += header->row_bytes) {
        const PlyProperty* property = columns->needed.data();
        for (auto& value : splats.position[i]) value = load(row, *property++);
        for (auto& value : splats.colour[i]) value = load(row, *property++);
        splats.logit[i] = load(row, *property++);
        for (auto& value : splats.log_scale[i]) value = load(row, *property++);
        for (auto& value : splats.rotation[i]) value = load(row, *property++);
        for (std::size_t j = 0; j < harmonics; ++j) {
            splats.harmonics[i * harmonics + j] = load(row, columns->harmonics[j]);
        }
    }
    return splats;
}

bool has_trellis_layout(std::span<const std::uint8_t> ply) {
    const auto header = parse_ply_header(ply);
    if (!header) return false;
    const auto& properties = header->properties;
    const auto names = layout(true, 0);
    return std::equal(properties.begin(), properties.end(), names.begin(), names.end(),
                      [](const PlyProperty& p, const std::string& n) {
                          return p.name == n && p.type == PlyType::f32;
                      });
}

}  // namespace generator
