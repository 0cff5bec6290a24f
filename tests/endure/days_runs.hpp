// Stories of days, each in a process of its own (endure_days), some at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace endure {

struct DaysRun {
    std::map<std::string, std::int64_t> numbers;
    std::vector<std::string> curve, broken;

    // Sums up; of numbers that are the most of something, the most.
    void add(const DaysRun& other);
};

// "faults", "pulls" or "reconnects", of this seed and the following; `more`: flags of the miner,
// before them a flaw that it is given, as endure_days takes them.
// `told` is called after each with its seed, one call at a time.
DaysRun days_runs(const std::string& kind, int runs, std::uint32_t seed,
                  std::chrono::minutes length,
                  const std::function<void(std::uint32_t, const DaysRun&)>& told,
                  const std::vector<std::string>& more = {});

}  // namespace endure
