// The sizes of a network as its tensors tell them. A tensor's bytes are in the file, so that what
// it says is bounded by what was fetched; all other tensors of the network must then fit. Throws
// Refused naming file and tensor.
#pragma once

#include "generator/weights/safetensors.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace generator {

class TensorSizes {
public:
    explicit TensorSizes(const Safetensors& file) : file_(file) {}

    // The shape of a tensor with so many dimensions, each from 1 to 2^20.
    std::vector<std::int64_t> shape(const std::string& name, std::size_t dimensions) const;

    bool has_any(const std::string& prefix) const;

    // How many of prefix + "0.", "1.", ... begin a name, without a gap; from 1 to 256.
    std::int64_t count(const std::string& prefix) const;

    // What a position table of 1 + n^2 rows says of n; refuses other numbers.
    std::int64_t patches_along(const std::string& name, std::int64_t rows) const;

    [[noreturn]] void refuse_tensor(const std::string& name, const std::string& why) const;

private:
    const Safetensors& file_;
};

}  // namespace generator
