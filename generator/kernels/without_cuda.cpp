// What stands for the kernels of a GPU in a program that was built without them, so that no other
// source needs to know how it was built. Such a program is linked without libtorch's CUDA part: no
// tensor of it lies on a GPU, choose_target() refuses one, and nothing here is ever called.
#include "generator/errc.hpp"
#include "generator/kernels/attend_planned.hpp"
#include "generator/kernels/compute_capability.hpp"
#include "generator/kernels/gather_matmul_launch.hpp"
#include "generator/kernels/gather_sum_launch.hpp"
#include "generator/kernels/head_norm_launch.hpp"
#include "generator/kernels/norm_silu_launch.hpp"
#include "generator/kernels/residual_norm_launch.hpp"
#include "generator/render/rasterize_cuda.hpp"
#include "generator/render/validator_views_cuda.hpp"

#include <c10/util/Exception.h>

namespace generator {
namespace {

constexpr auto kWithout = "this program was built without CUDA";

}  // namespace

ComputeCapability compute_capability(c10::Device) { TORCH_CHECK(false, kWithout); }

at::Tensor attend_planned(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                          const at::Tensor&) {
    TORCH_CHECK(false, kWithout);
}

void make_plans(const PlannedNetwork&) { TORCH_CHECK(false, kWithout); }

void launch_gather_patches(const at::Tensor&, const at::Tensor&, at::Tensor&) {
    TORCH_CHECK(false, kWithout);
}

void launch_gather_sum(const at::Tensor&, const at::Tensor&, const at::Tensor&, at::Tensor&) {
    TORCH_CHECK(false, kWithout);
}

void launch_head_norm(const at::Tensor&, const at::Tensor&) { TORCH_CHECK(false, kWithout); }

bool launch_norm_silu(const at::Tensor&, const at::Tensor&, const at::Tensor&, double,
                      const at::Tensor&) {
    TORCH_CHECK(false, kWithout);
}

bool launch_residual_norm(const at::Tensor&, const Residual&, const Modulation&, double,
                          const at::Tensor&) {
    TORCH_CHECK(false, kWithout);
}

config::Result<Rendering> rasterize_cuda(const Gaussians&, const Camera&, const RasterizeOptions&,
                                         int) {
    return config::fail(Errc::bad_device, kWithout);
}

config::Result<at::Tensor> validator_views_cuda(const StoredSplats&, const ViewPlan&, int) {
    return config::fail(Errc::bad_device, kWithout);
}

}  // namespace generator
