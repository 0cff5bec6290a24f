#include "generator/render/validator_views.hpp"

#include "generator/render/camera.hpp"
#include "generator/render/picture.hpp"
#include "generator/splat/scene.hpp"

namespace generator {

config::Result<std::vector<Image>> validator_views(const StoredSplats& splats,
                                                   const Rasterizer& rasterizer,
                                                   const ViewPlan& plan) {
    const auto scene = validator_scene(splats);
    const auto all = gaussians(scene, splats.rotation);
    std::vector<Image> views;
    for (int index = 0; index + 1 < kValidatorViews; index += plan.step) {
        auto orbit = validator_orbit(index);
        orbit.width = orbit.height = plan.side;
        const auto rendering = rasterizer(all, orbit_camera(orbit));
        if (!rendering) return rendering.error();
        views.push_back(to_picture(*rendering));
    }
    return views;
}

}  // namespace generator
