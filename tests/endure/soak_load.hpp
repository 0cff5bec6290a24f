// Who keeps a miner's HTTP server busy, each on a thread of its own: whoever watches the page and
// scrapes, and callers of /generate that come and go. They note nothing but how often; whoever is
// shown the door comes back.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <random>
#include <thread>
#include <vector>

namespace endure {

// Ends when it is destroyed.
class SoakLoad {
public:
    SoakLoad() = default;
    SoakLoad(const SoakLoad&) = delete;
    SoakLoad& operator=(const SoakLoad&) = delete;
    ~SoakLoad();

    void watch_page(std::uint16_t port);  // what a browser, a dashboard and a supervisor ask
    void call(std::uint16_t port);        // /generate; some hang up midway, some read slowly

    long answers() const { return answers_; }  // that came whole
    long made() const { return made_; }        // of them, splats of /generate

private:
    using Turn = std::function<void(std::mt19937&)>;
    void repeat(Turn turn);

    std::atomic<bool> over_ = false;
    std::atomic<long> answers_ = 0, made_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace endure
