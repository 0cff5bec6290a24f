#include "generator/splat/ply.hpp"

#include "generator/splat/activation.hpp"
#include "generator/splat/ply_header.hpp"
#include "generator/splat/sized.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <string>

namespace generator {
std::vector<std::string> ply_names(bool normals, int harmonics) {
    std::vector<std::string> names{"x", "y", "z"};
    const auto add = [&](std::initializer_list<const char*> group) {
        names.insert(names.end(), group.begin(), group.end());
    };
    if (normals) add({"nx", "ny", "nz"});
    add({"f_dc_0", "f_dc_1", "f_dc_2"});
    for (int i = 0; i < harmonics; ++i) names.push_back("f_rest_" + std::to_string(i));
    add({"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"});
    return names;
}

void StoredSplats::resize(std::size_t count) {
    position.resize(count);
    colour.resize(count);
    log_scale.resize(count);
    rotation.resize(count);
    logit.resize(count);
    harmonics.resize(count * harmonics_per_gaussian(sh_degree));
}

void resize(StoredSplats& splats, std::size_t count, Team& team) {
    team.run(6, [&](std::size_t array) {
        if (array == 0) splats.harmonics.resize(count * harmonics_per_gaussian(splats.sh_degree));
        if (array == 1) splats.rotation.resize(count);
        if (array == 2) splats.position.resize(count);
        if (array == 3) splats.colour.resize(count);
        if (array == 4) splats.log_scale.resize(count);
        if (array == 5) splats.logit.resize(count);
    });
}

StoredSplats store(const Splats& splats) {
    StoredSplats out;
    out.position = splats.position;
    out.colour = splats.colour;
    out.rotation = splats.rotation;
    out.log_scale.resize(splats.size());
    out.logit.resize(splats.size());
    for (std::size_t i = 0; i < splats.size(); ++i) {
        for (int c = 0; c < 3; ++c) out.log_scale[i][c] = stored_scale(splats.scale[i][c]);
        out.logit[i] = stored_opacity(splats.opacity[i]);
    }
    return out;
}

std::vector<std::uint8_t> write_ply(const StoredSplats& splats, bool normals) {
    const int harmonics = harmonics_per_gaussian(splats.sh_degree);
    assert(splats.harmonics.size() == splats.size() * harmonics);
    const auto names = ply_names(normals, harmonics);
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

bool has_trellis_layout(std::span<const std::uint8_t> ply) {
    const auto header = parse_ply_header(ply);
    const auto vertex = header ? header->vertex() : std::nullopt;
    if (!vertex) return false;
    const auto& properties = header->elements[*vertex].properties;
    const auto names = ply_names(true, 0);
    return std::equal(properties.begin(), properties.end(), names.begin(), names.end(),
                      [](const PlyProperty& p, const std::string& n) {
                          return p.name == n && p.type == PlyType::f32 && !p.count;
                      });
}

}  // namespace generator
