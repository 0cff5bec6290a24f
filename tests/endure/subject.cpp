// The miner with a generator that takes a moment instead of a model: all commands that keep
// something, as operators run them. What the crash stories start and kill.
#include "miner/cli/command_line.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/runtime/signals.hpp"
#include "tests/endure/keeper.hpp"
#include "tests/support/fake_generator.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <malloc.h>
#include <sys/stat.h>

namespace {

// Every outcome of the gate, with the settings of the stories: at once, saved by a retry, better
// but sparse, and hopeless.
std::shared_ptr<tests::Script> script() {
    const auto made = std::make_shared<tests::Script>();
    made->voxels = {100, 50, 100, 100, 50, 60, 100, 50, 40};
    // ops/check_balancer.py looks at what stands around it.
    const char* told = std::getenv("MINER_SUBJECT_STAGE_MS");
    made->delay = std::chrono::milliseconds(told ? std::atoi(told) : 3);
    return made;
}

// For the soak, where the environment names a file for it: how many bytes the allocator has given
// out, once a second. Then the generator keeps nothing for tests, which would grow.
class HeapTeller {
public:
    HeapTeller(const char* file, tests::Script& script) {
        if (!file) return;
        script.remembers = false;
        script.kinds = 2000;
        script.goes_round = true;
        sigset_t all, before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);  // those are for the miner's threads
        thread_ = std::jthread([stream = std::ofstream(file)](std::stop_token over) mutable {
            while (!over.stop_requested()) {
                const auto heap = ::mallinfo2();
                stream.seekp(0) << std::setw(20) << heap.uordblks + heap.hblkhd << std::flush;
                std::this_thread::sleep_for(std::chrono::seconds(1));
            }
        });
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

private:
    std::jthread thread_;
};

miner::ExitCode run(const miner::CommandLine& line) {
    using miner::Command;
    const auto plan = script();
    const HeapTeller teller(std::getenv("ENDURE_HEAP_FILE"), *plan);
    switch (line.command) {
        case Command::run:
            miner::keep_signals();
            return miner::run_command(line, tests::make_fake(plan), {});
        case Command::serve:
            miner::keep_signals();
            return miner::serve_command(line, tests::make_fake(plan));
        case Command::stats:
            return miner::stats_command(line);
        case Command::backup:
            return miner::backup_command(line);
        case Command::restore:
            return miner::restore_command(line);
        default:
            return miner::ExitCode::usage;
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string> words(argv, argv + argc);
    if (words.size() == 5 && words[1] == "keep")
        return endure::keep(words[2], std::stoi(words[3]), std::stoi(words[4]));
    if (words.size() == 3 && words[1] == "open") return endure::open_kept(words[2]);
    ::umask(077);  // as main has it for these commands
    const auto parsed =
        miner::parse(argc, argv, config::process_environment(), std::chrono::system_clock::now());
    if (const auto* over = std::get_if<miner::Exit>(&parsed)) {
        std::fputs(over->text.c_str(), stderr);
        return int(over->code);
    }
    return int(run(std::get<miner::CommandLine>(parsed)));
}
