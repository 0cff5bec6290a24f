// What a seed draws to happen around a miner, and when it ends. Each place where things happen (a
// validator, the chain, the disk, ...) suffers one thing at a time, all of them together any.
#pragma once

#include "tests/endure/days_world.hpp"
#include "tests/support/fake_generator.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace endure {

// The miner's own side, as far as something happens to it.
struct Sufferer {
    std::filesystem::path storage, logs;
    enum class Gpu { well, full, fails, lost };
    std::atomic<Gpu> gpu = Gpu::well;
    // Of the disk and of the log's folder: faults that have begun, and those of them that are over.
    std::atomic<int> disk_faults = 0, disk_faults_over = 0;
    std::atomic<bool> clock_is_off = false;
};

class Faults {
public:
    using Time = std::chrono::nanoseconds;

    // All of it has ended by `end`.
    Faults(World& world, Sufferer& miner, std::uint32_t seed, Time begin, Time end);
    ~Faults();

    // When something happens next; Time::max(): nothing any more.
    Time next() const;
    void happen();  // what is due
    void end();     // all that is not over

    const std::map<std::string, int>& counts() const { return counts_; }
    std::string last() const { return last_; }
    Time changed() const { return changed_; }  // when something began or ended last

private:
    // A fault that has begun ends by this.
    using End = std::function<void()>;
    struct Place {
        std::function<std::pair<std::string, End>(Time& length)> begin;
        Time next{0};
        End end;                // empty: all is well here
        Time quiet{0};          // between two faults, on average
        std::string name = {};  // of the last one
    };

    Time drawn(Time least, Time most);
    Time after(Time average);
    void add(Time quiet, std::function<std::pair<std::string, End>(Time& length)> begin);

    std::pair<std::string, End> of_validator(std::size_t number, Time& length);
    std::pair<std::string, End> by_its_answers(std::size_t number, Time& length);
    std::pair<std::string, End> of_chain(Time& length);
    std::pair<std::string, End> of_registration(Time& length);
    std::pair<std::string, End> of_clock(Time& length);
    std::pair<std::string, End> of_disk(Time& length);
    std::pair<std::string, End> of_gpu(Time& length);
    End chain_fault(const std::string& name);

    World& world_;
    Sufferer& miner_;
    std::mt19937 random_;
    Time begin_, end_;
    std::vector<Place> places_;
    std::map<std::string, int> counts_;
    bool chain_fails_ = false, disk_fails_ = false;
    Time registered_{0}, chain_came_back_{0};  // when that was won back last, and it
    std::string last_;
    Time changed_{0};
    std::unique_ptr<struct HeldDatabase> held_;
};

}  // namespace endure
