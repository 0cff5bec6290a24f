// One story of days, in a process of its own: endure_days faults|pulls|reconnects SEED MINUTES
// [--flaw ends|leaks] [FLAG...], flags of the miner. Prints figures, and what is broken, a line
// each; 1 when something is.
#include "tests/endure/days_story.hpp"
#include "tests/endure/virtual_check.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <sys/stat.h>

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    ::umask(077);
    if (argc == 2 && argv[1] == std::string("check")) return endure::virtual_time::check();
    if (argc < 4) return 2;
    const std::string which = argv[1];
    const auto kind = which == "pulls"        ? endure::DaysKind::pulls
                      : which == "reconnects" ? endure::DaysKind::reconnects
                                              : endure::DaysKind::faults;
    const auto seed = std::uint32_t(std::stoul(argv[2]));
    std::vector<std::string> flags(argv + 4, argv + argc);
    auto flaw = endure::DaysFlaw::none;
    if (flags.size() >= 2 && flags[0] == "--flaw") {
        if (flags[1] != "ends" && flags[1] != "leaks") return 2;
        flaw = flags[1] == "ends" ? endure::DaysFlaw::ends : endure::DaysFlaw::leaks;
        flags.erase(flags.begin(), flags.begin() + 2);
    }
    try {
        const auto figures =
            endure::days_story(kind, seed, std::chrono::minutes(std::stoi(argv[3])), flaw, flags);
        for (const auto& [name, number] : figures.numbers)
            std::printf("%s: %lld\n", name.c_str(), static_cast<long long>(number));
        for (const auto& line : figures.curve) std::printf("%s\n", line.c_str());
        for (const auto& words : figures.broken) std::printf("broken: %s\n", words.c_str());
        return figures.broken.empty() ? 0 : 1;
    } catch (const std::exception& error) {
        std::printf("broken: seed %u: the story itself: %s\n", seed, error.what());
        return 1;
    }
}
