// Weights of a single layer for tests, by name, as if read from a file. Includes ATen: before
// Catch.
#pragma once

#include "generator/weights/bundle.hpp"
#include "generator/weights/refused.hpp"

#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

namespace tests {

class LayerWeights {
public:
    // fp32; returned for the test's own arithmetic.
    at::Tensor add(const std::string& name, const at::Tensor& values) {
        tensors_.emplace_back(name, values.contiguous());
        return values;
    }

    generator::Bundle bundle(at::Device device = at::kCPU,
                             at::ScalarType dtype = at::kFloat) const {
        return generator::Bundle(file("layer"), device, dtype);
    }

    generator::Safetensors file(const std::string& name) const {
        std::ostringstream header;
        std::size_t bytes = 0;
        for (const auto& [tensor, values] : tensors_) {
            header << (bytes ? "," : "{") << '"' << tensor << R"(":{"dtype":"F32","shape":[)";
            for (std::int64_t i = 0; i < values.dim(); ++i)
                header << (i ? "," : "") << values.size(i);
            header << R"(],"data_offsets":[)" << bytes << "," << bytes + values.nbytes() << "]}";
            bytes += values.nbytes();
        }
        const std::string text = header.str() + "}";
        std::shared_ptr<std::byte[]> content(new std::byte[8 + text.size() + bytes]());
        const std::uint64_t length = text.size();
        std::memcpy(&content[0], &length, 8);
        std::memcpy(&content[8], text.data(), text.size());
        std::size_t at = 8 + text.size();
        for (const auto& [tensor, values] : tensors_) {
            std::memcpy(&content[at], values.const_data_ptr(), values.nbytes());
            at += values.nbytes();
        }
        return generator::or_refuse(
            generator::Safetensors::parse({{content.get(), at}, content}, name));
    }

private:
    std::vector<std::pair<std::string, at::Tensor>> tensors_;
};

}  // namespace tests
