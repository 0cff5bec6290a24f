// What a start costs, from the first instruction of the new process to its end.
#include "storage/database.hpp"
#include "tests/storage/million.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/temporary_folder.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

namespace {

struct Quiet {
    posix_spawn_file_actions_t actions;
    Quiet() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    }
    ~Quiet() { ::posix_spawn_file_actions_destroy(&actions); }
};

void run_miner(std::initializer_list<std::string> words) {
    const Quiet quiet;
    std::string program = tests::miner_binary();
    std::array<char*, 8> arguments{program.data()};
    std::size_t count = 1;
    for (const auto& word : words) arguments.at(count++) = const_cast<char*>(word.c_str());
    pid_t child = 0;
    int status = 0;
    if (::posix_spawn(&child, program.c_str(), &quiet.actions, nullptr, arguments.data(),
                      environ) != 0 ||
        ::waitpid(child, &status, 0) != child || status != 0)
        throw std::runtime_error(program + " did not run");
}

void start_help(benchmark::State& state) {
    for (auto _ : state) run_miner({"--help"});
}
BENCHMARK(start_help)->UseRealTime()->Unit(benchmark::kMillisecond);

void start_version(benchmark::State& state) {
    for (auto _ : state) run_miner({"version"});
}
BENCHMARK(start_version)->UseRealTime()->Unit(benchmark::kMillisecond);

void start_stats(benchmark::State& state) {
    const tests::TemporaryFolder folder;
    const std::string file = folder.path() / "miner.db";
    tests::fill(storage::Database::open(file).value()->handle(), 1'000);
    for (auto _ : state) run_miner({"stats", "--db", file});
}
BENCHMARK(start_stats)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
