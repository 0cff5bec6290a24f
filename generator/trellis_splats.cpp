#include "generator/trellis_splats.hpp"

#include "generator/kernels/parallel.hpp"

#include <cstring>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace generator {
namespace {

// Without waiting a GPU's values go to page-locked memory, which is several times faster. They are
// put in order before: after it they have not come yet.
at::Tensor begin_copy(const at::Tensor& tensor) {
    return tensor.contiguous().to(at::kCPU, at::kFloat, /*non_blocking=*/true);
}

template <class Row>
void fill(std::vector<Row>& rows, const at::Tensor& host) {
    rows.resize(std::size_t(host.size(0)));
    TORCH_CHECK(rows.size() * sizeof(Row) == host.nbytes(),
                "rows of another shape: ", host.sizes());
    std::memcpy(rows.data(), host.const_data_ptr<float>(), host.nbytes());
}

}  // namespace

Splats host_splats(const Gaussians& gaussians) {
    const auto position = begin_copy(gaussians.position), colour = begin_copy(gaussians.colour),
               scale = begin_copy(gaussians.scale), rotation = begin_copy(gaussians.rotation),
               opacity = begin_copy(gaussians.opacity);
    const auto device = gaussians.position.device();
    if (!device.is_cpu())
        c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
    Splats splats;
    // Tens of megabytes that no one has touched: most of it is the system handing out pages.
    at::parallel_for(0, 5, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto field = begin; field < end; ++field) {
            if (field == 0) fill(splats.position, position);
            if (field == 1) fill(splats.colour, colour);
            if (field == 2) fill(splats.scale, scale);
            if (field == 3) fill(splats.rotation, rotation);
            if (field == 4) fill(splats.opacity, opacity);
        }
    });
    return splats;
}

}  // namespace generator
