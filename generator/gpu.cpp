#include "generator/gpu.hpp"

#include "generator/errc.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace generator {
namespace {

constexpr const char* kOrCpu = "; or name cpu as the device";

config::Error refused(const std::string& words) { return config::fail(Errc::bad_device, words); }

DeviceChoice cpu(const std::string& why, std::string unused = {}) {
    return {std::nullopt, "cpu: " + why, std::move(unused)};
}

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
}

std::string capability(const Gpu& gpu) {
    return std::to_string(gpu.major) + "." + std::to_string(gpu.minor);
}

std::string name_of(std::size_t index, const Gpu& gpu) {
    return "cuda:" + std::to_string(index) + " " + gpu.name + " (" + capability(gpu) + ")";
}

std::string cuda_name(int cuda) {
    return "CUDA " + std::to_string(cuda / 1000) + "." + std::to_string(cuda % 1000 / 10);
}

std::string needed_driver(int cuda) {
    return cuda_name(cuda) + " needs R" + std::to_string(least_driver(cuda)) + " or newer";
}

bool has_nvidia(const GpuFacts& facts) {
    return !facts.gpus.empty() || !facts.driver.empty() || facts.on_bus || facts.device_files;
}

// Hidden on purpose, which is the operator's word.
bool hides_all(const GpuFacts& facts) {
    return facts.visible && (facts.visible->empty() || *facts.visible == "-1");
}

std::string trouble_by_driver(const GpuFacts& facts) {
    if (facts.driver.empty() && !facts.device_files)
        return "there is an NVIDIA GPU here, but no NVIDIA driver is loaded: install one; " +
               needed_driver(facts.cuda);
    int branch = 0;
    std::from_chars(facts.driver.data(), facts.driver.data() + facts.driver.size(), branch);
    const bool too_old = branch > 0 && branch < least_driver(facts.cuda);
    if (too_old &&
        (facts.error == CudaError::insufficient_driver || facts.error == CudaError::none))
        return "the NVIDIA driver here is " + facts.driver + ", but " + needed_driver(facts.cuda) +
               ": install a newer driver and restart the machine";
    return {};
}

std::string trouble_by_files(const GpuFacts& facts) {
    if (!facts.device_files)
        return "the NVIDIA driver " + facts.driver +
               " is loaded, but there is no /dev/nvidiactl: give the container its GPUs (docker "
               "run --gpus all, podman run --device nvidia.com/gpu=all), or run nvidia-modprobe "
               "where there is no container";
    if (!facts.denied.empty())
        return "no permission on " + facts.denied +
               ": let this user read and write it (`ls -l /dev/nvidia*` tells whose it is; in a "
               "service see DeviceAllow and SupplementaryGroups, in a container its GPU options)";
    return {};
}

std::string broken_off(const GpuFacts& facts) {
    return "CUDA tells nothing of cuda:" + std::to_string(facts.gpus.size()) + " (" +
           facts.broken_off +
           "): see what nvidia-smi tells, and `dmesg` of a GPU that has failed; it may come back";
}

// What CUDA's own words do not tell an operator to do.
std::string trouble_by_error(const GpuFacts& facts) {
    switch (facts.error) {
        case CudaError::insufficient_driver:
            if (facts.driver_cuda == 0)
                return "the NVIDIA driver's library libcuda.so.1 is not found: install it "
                       "(libcuda1, or the driver whole; in a container "
                       "NVIDIA_DRIVER_CAPABILITIES must hold compute)";
            return "the NVIDIA driver's library is for " + cuda_name(facts.driver_cuda) + ", but " +
                   needed_driver(facts.cuda) + ": install a newer driver";
        case CudaError::system_not_ready:
            return "the GPUs wait for NVIDIA's fabric manager: start nvidia-fabricmanager, of the "
                   "driver's very version";
        case CudaError::driver_mismatch:
            return "the NVIDIA driver's library is not of the version of the loaded module (" +
                   facts.driver + "), as after an upgrade: restart the machine";
        case CudaError::compat_not_supported:
            return "NVIDIA's forward compatibility package is found, which this GPU does not "
                   "support: take cuda-compat off LD_LIBRARY_PATH";
        case CudaError::operating_system:
        case CudaError::not_permitted:
        case CudaError::unknown:
            return "CUDA cannot begin (" + facts.error_words +
                   "): see whether nvidia-smi works and /dev/nvidia-uvm is there (nvidia-modprobe "
                   "-u makes it); after a suspend restart the machine";
        case CudaError::none:
        case CudaError::no_device:
            if (!facts.broken_off.empty()) return broken_off(facts);
            if (facts.visible)
                return "CUDA_VISIBLE_DEVICES hides every GPU: it names none that is there";
            return "the NVIDIA driver " + facts.driver +
                   " shows CUDA no GPU: see what nvidia-smi tells, and `dmesg` of a GPU that has "
                   "failed";
    }
    return "CUDA cannot begin: " + facts.error_words + ": see what nvidia-smi tells";
}

// Why CUDA shows none of the GPUs that are here, and what to do.
std::string trouble(const GpuFacts& facts) {
    auto words = trouble_by_driver(facts);
    if (words.empty()) words = trouble_by_files(facts);
    if (words.empty()) words = trouble_by_error(facts);
    return words;
}

