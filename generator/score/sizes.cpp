#include "generator/score/sizes.hpp"

#include "generator/weights/refused.hpp"

#include <cmath>

namespace generator {
namespace {

constexpr std::int64_t kMostSide = 1 << 20;
constexpr std::int64_t kMostBlocks = 256;

}  // namespace

void TensorSizes::refuse_tensor(const std::string& name, const std::string& why) const {
    refuse(Errc::misshapen_tensor, file_.file() + ": " + name + " " + why);
}

std::vector<std::int64_t> TensorSizes::shape(const std::string& name,
                                             std::size_t dimensions) const {
    const auto* view = file_.find(name);
    if (!view) refuse(Errc::missing_tensor, file_.file() + ": " + name);
    if (view->shape.size() != dimensions)
        refuse_tensor(name, "has " + std::to_string(view->shape.size()) + " dimensions, not " +
                                std::to_string(dimensions));
    for (const auto side : view->shape)
        if (side < 1 || side > kMostSide)
            refuse_tensor(name, "has a side of " + std::to_string(side));
    return view->shape;
}

bool TensorSizes::has_any(const std::string& prefix) const {
    const auto at = file_.tensors().lower_bound(prefix);
    return at != file_.tensors().end() && at->first.starts_with(prefix);
}

std::int64_t TensorSizes::count(const std::string& prefix) const {
    std::int64_t number = 0;
    while (number <= kMostBlocks && has_any(prefix + std::to_string(number) + ".")) ++number;
    if (number == 0) refuse(Errc::missing_tensor, file_.file() + ": " + prefix + "0.*");
    if (number > kMostBlocks)
        refuse_tensor(prefix + std::to_string(number), "is more than a network has");
    return number;
}

std::int64_t TensorSizes::patches_along(const std::string& name, std::int64_t rows) const {
    const auto side = std::llround(std::sqrt(double(rows - 1)));
    if (side < 1 || side * side != rows - 1)
        refuse_tensor(name, "has " + std::to_string(rows) + " rows, not one more than a square");
    return side;
}

}  // namespace generator
