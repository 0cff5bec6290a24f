#include "config/last_lines.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

namespace config {
namespace {

constexpr std::size_t kLines = 40, kLongest = 500;

struct Line {
    std::array<char, kLongest + 1> text;  // with its newline
    std::size_t size = 0;
};

std::array<Line, kLines> lines;
std::atomic<std::size_t> kept = 0;  // ever
std::mutex mutex;

}  // namespace

void keep_line(std::string_view line) {
    const std::lock_guard lock(mutex);
    auto& place = lines[kept % kLines];
    const auto size = std::min(line.size(), kLongest);
    std::copy_n(line.begin(), size, place.text.begin());
    place.text[size] = '\n';
    place.size = size + 1;
    ++kept;
}

void write_last_lines(int descriptor) noexcept {
    const std::size_t end = kept;
    for (std::size_t i = end - std::min(end, kLines); i < end; ++i) {
        const auto& line = lines[i % kLines];
        if (::write(descriptor, line.text.data(), line.size) < 0) return;
    }
}

}  // namespace config
