#include "generator/trellis/device.hpp"

#include "generator/weights/refused.hpp"

#include <charconv>
#include <string_view>

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

namespace generator {
namespace {

at::Device choose_device(const std::string& name) {
    const bool gpu = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
    if (name == "cpu" || (name == "auto" && !gpu)) return at::kCPU;
    const std::string_view whole = name;
    int index = 0;
    if (whole.starts_with("cuda:")) {
        const auto number = whole.substr(5);
        const auto [end, fault] =
            std::from_chars(number.data(), number.data() + number.size(), index);
        if (fault != std::errc() || end != number.data() + number.size() || index < 0) {
            refuse(Errc::bad_device, "'" + name + "'; known are auto, cpu, cuda and cuda:N");
        }
    } else if (whole != "cuda" && whole != "auto") {
        refuse(Errc::bad_device, "'" + name + "'; known are auto, cpu, cuda and cuda:N");
    }
    if (!at::hasCUDA()) {
        refuse(Errc::bad_device,
               "'" + name +
                   "'; this program was built without CUDA: use cpu, or build with MINER_CUDA=ON");
    }
    const int count = at::detail::getCUDAHooks().deviceCount();
    if (index >= count) {
        refuse(Errc::bad_device,
               "'" + name + "'; this machine has " + std::to_string(count) + " usable GPUs");
    }
    return {at::kCUDA, c10::DeviceIndex(index)};
}

at::ScalarType choose_dtype(const std::string& name, at::Device device) {
    if (name == "fp32" || (name == "auto" && device.is_cpu())) return at::kFloat;
    if (name == "fp16" || name == "auto") return at::kHalf;
    if (name == "bf16") return at::kBFloat16;
    refuse(Errc::bad_device, "type '" + name + "'; known are auto, fp32, fp16 and bf16");
}

}  // namespace

std::string ComputeTarget::device_name() const { return device.str(); }

std::string ComputeTarget::dtype_name() const {
    return dtype == at::kFloat ? "fp32" : dtype == at::kHalf ? "fp16" : "bf16";
}

std::optional<DeviceMemory> ComputeTarget::memory() const {
    if (device.is_cpu()) return std::nullopt;
    try {
        const auto [free, total] = at::accelerator::getMemoryInfo(device.index());
        return DeviceMemory{std::int64_t(total - free), std::int64_t(total)};
    } catch (const c10::Error&) {
        return std::nullopt;
    }
}

void ComputeTarget::synchronize() const {
    if (!device.is_cpu())
        c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

ComputeTarget choose_target(const config::Generator& settings) {
    const auto device = choose_device(settings.device);
    return {device, choose_dtype(settings.dtype, device)};
}

}  // namespace generator
