#include "tests/endure/days_service.hpp"

#include "config/environment.hpp"
#include "miner/cli/command_line.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/runtime/signals.hpp"
#include "tests/endure/virtual_time.hpp"

#include <csignal>
#include <cstdio>
#include <iterator>
#include <utility>

#include <unistd.h>

namespace endure {
namespace {

using namespace std::chrono_literals;

constexpr auto kRestart = 15s;  // RestartSec of ops/systemd/miner.service

}  // namespace

Service::Service(const Place& place, std::vector<std::string> words, Sufferer& miner,
                 std::uint32_t seed, std::chrono::milliseconds longest_stage,
                 std::function<void()> starts)
    : words_(std::move(words)),
      miner_(miner),
      random_(seed),
      longest_stage_(longest_stage),
      starts_(std::move(starts)) {
    script_->at_stage1 = [this](int) { stage(); };
    words_.insert(words_.begin(), place.subject({}).program);
    thread_ = std::thread([this] { run(); });
}

Service::~Service() { stop(); }

void Service::stop() {
    if (!thread_.joinable()) return;
    asked_ = true;
    if (!ended_) ::kill(::getpid(), SIGTERM);
    thread_.join();
}

// What a task takes, and comes to.
void Service::stage() {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(200 + random_() % std::uint32_t(longest_stage_.count())));
    constexpr std::int64_t kVoxels[] = {100, 100, 100, 50, 60, 40, 0};
    script_->voxels = std::vector<std::int64_t>{kVoxels[random_() % std::size(kVoxels)]};
    using Gpu = Sufferer::Gpu;
    const auto gpu = miner_.gpu.load();
    if (gpu == Gpu::well) return;
    script_->voxels = std::vector<std::int64_t>{-1};
    script_->failure = gpu == Gpu::full    ? generator::Errc::out_of_memory
                       : gpu == Gpu::fails ? generator::Errc::internal
                                           : generator::Errc::device_lost;
}

miner::MakeGenerator Service::generator() {
    return [this, make = tests::make_fake(script_)](const config::Generator& settings)
               -> config::Result<std::unique_ptr<generator::Generator>> {
        if (miner_.gpu == Sufferer::Gpu::lost)
            return config::fail(generator::Errc::device_lost, "as drawn");
        return make(settings);
    };
}

void Service::run() {
    virtual_time::join(virtual_time::Party::miner);
    std::vector<char*> arguments;
    for (auto& word : words_) arguments.push_back(word.data());
    const auto parsed =
        miner::parse(int(arguments.size()), arguments.data(), config::process_environment(),
                     std::chrono::system_clock::now());
    const auto* line = std::get_if<miner::CommandLine>(&parsed);
    if (!line) std::fputs(std::get<miner::Exit>(parsed).text.c_str(), stderr);
    while (line) {
        miner::keep_signals();  // as main does
        starts_();
        const auto code = miner::run_command(*line, generator(), {});
        code_ = int(code);
        miner::keep_signals();
        // RestartPreventExitStatus leaves these two to start again after.
        if (asked_ || (code != miner::ExitCode::device_lost && code != miner::ExitCode::storage))
            break;
        ++miner_.restarts;
        std::this_thread::sleep_for(kRestart);
        if (asked_) break;
    }
    ended_ = true;
}

}  // namespace endure
