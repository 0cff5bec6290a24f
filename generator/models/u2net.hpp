// Which part of a picture is its object: U-squared-Net (Qin et al. 2020, arXiv 2005.09007) in its
// two sizes, u2net and u2netp. Batch norms are folded into their convolutions when the weights are
// read. fp32 always: it is small. Throws Refused.
#pragma once

#include "generator/weights/bundle.hpp"
#include "generator/weights/onnx.hpp"

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class U2Net {
public:
    static constexpr std::int64_t kSide = 320;  // of the picture it was trained on

    // A state dict with batch norms, as the authors publish it.
    static U2Net read(Safetensors file, at::Device device);
    // As rembg keeps it in ~/.u2net: norms folded, names lost. The graph's convolutions are those
    // of the forward pass, in its order.
    static U2Net read(const Onnx& file, at::Device device);

    // [1, 3, H, W] normalised -> [1, 1, H, W] in 0..1.
    at::Tensor saliency(const at::Tensor& x) const;

    std::int64_t parameters() const { return parameters_; }

    // One convolution with its (folded) norm.
    struct Convolution {
        at::Tensor weight, bias;
        std::int64_t dilation = 1;

        at::Tensor operator()(const at::Tensor& x) const;
    };

    // A residual U-block; without pooling (RSU-4F) its stages are dilated instead.
    struct Block {
        bool pools = true;
        Convolution in;
        std::vector<Convolution> down;  // the last one is the bottom
        std::vector<Convolution> up;    // bottom to top

        at::Tensor operator()(const at::Tensor& x) const;
    };

private:
    class Source;
    class StateDict;
    class Graph;

    explicit U2Net(Source& source);

    std::vector<Block> down_, up_;  // stage1 to stage6, stage5d to stage1d
    std::vector<Convolution> sides_;
    Convolution out_;
    std::int64_t parameters_ = 0;
};

}  // namespace generator
