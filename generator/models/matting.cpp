#include "generator/models/matting.hpp"

#include "config/embedded_file.hpp"
#include "generator/image/mask.hpp"
#include "generator/image/resize.hpp"
#include "generator/weights/files.hpp"
#include "generator/weights/refused.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <vector>

#include <ATen/ATen.h>

// u2netp.onnx as published, put here by miner_embed.
extern "C" const config::EmbeddedFile miner_u2netp[];

namespace generator {
namespace {

U2Net read_net(const std::string& model, at::Device device) {
    if (model.empty()) {
        const auto bytes =
            std::as_bytes(std::span(miner_u2netp[0].data, std::size_t(miner_u2netp[0].size)));
        return U2Net::read(or_refuse(Onnx::parse({bytes, nullptr}, "embedded/u2netp.onnx")),
                           device);
    }
    const std::filesystem::path path = model;
    const auto folder = folder_files(path.has_parent_path() ? path.parent_path().string() : ".");
    auto bytes = or_refuse(folder->open(path.filename().string()));
    if (path.extension() == ".safetensors")
        return U2Net::read(or_refuse(Safetensors::parse(std::move(bytes), model)), device);
    return U2Net::read(or_refuse(Onnx::parse(std::move(bytes), model)), device);
}

}  // namespace

at::Tensor matting_input(const Image& rgb) {
    constexpr std::array<double, 3> kMean{0.485, 0.456, 0.406}, kDeviation{0.229, 0.224, 0.225};
    constexpr int kSide = int(U2Net::kSide);
    const auto small = resize(rgb, kSide, kSide, Filter::lanczos);
    const double largest =
        std::max(double(*std::max_element(small.pixels.begin(), small.pixels.end())), 1e-6);
    auto input = at::empty({1, 3, kSide, kSide}, at::kFloat);
    auto* plane = input.mutable_data_ptr<float>();
    constexpr std::size_t kPixels = std::size_t(kSide) * kSide;
    for (std::size_t i = 0; i < kPixels; ++i)
        for (std::size_t c = 0; c < 3; ++c)
            plane[c * kPixels + i] =
                float((small.pixels[3 * i + c] / largest - kMean[c]) / kDeviation[c]);
    return input;
}

Matting::Matting(const std::string& model, at::Device device)
    : net_(read_net(model, device)), device_(device) {}

at::Tensor Matting::saliency_of(const Image& rgb) const {
    return net_.saliency(matting_input(rgb).to(device_)).select(0, 0).select(0, 0);
}

Image Matting::mask_of(const Image& rgb) const {
    auto saliency = saliency_of(rgb);
    const auto least = saliency.min(), most = saliency.max();
    // Stretched to 0..1; a picture in which nothing stands out stays empty.
    saliency = (saliency - least) / at::clamp_min(most - least, 1e-12);
    const auto bytes = (saliency * 255).to(at::kByte).to(at::kCPU).contiguous();
    const auto* first = bytes.const_data_ptr<std::uint8_t>();
    const Image small{int(U2Net::kSide), int(U2Net::kSide), 1, {first, first + bytes.numel()}};
    // First along y, as Pillow 13 does here, with which rembg's masks are made today; resize()
    // alone would go along x first. A pass that changes no length changes no byte.
    const auto tall = resize(small, small.width, rgb.height, Filter::lanczos);
    return resize(tall, rgb.width, rgb.height, Filter::lanczos);
}

config::Result<Image> Matting::cut_out(const Image& rgba) const {
    const auto rgb = without_alpha(rgba);
    const auto mask = mask_of(rgb);
    if (const auto useful = expect_useful(mask); !useful) return useful.error();
    return generator::cut_out(rgb, mask);
}

}  // namespace generator
