// Files of tests/golden for the tests of pictures and splats. A missing or broken one throws, which
// fails the test.
#pragma once

#include "config/digest.hpp"
#include "tests/support/paths.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace tests {

using Bytes = std::vector<std::uint8_t>;

// "pillow/photo.png"
inline Bytes golden(const std::string& name) {
    std::ifstream stream(project_path("tests/golden/" + name), std::ios::binary);
    if (!stream) throw std::runtime_error("no golden file " + name);
    return Bytes(std::istreambuf_iterator<char>(stream), {});
}

inline boost::json::object golden_json(const std::string& name) {
    const Bytes bytes = golden(name);
    return boost::json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()})
        .as_object();
}

using config::sha256;

// Values of one tensor of a safetensors file, flat.
template <class T>
std::vector<T> golden_tensor(const std::string& file, const std::string& name) {
    const Bytes bytes = golden(file);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const auto header =
        boost::json::parse({reinterpret_cast<const char*>(bytes.data()) + 8, std::size_t(length)});
    const auto& offsets = header.at(name).at("data_offsets").as_array();
    const auto begin = offsets[0].to_number<std::size_t>(),
               end = offsets[1].to_number<std::size_t>();
    std::vector<T> values((end - begin) / sizeof(T));
    std::memcpy(values.data(), bytes.data() + 8 + length + begin, end - begin);
    return values;
}

}  // namespace tests
