#include "generator/weights/bundle.hpp"

#include "generator/weights/refused.hpp"

#include <cmath>
#include <cstring>
#include <optional>
#include <sstream>

#include <ATen/ATen.h>

namespace generator {
namespace {

std::optional<at::ScalarType> scalar_type(Dtype dtype) {
    switch (dtype) {
        case Dtype::boolean:
            return at::kBool;
        case Dtype::u8:
            return at::kByte;
        case Dtype::i8:
            return at::kChar;
        case Dtype::i16:
            return at::kShort;
        case Dtype::i32:
            return at::kInt;
        case Dtype::i64:
            return at::kLong;
        case Dtype::f16:
            return at::kHalf;
        case Dtype::bf16:
            return at::kBFloat16;
        case Dtype::f32:
            return at::kFloat;
        case Dtype::f64:
            return at::kDouble;
        default:
            return std::nullopt;
    }
}

bool is_weight(Dtype dtype) {
    return dtype == Dtype::f16 || dtype == Dtype::bf16 || dtype == Dtype::f32 ||
           dtype == Dtype::f64;
}

std::string words(at::IntArrayRef shape) {
    std::ostringstream out;
    out << shape;
    return out.str();
}

}  // namespace

at::Tensor to_tensor(const TensorView& view) {
    const auto type = scalar_type(view.dtype);
    if (!type) refuse(Errc::misshapen_tensor, std::string("type ") + name_of(view.dtype));
    auto tensor = at::empty(view.shape, *type);
    if (!view.data.empty())
        std::memcpy(tensor.mutable_data_ptr(), view.data.data(), view.data.size());
    return tensor;
}

Bundle Bundle::random(at::Device device, at::ScalarType dtype) {
    Bundle bundle(Safetensors{}, device, dtype);
    bundle.random_ = true;
    return bundle;
}

// Norms' factors 1, biases 0, matrices such that a layer keeps the size of what it is given.
at::Tensor Bundle::random_tensor(const std::string& name, at::IntArrayRef shape,
                                 at::ScalarType dtype) const {
    const auto options = at::TensorOptions().device(device_).dtype(dtype);
    if (name.ends_with("gamma")) return at::ones(shape, options);
    if (shape.size() < 2)
        return name.ends_with("bias") ? at::zeros(shape, options) : at::ones(shape, options);
    auto tensor = at::randn(shape, options);
    const auto inputs = double(tensor.numel()) / double(shape[0]);
    return tensor.div_(std::sqrt(inputs));
}

at::Tensor Bundle::take(const std::string& name, at::IntArrayRef shape, at::ScalarType dtype) {
    if (random_) {
        auto tensor = random_tensor(name, shape, dtype);
        if (taken_.insert(name).second) parameters_ += tensor.numel();
        return tensor;
    }
    const auto* over = overlay_ ? overlay_->find(overlay_prefix_ + name) : nullptr;
    const auto* view = over ? over : file_.find(name);
    const std::string where =
        over ? overlay_->file() + ": " + overlay_prefix_ + name : file() + ": " + name;
    const std::string needed = "the network needs " + words(shape);
    if (!view) refuse(Errc::missing_tensor, where + " (" + needed + ")");
    if (!is_weight(view->dtype))
        refuse(Errc::misshapen_tensor, where + " is of type " + name_of(view->dtype));
    if (shape != at::IntArrayRef(view->shape))
        refuse(Errc::misshapen_tensor, where + " is " + words(view->shape) + ", " + needed);
    auto tensor = to_tensor(*view).to(device_, dtype);
    // A sum is finite only when every element is; one pass, without a second tensor.
    if (!std::isfinite(tensor.sum(at::kFloat).item<double>()))
        refuse(Errc::bad_checkpoint, where + " holds what is no finite number in " +
                                         c10::toString(dtype) + "; fetch it again");
    if (taken_.insert(name).second) {
        parameters_ += tensor.numel();
        from_overlay_ += over ? 1 : 0;
    }
    return tensor;
}

void Bundle::overlay(Safetensors file, std::string prefix) {
    overlay_ = std::move(file);
    overlay_prefix_ = std::move(prefix);
}

void Bundle::leave_out(const std::string& prefix) {
    for (const auto& [name, view] : file_.tensors())
        if (name.starts_with(prefix)) taken_.insert(name);
}

void Bundle::expect_all_taken() const {
    std::string left;
    int count = 0;
    for (const auto& [name, view] : file_.tensors()) {
        if (taken_.contains(name)) continue;
        if (++count <= 5) left += (left.empty() ? "" : ", ") + name + " " + words(view.shape);
    }
    if (count == 0) return;
    if (count > 5) left += " and " + std::to_string(count - 5) + " more";
    refuse(Errc::extra_tensor, file() + ": " + left);
}

Scope Scope::operator/(std::string_view name) const {
    Scope deeper = *this;
    deeper.prefix_ = path(name) + ".";
    return deeper;
}

Scope Scope::in_fp32() const {
    Scope same = *this;
    same.dtype_ = at::kFloat;
    return same;
}

std::string Scope::path(std::string_view name) const { return prefix_ + std::string(name); }

}  // namespace generator
