// The last lines of the log, for whoever looks at the miner from outside. Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

class LogTail {
public:
    static constexpr std::size_t kLines = 300, kLongestLine = 2000;

    void add(std::string_view line) {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(line.substr(0, kLongestLine));
        if (lines_.size() > kLines) lines_.pop_front();
        ++count_;
    }

    // Lines beyond the first `seen` ever added, as far as they are still here; `seen` becomes the
    // number of all.
    std::vector<std::string> after(std::uint64_t& seen) const {
        const std::lock_guard lock(mutex_);
        const auto fresh = count_ - std::min(seen, count_);
        const auto take = std::min<std::uint64_t>(fresh, lines_.size());
        seen = count_;
        return {lines_.end() - std::ptrdiff_t(take), lines_.end()};
    }

private:
    mutable std::mutex mutex_;
    std::deque<std::string> lines_;
    std::uint64_t count_ = 0;
};

}  // namespace miner
