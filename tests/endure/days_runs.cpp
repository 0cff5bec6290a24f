#include "tests/endure/days_runs.hpp"

#include "tests/endure/subject_process.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <sstream>
#include <thread>

namespace endure {
namespace {

// A story that takes so much longer than its hours hangs, whatever else the machine does.
constexpr std::chrono::minutes kPatienceForDays{60};

DaysRun one(const std::string& kind, std::uint32_t seed, std::chrono::minutes length,
            const std::vector<std::string>& more) {
    DaysRun run;
    tests::Command command{
        .program = beside("endure_days").string(),
        .arguments = {kind, std::to_string(seed), std::to_string(length.count())},
        .environment = {{"HOME", "/nonexistent"}},
        .input = {},
        .folder = {},
        .largest_file = {}};
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
    const auto outcome = tests::run_to_end(std::move(command), kPatienceForDays);
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.rfind(": ");
        if (line.starts_with("curve: ")) {
            run.curve.push_back(line.substr(7));
        } else if (line.starts_with("broken: ")) {
            run.broken.push_back(line.substr(8));
        } else if (colon != line.npos) {
            run.numbers[line.substr(0, colon)] = std::stoll(line.substr(colon + 2));
        }
    }
    if (run.broken.empty() && outcome.exit_status != tests::ProcessExit{.code = 0})
        run.broken.push_back("seed " + std::to_string(seed) + ": the process ended with code " +
                             std::to_string(outcome.exit_status.code) + ", signal " +
                             std::to_string(outcome.exit_status.signal) + ": " + outcome.err);
    return run;
}

}  // namespace

void DaysRun::add(const DaysRun& other) {
    for (const auto& [name, number] : other.numbers) {
        auto& ours = numbers[name];
        const bool is_most = name.find("most") != name.npos || name.starts_with("latest");
        ours = is_most ? std::max(ours, number) : ours + number;
    }
    curve.insert(curve.end(), other.curve.begin(), other.curve.end());
    broken.insert(broken.end(), other.broken.begin(), other.broken.end());
}

DaysRun days_runs(const std::string& kind, int runs, std::uint32_t seed,
                  std::chrono::minutes length,
                  const std::function<void(std::uint32_t, const DaysRun&)>& told,
                  const std::vector<std::string>& more) {
    DaysRun all;
    std::mutex mutex;
    std::atomic<int> next = 0;
    const auto tell = [&] {
        for (int i; (i = next++) < runs;) {
            const auto number = seed + std::uint32_t(i);
            const auto run = one(kind, number, length, more);
            const std::lock_guard lock(mutex);
            told(number, run);
            all.add(run);
        }
    };
    std::vector<std::thread> tellers;
    const auto cores = std::max(1u, std::thread::hardware_concurrency());
    for (int i = 0; i < std::min(runs, int(cores)); ++i) tellers.emplace_back(tell);
    for (auto& teller : tellers) teller.join();
    return all;
}

}  // namespace endure
