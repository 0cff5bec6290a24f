// What ops/endure.sh runs: miner_endure PART [--runs N] [--seed N] [--hours H]. Prints one line for
// each number it found, `name: value`; exits 1 when something did not hold.
#include "tests/endure/crash_story.hpp"
#include "tests/endure/days_runs.hpp"
#include "tests/endure/hostile_cost.hpp"
#include "tests/endure/secrets_story.hpp"
#include "tests/endure/soak_story.hpp"
#include "tests/endure/step_cuts.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

int crash(int runs, std::uint32_t seed) {
    const auto all = endure::crash_stories(
        runs, seed, [](std::uint32_t number, const endure::StoryFigures& one) {
            for (const auto& words : one.broken)
                std::printf("seed %u: %s\n", number, words.c_str());
            std::fflush(stdout);
        });
    std::printf("stories: %d\ntasks: %d\ncuts: %d\n", runs, all.tasks, all.cuts);
    for (const auto& [loss, count] : all.by_loss)
        std::printf("cuts, loss %s: %d\n", std::string(endure::name(loss)).c_str(), count);
    std::printf(
        "changes of files: %d\nanswers that only a later pull told: %d\n"
        "attempts made anew: %d\nbroken: %zu\n",
        all.changes, all.answers_lost, all.made_anew, all.broken.size());
    return all.broken.empty() ? 0 : 1;
}

constexpr int kDraws = 8;  // of what chance decides at each step

int steps(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::size_t broken = 0;
    const auto tell = [&](const char* what, const endure::StepFigures& figures) {
        for (const auto& words : figures.broken) std::printf("%s\n", words.c_str());
        std::printf("%s, changes: %d\n%s, states looked at: %d\n%s, broken: %zu\n", what,
                    figures.changes, what, figures.states, what, figures.broken.size());
        broken += figures.broken.size();
    };
    tell("keeping", endure::cut_keeping(kDraws, random));
    for (const bool over : {false, true})
        tell(over ? "backup over a copy" : "backup", endure::cut_backup(over, kDraws, random));
    for (const bool aside : {false, true})
        tell(aside ? "second restore" : "restore", endure::cut_restore(aside, kDraws, random));
    return broken == 0 ? 0 : 1;
}

// All of them, or those whose name holds `some`.
int hostile(std::string_view some) {
    int broken = 0;
    std::printf("%-58s %8s %8s %11s\n", "attack", "MiB", "CPU s", "cool-downs");
    for (const auto& name : endure::attacks()) {
        if (name.find(some) == name.npos) continue;
        const auto cost = endure::cost_of(name);
        std::printf("%-58s %8.1f %8.2f %11d\n", name.c_str(), double(cost.memory_kb) / 1024,
                    cost.cpu_s, cost.cooldowns);
        for (const auto& words : cost.broken) std::printf("    did not hold: %s\n", words.c_str());
        std::fflush(stdout);
        broken += !cost.broken.empty();
    }
    return broken == 0 ? 0 : 1;
}

int days(const std::string& kind, int runs, std::uint32_t seed, double hours) {
    const auto length = std::chrono::minutes(std::lround(hours * 60));
    const auto all =
        endure::days_runs(kind, runs, seed, length, [&](std::uint32_t, const endure::DaysRun& one) {
            for (const auto& words : one.broken) std::printf("%s\n", words.c_str());
            if (runs > 1) return;
            for (const auto& line : one.curve) std::printf("%s\n", line.c_str());
            std::fflush(stdout);
        });
    std::printf("stories: %d\n", runs);
    for (const auto& [name, number] : all.numbers)
        std::printf("%s: %lld\n", name.c_str(), static_cast<long long>(number));
    std::printf("broken: %zu\n", all.broken.size());
    return all.broken.empty() ? 0 : 1;
}

int secrets() {
    endure::SecretsFigures all;
    int runs = 0;
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP}) {
        const bool sealed = signal == SIGABRT;
        const auto one = endure::secrets_story(signal, sealed);
        ++runs;
        all.memory += one.memory;
        all.files += one.files;
        all.answers += one.answers;
        for (const auto& words : one.broken)
            std::printf("SIG%s: %s\n", ::sigabbrev_np(signal), words.c_str());
        all.broken.insert(all.broken.end(), one.broken.begin(), one.broken.end());
        std::fflush(stdout);
    }
    std::printf(
        "runs: %d\nbytes of memory looked through: %zu\n"
        "files looked through, and their modes: %zu\nanswers of the page looked through: %zu\n"
        "found: %zu\n",
        runs, all.memory, all.files, all.answers, all.broken.size());
    return all.broken.empty() ? 0 : 1;
}

constexpr auto kBetweenSamples = std::chrono::seconds(5);
constexpr long kLeastTasks = 100;

int soak(double minutes, const char* csv) {
    const auto length = std::chrono::seconds(std::lround(minutes * 60));
    const auto figures = endure::soak(length, kBetweenSamples, kLeastTasks, csv);
    for (const auto& words : figures.broken) std::printf("not level: %s\n", words.c_str());
    for (const auto& [name, number] : figures.numbers)
        std::printf("%s: %.0f\n", name.c_str(), number);
    for (const auto& [name, levels] : figures.levels) {
        std::printf("%s, heap grows by KiB an hour: %.0f\n", name.c_str(), levels.heap_kb_per_hour);
        std::printf("%s, resident memory grows by KiB an hour: %.0f\n", name.c_str(),
                    levels.rss_kb_per_hour);
    }
    std::printf("not level: %zu\n", figures.broken.size());
    return figures.broken.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    int runs = 0;
    std::uint32_t seed = 1;
    double hours = 72, minutes = 360;
    const char* csv = "";
    const std::string_view part = argc > 1 ? argv[1] : "";
    for (int i = 2; i + 1 < argc; i += 2) {
        const std::string_view flag = argv[i];
        if (flag == "--runs") runs = std::atoi(argv[i + 1]);
        if (flag == "--hours") hours = std::atof(argv[i + 1]);
        if (flag == "--minutes") minutes = std::atof(argv[i + 1]);
        if (flag == "--csv") csv = argv[i + 1];
        if (flag == "--seed") seed = std::uint32_t(std::strtoul(argv[i + 1], nullptr, 10));
    }
    if (part == "crash") return crash(runs > 0 ? runs : 10, seed);
    if (part == "steps") return steps(seed);
    if (part == "hostile") return hostile(argc == 3 ? argv[2] : "");
    if (part == "days") return days("faults", std::max(1, runs), seed, hours);
    if (part == "pulls" || part == "reconnects")
        return days(std::string(part), std::max(1, runs), seed, hours);
    if (part == "secrets") return secrets();
    if (part == "soak") return soak(minutes, csv);
    std::fprintf(
        stderr,
        "miner_endure crash|steps|hostile|days|pulls|reconnects|secrets|soak [--runs N] [--seed N] "
        "[--hours H] [--minutes M] [--csv FILE]\n");
    return 2;
}
