// The weights of one network by name. Layers take theirs in their constructors, by the checkpoint's
// names; what lacks, what is left over and what has another shape throws Refused with the tensor's
// name and the shapes. One thread.
#pragma once

#include "generator/weights/safetensors.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace generator {

// A tensor of the file's own type on the CPU; the bytes are copied. Throws Refused for types that
// torch lacks here.
at::Tensor to_tensor(const TensorView& view);

class Bundle {
public:
    // Tensors go to `device`; those of the compute type become `dtype` (fp32, fp16, bf16).
    Bundle(Safetensors file, at::Device device, at::ScalarType dtype)
        : file_(std::move(file)), device_(device), dtype_(dtype) {}

    // Has every tensor that is asked for, with random numbers of a trained one's size: for
    // measurements alone.
    static Bundle random(at::Device device, at::ScalarType dtype);

    // What `file` has under `prefix` + name is taken in place of ours of that name; what it has
    // besides is left alone.
    void overlay(Safetensors file, std::string prefix);

    // Tensors taken so far, and how many of them lay over ours.
    std::int64_t tensors_taken() const { return std::int64_t(taken_.size()); }
    std::int64_t taken_from_overlay() const { return from_overlay_; }

    bool has(const std::string& name) const { return file_.find(name) != nullptr; }

    // F16, BF16, F32 and F64 are weights; the copy owns its memory. missing_tensor,
    // misshapen_tensor.
    at::Tensor take(const std::string& name, at::IntArrayRef shape, at::ScalarType dtype);

    // What begins so belongs to another network in the same file.
    void leave_out(const std::string& prefix);

    // Call it when the network is built: extra_tensor when something was neither taken
    // nor left out.
    void expect_all_taken() const;

    at::Device device() const { return device_; }
    at::ScalarType dtype() const { return dtype_; }
    const std::string& file() const { return file_.file(); }
    std::int64_t parameters() const { return parameters_; }  // elements taken so far

private:
    at::Tensor random_tensor(const std::string& name, at::IntArrayRef shape,
                             at::ScalarType dtype) const;

    Safetensors file_;
    std::optional<Safetensors> overlay_;
    std::string overlay_prefix_;
    std::int64_t from_overlay_ = 0;
    bool random_ = false;
    at::Device device_;
    at::ScalarType dtype_;
    std::set<std::string, std::less<>> taken_;
    std::int64_t parameters_ = 0;
};

// A place in the names: Scope(bundle) / "blocks" / 3 / "norm2". Dies before its bundle.
class Scope {
public:
    explicit Scope(Bundle& bundle) : bundle_(&bundle), dtype_(bundle.dtype()) {}

    Scope operator/(std::string_view name) const;
    Scope operator/(std::int64_t index) const { return *this / std::to_string(index); }

    // The same place, whose weights stay in fp32: the few small layers where precision shows.
    Scope in_fp32() const;

    bool has(std::string_view name) const { return bundle_->has(path(name)); }
    at::Tensor take(std::string_view name, at::IntArrayRef shape) const {
        return bundle_->take(path(name), shape, dtype_);
    }

    at::Device device() const { return bundle_->device(); }
    at::ScalarType dtype() const { return dtype_; }

private:
    std::string path(std::string_view name) const;

    Bundle* bundle_;
    at::ScalarType dtype_;
    std::string prefix_;
};

}  // namespace generator
