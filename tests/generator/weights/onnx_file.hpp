// Writes the parts of ONNX's wire format (protobuf) that describe a graph of convolutions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tests::onnx {

inline std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += char(value | 0x80);
    return out + char(value);
}

inline std::string number(int field, std::uint64_t value) {
    return varint(std::uint64_t(field) << 3) + varint(value);
}

inline std::string bytes(int field, const std::string& content) {
    return varint(std::uint64_t(field) << 3 | 2) + varint(content.size()) + content;
}

// A tensor of raw bytes; `packed`: dimensions and numbers as packed lists.
inline std::string tensor(const std::string& name, const std::vector<std::uint64_t>& shape,
                          const std::string& data, bool packed = false, std::uint64_t type = 1) {
    std::string out, dims;
    for (const auto side : shape) {
        out += packed ? "" : number(1, side);
        dims += varint(side);
    }
    if (packed) out += bytes(1, dims);
    return bytes(5, out + number(2, type) + bytes(8, name) + bytes(packed ? 4 : 9, data));
}

inline std::string node(const std::string& kind, const std::vector<std::string>& inputs) {
    std::string out;
    for (const auto& input : inputs) out += bytes(1, input);
    return bytes(1, out + bytes(2, "out") + bytes(4, kind));
}

inline std::string model(const std::string& graph) { return number(1, 4) + bytes(7, graph); }

}  // namespace tests::onnx
