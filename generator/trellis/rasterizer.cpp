#include "generator/render/rasterizer.hpp"

#include "generator/render/rasterize_cuda.hpp"
#include "generator/trellis/device.hpp"
#include "generator/weights/refused.hpp"

namespace generator {
namespace {

Rasterizer on_gpu(int index) {
    return [index](const Gaussians& gaussians, const Camera& camera) {
        return rasterize_cuda(gaussians, camera, {}, index);
    };
}

}  // namespace

config::Result<Rasterizer> rasterizer_on(const std::string& device) {
    config::Generator settings;
    settings.device = device;
    try {
        const auto chosen = choose_target(settings).device;
        if (chosen.is_cuda()) return on_gpu(chosen.index());
        return Rasterizer([](const Gaussians& gaussians, const Camera& camera) {
            return rasterize(gaussians, camera);
        });
    } catch (const Refused& refused) {
        return refused.error();
    }
}

}  // namespace generator
