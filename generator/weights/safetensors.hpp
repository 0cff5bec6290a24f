// The safetensors container: u64 length of the header, a JSON header, the tensors' bytes.
// Everything in it is hostile until it is checked here: nothing is allocated by a number from the
// file, and every view lies inside the data. Format: https://huggingface.co/docs/safetensors.
// Torch-free; any thread.
#pragma once

#include "generator/weights/files.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace generator {

enum class Dtype {
    boolean,
    u8,
    i8,
    f8_e4m3,
    f8_e5m2,
    u16,
    i16,
    f16,
    bf16,
    u32,
    i32,
    f32,
    u64,
    i64,
    f64
};

std::size_t size_in_bytes(Dtype dtype);
const char* name_of(Dtype dtype);  // as in the header: "F32"

struct TensorView {
    Dtype dtype = Dtype::f32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> data;  // little-endian, row-major; of any alignment
};

class Safetensors {
public:
    // `file` names the bytes in messages. Fails with bad_checkpoint, its detail being file, tensor
    // and fault: cut short, a header that is no such JSON, a name twice, an unknown type, a shape
    // that overflows or does not fit its bytes, bytes outside the file, shared by two tensors or
    // claimed by none.
    static config::Result<Safetensors> parse(Bytes bytes, std::string file);

    const std::string& file() const { return file_; }
    const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
    const TensorView* find(std::string_view name) const;

private:
    Bytes bytes_;
    std::string file_;
    std::map<std::string, TensorView, std::less<>> tensors_;
};

}  // namespace generator
