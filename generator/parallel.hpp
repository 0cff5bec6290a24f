// Work in numbered pieces over a few threads that live as long as the call: they have its priority
// (previews run at the lowest), and cost nothing between calls. No torch, no OpenMP.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace generator {

// The threads that a short piece of work deserves: `wanted`, or all cores where that is 0, but no
// more than 16, as memory has no more to give by then.
int threads_for(int wanted);

// The same, but no more than there are pieces of this size in `count`.
inline int threads_for_pieces(int wanted, std::size_t count, std::size_t piece) {
    return int(std::min(std::size_t(threads_for(wanted)), (count + piece - 1) / piece));
}

// The caller and up to threads - 1 others, for one round of work after the other. A thread that
// cannot be had is done without.
class Team {
public:
    explicit Team(int threads);
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;
    ~Team();

    // Calls work(i) for every i below `count`, begun in rising order, and returns when all are
    // done. The first that throws keeps those that have not begun from it; thrown on from here.
    template <class Work>
    void run(std::size_t count, const Work& work) {
        if (others_.empty() || count < 2) {
            for (std::size_t i = 0; i < count; ++i) work(i);
            return;
        }
        run_together({count, &work, [](const void* what, std::size_t i) {
                          (*static_cast<const Work*>(what))(i);
                      }});
    }

private:
    struct Round {
        std::size_t count = 0;
        const void* work = nullptr;
        void (*call)(const void* work, std::size_t i) = nullptr;
    };

    void run_together(const Round& round);
    void help();
    void work_on(const Round& round);

    std::mutex mutex_;
    std::condition_variable begun_, left_;
    Round round_;               // of these, under the mutex
    std::uint64_t number_ = 0;  // of rounds begun
    bool open_ = false, over_ = false;
    int inside_ = 0;  // others at work
    std::exception_ptr failure_;
    std::atomic<std::size_t> next_ = 0;
    std::vector<std::jthread> others_;
};

// One round.
template <class Work>
void parallel_for(std::size_t count, int threads, const Work& work) {
    Team(std::size_t(threads) < count ? threads : int(count)).run(count, work);
}

}  // namespace generator
