#include "miner/report/error_lines.hpp"

namespace miner {

std::string_view error_in(std::string_view line) {
    constexpr std::size_t kTime = std::string_view("2026-11-23 14:02:11.123 ").size();
    constexpr std::size_t kJsonTime =
        std::string_view(R"({"time":"2026-11-23T14:02:11.123Z",)").size();
    constexpr std::string_view kText = "ERROR ", kJson = R"("level":"error",)";
    const auto after = [&](std::size_t time, std::string_view level) -> std::string_view {
        if (line.size() <= time + level.size() || line.substr(time, level.size()) != level)
            return {};
        return line.substr(time + level.size());
    };
    return line.starts_with('{') ? after(kJsonTime, kJson) : after(kTime, kText);
}

config::Logger::Sink ErrorLines::sink() const {
    return [lines = lines_](std::string_view line) {
        const auto error = error_in(line);
        if (error.empty()) return;
        const std::lock_guard lock(lines->mutex);
        if (lines->count++ == 0) lines->first = error;
    };
}

int ErrorLines::count() const {
    const std::lock_guard lock(lines_->mutex);
    return lines_->count;
}

std::string ErrorLines::first() const {
    const std::lock_guard lock(lines_->mutex);
    return lines_->first;
}

}  // namespace miner
