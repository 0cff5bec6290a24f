// The service manager of a story, with the miner: as operators run it, in this process, with a
// generator that takes seconds and suffers what the GPU does. It starts the miner again as its unit
// would, but only where the world gave a reason to end.
#pragma once

#include "miner/generation/device.hpp"
#include "tests/endure/days_faults.hpp"
#include "tests/endure/days_story.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/support/fake_generator.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace endure {

class Service {
public:
    // `words` are the miner's, after its name; the first stage of a task takes 200 ms and up to
    // `longest_stage` more, as `seed` draws. `starts` is called before each start, on the miner's
    // thread.
    Service(const Place& place, std::vector<std::string> words, Sufferer& miner, std::uint32_t seed,
            std::chrono::milliseconds longest_stage, DaysFlaw flaw, std::function<void()> starts);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service();

    void stop();
    bool has_ended() const { return ended_; }
    int code() const { return code_; }
    // Once it has ended, that it did so for no reason and when; empty: all is well.
    const std::string& complaint() const { return complaint_; }
    int starts_after_lost_gpu() const { return starts_after_lost_gpu_; }
    int starts_after_failed_disk() const { return starts_after_failed_disk_; }

private:
    bool is_to_end();
    void stage();
    miner::MakeGenerator generator();
    void run();

    std::vector<std::string> words_;
    Sufferer& miner_;
    std::mt19937 random_;
    std::chrono::milliseconds longest_stage_;
    DaysFlaw flaw_;
    std::function<void()> starts_;
    std::shared_ptr<tests::Script> script_ = std::make_shared<tests::Script>();
    std::atomic<bool> asked_ = false, ended_ = false;
    std::atomic<int> code_ = -1, starts_after_lost_gpu_ = 0, starts_after_failed_disk_ = 0;
    int attempts_ = 0;
    std::vector<int> leaked_;
    // Of this run: a device was lost; all that it needs of the disk was there.
    std::atomic<bool> lost_gpu_ = false, found_disk_ = false;
    std::atomic<bool> ends_by_flaw_ = false;
    std::string complaint_;  // before `ended_`
    std::thread thread_;
};

}  // namespace endure
