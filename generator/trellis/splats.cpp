#include "generator/trellis/splats.hpp"

#include "generator/kernels/parallel.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace generator {
namespace {

template <class Row>
void fill(std::vector<Row>& rows, const at::Tensor& host) {
    rows.resize(std::size_t(host.size(0)));
    TORCH_CHECK(rows.size() * sizeof(Row) == host.nbytes(),
                "rows of another shape: ", host.sizes());
    std::memcpy(rows.data(), host.const_data_ptr<float>(), host.nbytes());
}

}  // namespace

Splats HostCopy::operator()(const GaussianTensors& gaussians) {
    std::array fields{gaussians.position, gaussians.colour, gaussians.scale, gaussians.rotation,
                      gaussians.opacity};
    const auto device = gaussians.position.device();
    if (device.is_cpu()) {
        for (auto& field : fields) field = field.to(at::kFloat).contiguous();
    } else {
        std::int64_t numbers = 0;
        for (const auto& field : fields) numbers += field.numel();
        if (!locked_.defined() || locked_.numel() < numbers)
            locked_ = at::empty({numbers}, at::TensorOptions(at::kFloat).pinned_memory(true));
        std::int64_t first = 0;
        for (auto& field : fields) {
            const auto there = locked_.narrow(0, first, field.numel()).view(field.sizes());
            first += field.numel();
            field = there.copy_(field, /*non_blocking=*/true);
        }
        c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
    }
    Splats splats;
    // Tens of megabytes that no one has touched: most of it is the system handing out pages.
    at::parallel_for(0, 5, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto field = begin; field < end; ++field) {
            const auto& host = fields[std::size_t(field)];
            if (field == 0) fill(splats.position, host);
            if (field == 1) fill(splats.colour, host);
            if (field == 2) fill(splats.scale, host);
            if (field == 3) fill(splats.rotation, host);
            if (field == 4) fill(splats.opacity, host);
        }
    });
    return splats;
}

}  // namespace generator
