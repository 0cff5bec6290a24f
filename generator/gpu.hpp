// Where the networks are to run, decided from what is known of the build, the driver and the GPUs.
// Pure but for machine_facts(); torch-free; any thread.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace generator {

// Of the device, all programs on it together.
struct DeviceMemory {
    std::int64_t used_bytes = 0, total_bytes = 0;
};

struct Gpu {
    std::string name;          // "NVIDIA GeForce RTX 3090"
    int major = 0, minor = 0;  // its compute capability: 8, 6
    bool has_code = true;      // this build has code for it
};

// CUDA's errors that mean something to an operator; numbers as in driver_types.h.
enum class CudaError {
    none = 0,
    insufficient_driver = 35,
    no_device = 100,
    operating_system = 304,
    not_permitted = 800,
    system_not_ready = 802,
    driver_mismatch = 803,
    compat_not_supported = 804,
    unknown = 999,
};

struct GpuFacts {
    // Of this build.
    int cuda = 0;               // CUDA's version, 13000; 0: built without it
    std::string architectures;  // that it has code for: "8.6 12.0+PTX"

    // Of the machine, without CUDA.
    std::string driver;   // version of the kernel's module, "580.65.06"; empty: it is not loaded
    bool on_bus = false;  // an NVIDIA GPU is plugged in
    bool device_files = false;        // /dev/nvidiactl is there
    std::string denied;               // a device file that this process may not open; empty: none
    std::vector<std::string> models;  // of the GPUs, as the kernel's module names them
    std::optional<std::string> visible;  // CUDA_VISIBLE_DEVICES

    // CUDA's answer to how many GPUs there are.
    CudaError error = CudaError::none;
    std::string error_words;  // "CUDA driver version is insufficient for CUDA runtime version"
    int driver_cuda = 0;      // newest CUDA of the driver's library; 0: there is no such library
    std::vector<Gpu> gpus;    // in CUDA's order, as far as it told of them
    std::string broken_off;   // CUDA's words where the next one had an error; empty: it told of all
};

// What can be known without CUDA. root: of the file system.
GpuFacts machine_facts(const std::filesystem::path& root = "/");

struct DeviceChoice {
    std::optional<int> gpu;  // number of the GPU; nothing: the CPU
    // What was taken and why: "cuda:0 NVIDIA GeForce RTX 3090 (8.6), driver 580.65.06", "cpu: no
    // GPU found".
    std::string words;
    std::string unused;  // what to do about a GPU that this build cannot use; empty: there is none
};

// wanted: auto, cpu, cuda, cuda:N. auto takes the first GPU that there is code for, and the CPU
// only where this build or this machine has nothing to do with GPUs: a GPU that is there and cannot
// be used is an error, as it would cost the operator the days until it is noticed. Fails with
// bad_device, and with device_lost where a restart may find it mended, as while the machine starts,
// or of a GPU that CUDA does not show beside others; the detail has the remedy.
config::Result<DeviceChoice> choose_device(const std::string& wanted, const GpuFacts& facts);

// Whether choose_device() may come to a GPU, as far as the machine tells before any build is asked.
bool may_be_gpu(const std::string& wanted, const GpuFacts& facts);

// A device before anything is loaded onto it.
struct DeviceReport {
    DeviceChoice choice;
    std::optional<DeviceMemory> memory = {};  // of a GPU
};

// The oldest driver branch that CUDA of this version runs with: 580 for 13000.
// https://docs.nvidia.com/deploy/cuda-compatibility/
int least_driver(int cuda);

}  // namespace generator
