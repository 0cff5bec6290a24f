// ONNX files: what is found of them lies within the file, and has the shape that it says.
#include "generator/weights/onnx.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto file = generator::Onnx::parse(generator::Bytes{bytes, nullptr}, "fuzz");
    if (!file) return 0;
    for (const auto& convolution : file->convolutions()) {
        fuzz::require(convolution.weight.shape.size() == 4 && convolution.bias.shape.size() == 1);
        for (const auto* tensor : {&convolution.weight, &convolution.bias}) {
            std::size_t count = 1;
            for (const auto side : tensor->shape) count *= std::size_t(side);
            fuzz::require(count * sizeof(float) == tensor->data.size());
            for (const auto byte : tensor->data) (void)std::to_integer<int>(byte);
        }
    }
    return 0;
}
