#include "generator/nn/sparse_shape.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

namespace generator {
namespace {

using Rows = std::vector<std::int64_t>;

at::Tensor to_device(const Rows& rows, at::Device device) {
    return at::tensor(at::ArrayRef<std::int64_t>(rows), at::kLong).to(device);
}

std::int32_t largest_coordinate(const std::vector<Voxel>& voxels) {
    std::int32_t most = 0;
    for (const auto& v : voxels) most = std::max({most, v.x, v.y, v.z});
    return most;
}

Rows find_neighbours(const std::vector<Voxel>& voxels) {
    const auto absent = std::int64_t(voxels.size());
    // A border of one all round makes every lookup valid.
    const std::int64_t side = largest_coordinate(voxels) + 3;
    const auto cell = [side](const Voxel& v) {
        return ((v.x + 1) * side + v.y + 1) * side + v.z + 1;
    };
    std::vector<std::int32_t> grid(std::size_t(side * side * side), std::int32_t(absent));
    for (std::size_t i = 0; i < voxels.size(); ++i)
        grid[std::size_t(cell(voxels[i]))] = std::int32_t(i);
    Rows rows;
    rows.reserve(voxels.size() * SparseShape::kNeighbours);
    for (const auto& voxel : voxels) {
        const std::int64_t centre = cell(voxel);
        for (std::int64_t dx = -1; dx <= 1; ++dx) {
            for (std::int64_t dy = -1; dy <= 1; ++dy) {
                for (std::int64_t dz = -1; dz <= 1; ++dz) {
                    rows.push_back(grid[std::size_t(centre + (dx * side + dy) * side + dz)]);
                }
            }
        }
    }
    return rows;
}

}  // namespace

SparseShape::SparseShape(std::vector<Voxel> voxels, at::Device device)
    : voxels_(std::move(voxels)), device_(device) {
    Rows flat;
    flat.reserve(voxels_.size() * 3);
    for (const auto& v : voxels_) flat.insert(flat.end(), {v.x, v.y, v.z});
    coordinates_ = to_device(flat, device_).view({-1, 3});
}

const at::Tensor& SparseShape::neighbours() const {
    if (!neighbours_.defined()) {
        neighbours_ = to_device(find_neighbours(voxels_), device_).view({-1, kNeighbours});
    }
    return neighbours_;
}

void SparseShape::halve() const {
    if (half_) return;
    std::vector<Voxel> halved;
    halved.reserve(voxels_.size());
    for (const auto& v : voxels_) halved.push_back({v.x / 2, v.y / 2, v.z / 2});
    auto coarse = halved;
    std::sort(coarse.begin(), coarse.end());
    coarse.erase(std::unique(coarse.begin(), coarse.end()), coarse.end());

    Rows parent, children(coarse.size() * 8, size());
    std::vector<float> count(coarse.size(), 0);
    parent.reserve(halved.size());
    for (std::size_t i = 0; i < halved.size(); ++i) {
        const auto row = std::lower_bound(coarse.begin(), coarse.end(), halved[i]) - coarse.begin();
        children[std::size_t(row * 8) + std::size_t(count[std::size_t(row)]++)] = std::int64_t(i);
        parent.push_back(row);
    }
    parent_ = to_device(parent, device_);
    children_ = to_device(children, device_);
    child_count_ = at::tensor(at::ArrayRef<float>(count), at::kFloat).to(device_).unsqueeze(1);
    half_ = std::make_unique<SparseShape>(std::move(coarse), device_);
}

const SparseShape& SparseShape::half() const { return halve(), *half_; }
const at::Tensor& SparseShape::parent() const { return halve(), parent_; }
const at::Tensor& SparseShape::children() const { return halve(), children_; }
const at::Tensor& SparseShape::child_count() const { return halve(), child_count_; }

const at::Tensor& SparseShape::neighbours_parents() const {
    if (!neighbours_parents_.defined()) {
        const auto absent = at::full({1}, half().size(), parent().options());
        neighbours_parents_ = at::cat({parent(), absent})
                                  .index_select(0, neighbours().flatten())
                                  .view({-1, kNeighbours});
    }
    return neighbours_parents_;
}

const Windows& SparseShape::windows(std::int64_t size, std::int64_t shift) const {
    const auto [at_key, fresh] = windows_.try_emplace({size, shift});
    auto& result = at_key->second;
    if (!fresh) return result;

    const auto side = (largest_coordinate(voxels_) + shift) / size + 1;
    std::vector<std::pair<std::int64_t, std::int64_t>> placed;  // window, voxel
    placed.reserve(voxels_.size());
    for (std::size_t i = 0; i < voxels_.size(); ++i) {
        const auto& v = voxels_[i];
        const auto x = (v.x + shift) / size, y = (v.y + shift) / size, z = (v.z + shift) / size;
        placed.push_back({(x * side + y) * side + z, std::int64_t(i)});
    }
    std::sort(placed.begin(), placed.end());

    Rows order, place(voxels_.size());
    order.reserve(voxels_.size());
    auto& bounds = result.bounds;
    for (std::size_t i = 0; i < placed.size(); ++i) {
        if (i == 0 || placed[i].first != placed[i - 1].first)
            bounds.rows.push_back(std::int32_t(i));
        place[std::size_t(placed[i].second)] = std::int64_t(i);
        order.push_back(placed[i].second);
    }
    bounds.rows.push_back(std::int32_t(placed.size()));
    for (std::size_t w = 1; w < bounds.rows.size(); ++w)
        bounds.longest =
            std::max<std::int64_t>(bounds.longest, bounds.rows[w] - bounds.rows[w - 1]);
    bounds.on_device = at::tensor(at::ArrayRef<std::int32_t>(bounds.rows), at::kInt).to(device_);
    result.order = to_device(order, device_);
    result.place = to_device(place, device_);
    return result;
}

at::Tensor pool(const at::Tensor& features, const SparseShape& shape) {
    const auto rows = at::constant_pad_nd(features, {0, 0, 0, 1});  // row N is the absent one
    const auto sum = rows.index_select(1, shape.children()).unflatten(1, {-1, 8}).sum(2);
    return sum.div_(shape.child_count() + 1).to(features.scalar_type());
}

at::Tensor unpool(const at::Tensor& features, const SparseShape& shape) {
    return features.index_select(1, shape.parent());
}

}  // namespace generator
