#include "generator/trellis/device.hpp"

#include "generator/trellis/gpu_probe.hpp"
#include "generator/weights/refused.hpp"

#include <utility>

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

namespace generator {
namespace {

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
    auto choice = or_refuse(choose_device(settings.device, probe_gpus()));
    const at::Device device =
        choice.gpu ? at::Device(at::kCUDA, c10::DeviceIndex(*choice.gpu)) : at::Device(at::kCPU);
    return {device, choose_dtype(settings.dtype, device), std::move(choice)};
}

}  // namespace generator
