// The convolutions of an ONNX file, in the order of its graph: all that is read of the format, by a
// bounded reader of protobuf's wire form. (libonnx would bring a second protobuf beside the one
// inside libtorch.) Everything in the file is hostile until it is checked here: nothing is
// allocated by a number from it, and every view lies inside the bytes. Format: onnx.proto, IR
// version 3 and later. Torch-free; any thread.
#pragma once

#include "generator/weights/safetensors.hpp"

#include <string>
#include <vector>

namespace generator {

struct OnnxConvolution {
    std::string weight_name, bias_name;  // as the graph calls them
    TensorView weight;                   // [out, in, height, width] fp32
    TensorView bias;                     // [out] fp32
};

class Onnx {
public:
    // `file` names the bytes in messages. Fails with bad_checkpoint: cut short, no graph, a
    // convolution whose weights are not in the file, a tensor that is not fp32, does not fit its
    // shape or has other dimensions than a convolution over pictures.
    static config::Result<Onnx> parse(Bytes bytes, std::string file);

    const std::string& file() const { return file_; }
    const std::vector<OnnxConvolution>& convolutions() const { return convolutions_; }

private:
    Bytes bytes_;
    std::string file_;
    std::vector<OnnxConvolution> convolutions_;
};

}  // namespace generator
