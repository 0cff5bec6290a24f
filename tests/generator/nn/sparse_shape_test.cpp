#include "generator/nn/sparse_shape.hpp"

#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

using namespace generator;

namespace {

// A third of the cells of a cube, the same at every run.
std::vector<Voxel> some_voxels(std::int32_t side, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::vector<Voxel> voxels;
    for (std::int32_t x = 0; x < side; ++x) {
        for (std::int32_t y = 0; y < side; ++y) {
            for (std::int32_t z = 0; z < side; ++z) {
                if (random() % 3 == 0) voxels.push_back({x, y, z});
            }
        }
    }
    return voxels;
}

std::vector<std::int64_t> list(const at::Tensor& rows) {
    const auto flat = rows.contiguous();
    return {flat.const_data_ptr<std::int64_t>(),
            flat.const_data_ptr<std::int64_t>() + flat.numel()};
}

}  // namespace

TEST_CASE("neighbours are those of a search through all voxels") {
    const auto voxels = some_voxels(7);
    const SparseShape shape(voxels, at::kCPU);
    const auto table = list(shape.neighbours());
    std::size_t at = 0;
    for (const auto& v : voxels) {
        for (int dx = -1; dx <= 1; ++dx) {
            for (int dy = -1; dy <= 1; ++dy) {
                for (int dz = -1; dz <= 1; ++dz, ++at) {
                    const auto found = std::find(voxels.begin(), voxels.end(),
                                                 Voxel{v.x + dx, v.y + dy, v.z + dz});
                    if (table[at] != found - voxels.begin())
                        FAIL("voxel " << at / 27 << ", column " << at % 27);
                }
            }
        }
    }
    CHECK(at == table.size());
}

TEST_CASE("the half shape has each halved voxel once and knows its children") {
    const auto voxels = some_voxels(9);
    const SparseShape shape(voxels, at::kCPU);
    const auto& half = shape.half();
    std::set<Voxel> halved;
    for (const auto& v : voxels) halved.insert({v.x / 2, v.y / 2, v.z / 2});
    REQUIRE((half.voxels() == std::vector<Voxel>(halved.begin(), halved.end())));
    const auto parent = list(shape.parent());
    for (std::size_t i = 0; i < voxels.size(); ++i) {
        const auto& p = half.voxels()[std::size_t(parent[i])];
        if (p != Voxel{voxels[i].x / 2, voxels[i].y / 2, voxels[i].z / 2}) FAIL("voxel " << i);
    }
    auto children = list(shape.children());
    std::erase(children, shape.size());
    std::sort(children.begin(), children.end());
    CHECK(std::int64_t(children.size()) == shape.size());
    CHECK(std::adjacent_find(children.begin(), children.end()) == children.end());
}

TEST_CASE("pooling divides by one more than the children, unpooling copies") {
    // Three voxels in the first half-resolution cell, one in the second.
    const SparseShape shape({{0, 0, 0}, {0, 0, 1}, {1, 1, 1}, {2, 0, 0}}, at::kCPU);
    const auto pooled = pool(at::tensor({1.0F, 2.0F, 5.0F, 8.0F}).view({1, 4, 1}), shape);
    CHECK(pooled.flatten().equal(at::tensor({2.0F, 4.0F})));
    CHECK(unpool(pooled, shape).flatten().equal(at::tensor({2.0F, 2.0F, 2.0F, 4.0F})));
}

TEST_CASE("the parents of neighbours are neighbours' parents") {
    const SparseShape shape(some_voxels(6), at::kCPU);
    const auto near = list(shape.neighbours()), far = list(shape.neighbours_parents()),
               parent = list(shape.parent());
    for (std::size_t i = 0; i < near.size(); ++i) {
        const auto want =
            near[i] == shape.size() ? shape.half().size() : parent[std::size_t(near[i])];
        if (far[i] != want) FAIL("entry " << i);
    }
}

TEST_CASE("every voxel has one place, among the voxels of its window alone") {
    for (const auto& [size, shift] : {std::pair{4, 0}, {4, 2}, {3, 1}, {100, 50}, {1, 0}}) {
        INFO(size << " " << shift);
        const auto voxels = some_voxels(10);
        const SparseShape shape(voxels, at::kCPU);
        const auto& windows = shape.windows(size, shift);
        const auto key = [&, size = size, shift = shift](std::int64_t row) {
            const auto& v = voxels[std::size_t(row)];
            return std::array{(v.x + shift) / size, (v.y + shift) / size, (v.z + shift) / size};
        };
        const auto order = list(windows.order), place = list(windows.place);
        REQUIRE(order.size() == voxels.size());
        REQUIRE(place.size() == voxels.size());
        for (std::size_t i = 0; i < voxels.size(); ++i) {
            if (order.at(std::size_t(place[i])) != std::int64_t(i)) FAIL("voxel " << i);
        }
        const auto& bounds = windows.bounds;
        REQUIRE(bounds.rows.size() > 1);
        CHECK(bounds.rows.front() == 0);
        CHECK(bounds.rows.back() == std::int32_t(voxels.size()));
        CHECK(list(bounds.on_device.to(at::kLong)) ==
              std::vector<std::int64_t>(bounds.rows.begin(), bounds.rows.end()));
        std::set<std::array<int, 3>> seen;
        std::int64_t longest = 0;
        for (std::size_t w = 1; w < bounds.rows.size(); ++w) {
            const auto begin = bounds.rows[w - 1], end = bounds.rows[w];
            REQUIRE(begin < end);
            longest = std::max<std::int64_t>(longest, end - begin);
            CHECK(seen.insert(key(order[std::size_t(begin)])).second);
            for (auto i = begin; i < end; ++i) {
                if (key(order[std::size_t(i)]) != key(order[std::size_t(begin)]))
                    FAIL("a voxel of another window");
            }
        }
        CHECK(bounds.longest == longest);
        CHECK(&shape.windows(size, shift) == &windows);
    }
}
