#include "generator/parallel.hpp"

#include <algorithm>
#include <utility>

namespace generator {

int threads_for(int wanted) {
    constexpr int kMost = 16;
    static const int cores = int(std::thread::hardware_concurrency());
    return std::clamp(wanted > 0 ? wanted : cores, 1, kMost);
}

Team::Team(int threads) {
    others_.reserve(std::size_t(std::max(0, threads - 1)));
    for (int t = 1; t < threads; ++t) {
        try {
            others_.emplace_back([this] { help(); });
        } catch (const std::system_error&) {
            break;
        }
    }
}

Team::~Team() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    begun_.notify_all();
}

// The round is closed before others that have not even begun are waited for: a thread that starts
// late on a busy machine finds it closed, and holds nobody up.
void Team::run_together(const Round& round) {
    {
        const std::lock_guard lock(mutex_);
        round_ = round;
        next_.store(0, std::memory_order_relaxed);
        open_ = true;
        ++number_;
    }
    begun_.notify_all();
    work_on(round);
    std::unique_lock lock(mutex_);
    open_ = false;
    left_.wait(lock, [&] { return inside_ == 0; });
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Team::help() {
    std::unique_lock lock(mutex_);
    for (std::uint64_t seen = 0;;) {
        begun_.wait(lock, [&] { return over_ || (open_ && number_ != seen); });
        if (over_) return;
        seen = number_;
        const Round round = round_;
        ++inside_;
        lock.unlock();
        work_on(round);
        lock.lock();
        if (--inside_ == 0) left_.notify_one();
    }
}

void Team::work_on(const Round& round) try {
    for (std::size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < round.count;)
        round.call(round.work, i);
} catch (...) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    next_.store(round.count, std::memory_order_relaxed);
}

}  // namespace generator
