// Cuts the object of a picture out of its background by U2-Net. Torch inside; lives where the
// generator lives. Throws Refused.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"
#include "generator/models/u2net.hpp"

#include <optional>
#include <string>

namespace generator {

class Matting {
public:
    // `model`: a .onnx or .safetensors file; empty: the embedded u2netp. Throws Refused with
    // missing_file, bad_checkpoint, missing_tensor, extra_tensor, misshapen_tensor.
    Matting(const std::string& model, at::Device device);

    // RGBA -> RGBA cut out, the longest side 1024 at most. Fails with bad_mask.
    config::Result<Image> cut_out(const Image& rgba) const;

    // RGB of any size -> [320, 320] in 0..1, and stretched to the mask of its size, 8 bits, as
    // rembg does both.
    at::Tensor saliency_of(const Image& rgb) const;
    Image mask_of(const Image& rgb) const;

private:
    U2Net net_;
    at::Device device_;
};

// What the network sees of a picture: [1, 3, 320, 320] fp32.
at::Tensor matting_input(const Image& rgb);

}  // namespace generator