// What a restart of the process may find mended: a machine that is still starting has GPUs before
// their driver, and a GPU that fell off the bus may come back.
bool may_pass(const GpuFacts& facts) {
    if (!facts.device_files) return true;
    if (!facts.denied.empty()) return false;
    if (!facts.broken_off.empty()) return true;
    if (facts.visible) return false;
    const auto error = facts.error;
    return error == CudaError::system_not_ready || error == CudaError::operating_system ||
           error == CudaError::unknown || error == CudaError::no_device || error == CudaError::none;
}

config::Error troubled(const GpuFacts& facts, const std::string& before, const std::string& after) {
    return config::fail(may_pass(facts) ? Errc::device_lost : Errc::bad_device,
                        before + trouble(facts) + after);
}

config::Error no_code(const GpuFacts& facts, std::size_t index) {
    return refused(name_of(index, facts.gpus[index]) +
                   " finds no code in this build, which is for " + facts.architectures +
                   ": build for " + capability(facts.gpus[index]) +
                   " (ops/docs/gpu.md) or take another GPU" + kOrCpu);
}

config::Result<DeviceChoice> take(const GpuFacts& facts, std::size_t index) {
    if (!facts.gpus[index].has_code) return no_code(facts, index);
    auto words = name_of(index, facts.gpus[index]);
    if (!facts.driver.empty()) words += ", driver " + facts.driver;
    return DeviceChoice{int(index), std::move(words), {}};
}

// Why CUDA does not show a GPU of that number beside others, though this machine has one; empty: it
// has none, or what CUDA may show was chosen by hand.
std::string why_missing(const GpuFacts& facts, std::size_t index) {
    const bool listed = !facts.visible && index < facts.models.size();
    if (!listed && facts.broken_off.empty()) return {};
    if (!facts.denied.empty()) return trouble_by_files(facts);
    if (!facts.broken_off.empty()) return broken_off(facts);
    return "CUDA shows " + std::to_string(facts.gpus.size()) + " of the " +
           std::to_string(facts.models.size()) +
           " GPUs that the driver lists: see what nvidia-smi tells, and `dmesg` of a GPU that has "
           "failed; it may come back";
}

config::Result<DeviceChoice> choose_any(const GpuFacts& facts) {
    if (facts.cuda == 0) {
        if (!has_nvidia(facts)) return cpu("built without CUDA");
        const auto models = joined(facts.models);
        return cpu("built without CUDA", "this build cannot use the " +
                                             (models.empty() ? "NVIDIA GPU" : models) +
                                             " of this machine: build with MINER_CUDA=ON, or "
                                             "install the package for CUDA (ops/docs/gpu.md)");
    }
    if (hides_all(facts)) return cpu("CUDA_VISIBLE_DEVICES hides every GPU");
    if (!has_nvidia(facts)) return cpu("no GPU found");
    if (facts.gpus.empty()) return troubled(facts, "", kOrCpu);
    for (std::size_t i = 0; i < facts.gpus.size(); ++i)
        if (facts.gpus[i].has_code) return take(facts, i);
    if (!facts.broken_off.empty())
        return config::fail(Errc::device_lost, broken_off(facts) + kOrCpu);
    return no_code(facts, 0);
}

config::Result<DeviceChoice> choose_one(const std::string& wanted, std::size_t index,
                                        const GpuFacts& facts) {
    const auto quoted = "'" + wanted + "'; ";
    if (facts.cuda == 0)
        return refused(
            quoted +
            "this program was built without CUDA: use cpu, build with MINER_CUDA=ON, or install "
            "the package for CUDA");
    if (hides_all(facts)) return refused(quoted + "CUDA_VISIBLE_DEVICES hides every GPU");
    if (!has_nvidia(facts)) return refused(quoted + "this machine has no NVIDIA GPU: use cpu");
    if (facts.gpus.empty()) return troubled(facts, quoted, "");
    if (index < facts.gpus.size()) return take(facts, index);
    if (const auto why = why_missing(facts, index); !why.empty())
        return config::fail(facts.denied.empty() ? Errc::device_lost : Errc::bad_device,
                            quoted + why);
    std::vector<std::string> there;
    for (std::size_t i = 0; i < facts.gpus.size(); ++i) there.push_back(name_of(i, facts.gpus[i]));
    return refused(quoted + "there are: " + joined(there));
}

}  // namespace

int least_driver(int cuda) { return cuda >= 13000 ? 580 : cuda >= 12000 ? 525 : 450; }

bool may_be_gpu(const std::string& wanted, const GpuFacts& facts) {
    return wanted.starts_with("cuda") || (wanted == "auto" && facts.device_files);
}

config::Result<DeviceChoice> choose_device(const std::string& wanted, const GpuFacts& facts) {
    if (wanted == "cpu") return cpu("as the settings say");
    if (wanted == "auto") return choose_any(facts);
    std::size_t index = 0;
    const std::string_view whole = wanted;
    const auto digits = whole.starts_with("cuda:") ? whole.substr(5) : std::string_view("0");
    const auto* const end = digits.data() + digits.size();
    const auto [rest, fault] = std::from_chars(digits.data(), end, index);
    const bool number = fault == std::errc() && rest == end;
    if (!number || (whole != "cuda" && !whole.starts_with("cuda:")))
        return refused("'" + wanted + "'; known are auto, cpu, cuda and cuda:N");
    return choose_one(wanted, index, facts);
}

}  // namespace generator
