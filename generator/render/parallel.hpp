// Work in numbered pieces over a few threads that live as long as the call. Private to render/.
#pragma once

#include <atomic>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace generator {

// Calls work(i) for every i below `count`, in any order, on the caller and up to threads - 1
// others. `work` must not throw. A thread that cannot be had is done without.
template <class Work>
void parallel_for(std::size_t count, int threads, const Work& work) {
    std::atomic<std::size_t> next = 0;
    const auto run = [&] {
        for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) work(i);
    };
    std::vector<std::jthread> others;
    others.reserve(std::size_t(threads));
    for (int t = 1; t < threads && std::size_t(t) < count; ++t) {
        try {
            others.emplace_back(run);
        } catch (const std::system_error&) {
            break;
        }
    }
    run();
}

}  // namespace generator
