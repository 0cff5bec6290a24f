// Which voxels are active, and every table that follows from it: neighbours, the shape at half the
// resolution, windows. Tables are built when first asked for, on the CPU, and kept: one shape
// serves all steps and layers of a generation, and all entries of a batch. One thread.
#pragma once

#include "generator/kernels/attend.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

struct Voxel {
    std::int32_t x, y, z;

    auto operator<=>(const Voxel&) const = default;
};

// The voxels of each window together.
struct Windows {
    at::Tensor order;     // [N] int64: the voxels, window by window
    at::Tensor place;     // [N] int64: where each voxel is in that order
    WindowBounds bounds;  // of that order
};

class SparseShape {
public:
    static constexpr std::int64_t kNeighbours = 27;

    // Voxels in ascending order, none twice, coordinates in [0, 1024). Tables go to `device`.
    SparseShape(std::vector<Voxel> voxels, at::Device device);

    std::int64_t size() const { return std::int64_t(voxels_.size()); }
    const std::vector<Voxel>& voxels() const { return voxels_; }
    at::Device device() const { return device_; }

    const at::Tensor& coordinates() const { return coordinates_; }  // [N, 3] int64

    // [N, 27] int64: row of the neighbour at (dx, dy, dz), column 9 (dx+1) + 3 (dy+1) + (dz+1); N
    // where there is none.
    const at::Tensor& neighbours() const;

    // The shape whose voxels are those of this one with halved coordinates.
    const SparseShape& half() const;
    const at::Tensor& parent() const;  // [N] int64: each voxel's row in half()
    const at::Tensor& children()
        const;  // [half().size() * 8] int64: rows here, N where there is none
    const at::Tensor& child_count() const;  // [half().size(), 1] fp32

    // As neighbours(), but rows of half(): the neighbours' parents; half().size() where there is
    // none.
    const at::Tensor& neighbours_parents() const;

    // Voxels grouped by floor((coordinate + shift) / size).
    const Windows& windows(std::int64_t size, std::int64_t shift) const;

private:
    void halve() const;

    std::vector<Voxel> voxels_;
    at::Device device_;
    at::Tensor coordinates_;
    mutable at::Tensor neighbours_, parent_, children_, child_count_, neighbours_parents_;
    mutable std::unique_ptr<SparseShape> half_;
    mutable std::map<std::pair<std::int64_t, std::int64_t>, Windows> windows_;
};

// Mean over the voxels of each half-resolution voxel, [B, N, C] -> [B, M, C]. The published
// networks were trained with a mean that counts the zero it starts from: sum / (count + 1).
at::Tensor pool(const at::Tensor& features, const SparseShape& shape);

// Each voxel takes its parent's features, [B, M, C] -> [B, N, C].
at::Tensor unpool(const at::Tensor& features, const SparseShape& shape);

}  // namespace generator
