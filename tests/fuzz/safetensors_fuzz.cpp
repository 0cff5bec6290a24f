// Checkpoints: what is parsed lies within the file.
#include "generator/weights/safetensors.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto file = generator::Safetensors::parse(generator::Bytes{bytes, nullptr}, "fuzz");
    if (!file) return 0;
    for (const auto& [name, tensor] : file->tensors()) {
        std::size_t count = 1;
        for (const auto side : tensor.shape) count *= std::size_t(side);
        fuzz::require(count * generator::size_in_bytes(tensor.dtype) == tensor.data.size());
        for (const auto byte : tensor.data) (void)std::to_integer<int>(byte);
    }
    return 0;
}
