// What a machine tells of its GPUs where CUDA does not: the kernel's module, its device files, the
// bus.
#include "generator/gpu.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace generator {
namespace {

namespace fs = std::filesystem;

// All of them are made by the kernel; a machine has some dozens of devices, and eight GPUs.
constexpr std::size_t kMostEntries = 4096;

std::vector<fs::path> entries(const fs::path& folder) {
    std::vector<fs::path> all;
    std::error_code failure;
    for (fs::directory_iterator it(folder, failure), end;
         !failure && it != end && all.size() < kMostEntries; it.increment(failure))
        all.push_back(it->path());
    std::sort(all.begin(), all.end());
    return all;
}

std::string first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

// Of "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 ...", or of the open
// module's "... Open Kernel Module for x86_64  580.65.06  Release Build ...": the first word that
// is digits and dots.
std::string version_in(const std::string& line) {
    constexpr std::string_view kDigits = "0123456789";
    for (auto at = line.find_first_of(kDigits); at != line.npos;
         at = line.find_first_of(kDigits, at)) {
        const auto end = std::min(line.find_first_not_of("0123456789.", at), line.size());
        const auto word = line.substr(at, end - at);
        const bool whole =
            at > 0 && line[at - 1] == ' ' && (end == line.size() || line[end] == ' ');
        if (whole && word.find('.') != word.npos) return word;
        at = end;
    }
    return {};
}

// "Model: \t\t NVIDIA GeForce RTX 3090" in each GPU's `information`.
std::vector<std::string> models_in(const fs::path& folder) {
    constexpr std::string_view kKey = "Model:";
    std::vector<std::string> models;
    for (const auto& gpu : entries(folder)) {
        std::ifstream in(gpu / "information");
        for (std::string line; std::getline(in, line);) {
            if (!line.starts_with(kKey)) continue;
            const auto begin = line.find_first_not_of(" \t", kKey.size());
            if (begin != line.npos) models.push_back(line.substr(begin));
            break;
        }
    }
    return models;
}

// Vendor NVIDIA, class display (VGA or 3D controller).
bool on_bus(const fs::path& devices) {
    const auto all = entries(devices);
    return std::any_of(all.begin(), all.end(), [](const fs::path& device) {
        return first_line(device / "vendor") == "0x10de" &&
               first_line(device / "class").starts_with("0x03");
    });
}

bool is_device_file(const std::string& name) {
    constexpr std::string_view kPrefix = "nvidia";
    if (!name.starts_with(kPrefix)) return false;
    const auto rest = std::string_view(name).substr(kPrefix.size());
    return rest == "ctl" || rest == "-uvm" ||
           (!rest.empty() && rest.find_first_not_of("0123456789") == rest.npos);
}

}  // namespace

GpuFacts machine_facts(const fs::path& root) {
    GpuFacts facts;
    const auto driver = root / "proc/driver/nvidia";
    facts.driver = version_in(first_line(driver / "version"));
    facts.models = models_in(driver / "gpus");
    facts.on_bus = on_bus(root / "sys/bus/pci/devices");
    std::error_code ignored;
    facts.device_files = fs::exists(root / "dev/nvidiactl", ignored);
    for (const auto& file : entries(root / "dev")) {
        if (!is_device_file(file.filename().string())) continue;
        if (::access(file.c_str(), R_OK | W_OK) == 0) continue;
        facts.denied = file.string();
        break;
    }
    if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) facts.visible = visible;
    return facts;
}

}  // namespace generator
