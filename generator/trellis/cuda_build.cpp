#include "generator/trellis/cuda_build.hpp"

#include <charconv>
#include <optional>

namespace generator {
namespace {

constexpr std::string_view kPtx = "+PTX";

struct Architecture {
    int major, minor;
    bool ptx;
};

// "8.6", "12.0+PTX"; nothing for anything else.
std::optional<Architecture> parse(std::string_view word) {
    Architecture found{0, 0, word.ends_with(kPtx)};
    if (found.ptx) word.remove_suffix(kPtx.size());
    const auto* const end = word.data() + word.size();
    const auto [dot, no_major] = std::from_chars(word.data(), end, found.major);
    if (no_major != std::errc() || dot == end || *dot != '.') return std::nullopt;
    const auto [last, no_minor] = std::from_chars(dot + 1, end, found.minor);
    if (no_minor != std::errc() || last != end) return std::nullopt;
    return found;
}

bool runs_on(const Architecture& built, int major, int minor) {
    if (built.major == major && built.minor <= minor) return true;
    return built.ptx && built.major < major;
}

}  // namespace

std::string_view cuda_architectures() { return MINER_CUDA_ARCHITECTURES; }

bool has_code_for(int major, int minor, std::string_view architectures) {
    while (!architectures.empty()) {
        const auto blank = architectures.find(' ');
        const auto built = parse(architectures.substr(0, blank));
        if (built && runs_on(*built, major, minor)) return true;
        if (blank == architectures.npos) break;
        architectures.remove_prefix(blank + 1);
    }
    return false;
}

}  // namespace generator
