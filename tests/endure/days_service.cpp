#include "tests/endure/days_service.hpp"

#include "config/environment.hpp"
#include "miner/cli/command_line.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/runtime/signals.hpp"
#include "tests/endure/virtual_time.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace endure {
namespace {

using namespace std::chrono_literals;

constexpr auto kRestart = 15s;   // RestartSec of ops/systemd/miner.service
constexpr int kLastAttempt = 3;  // of a miner with the flaw to end

}  // namespace

Service::Service(const Place& place, std::vector<std::string> words, Sufferer& miner,
                 std::uint32_t seed, std::chrono::milliseconds longest_stage, DaysFlaw flaw,
                 std::function<void()> starts)
    : words_(std::move(words)),
      miner_(miner),
      random_(seed),
      longest_stage_(longest_stage),
      flaw_(flaw),
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

// In the middle of its work, by the flaw.
bool Service::is_to_end() {
    if (flaw_ != DaysFlaw::ends || ++attempts_ < kLastAttempt) return false;
    ends_by_flaw_ = true;
    return true;
}

// What a task takes, and comes to.
void Service::stage() {
    if (flaw_ == DaysFlaw::leaks) leaked_.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    std::this_thread::sleep_for(
        std::chrono::milliseconds(200 + random_() % std::uint32_t(longest_stage_.count())));
    constexpr std::int64_t kVoxels[] = {100, 100, 100, 50, 60, 40, 0};
    script_->voxels = std::vector<std::int64_t>{kVoxels[random_() % std::size(kVoxels)]};
    using Gpu = Sufferer::Gpu;
    const auto gpu = is_to_end() ? Gpu::lost : miner_.gpu.load();
    if (gpu == Gpu::well) return;
    if (gpu == Gpu::lost) lost_gpu_ = true;
    script_->voxels = std::vector<std::int64_t>{-1};
    script_->failure = gpu == Gpu::full    ? generator::Errc::out_of_memory
                       : gpu == Gpu::fails ? generator::Errc::internal
                                           : generator::Errc::device_lost;
}

miner::MakeGenerator Service::generator() {
    return [this, make = tests::make_fake(script_)](const config::Generator& settings)
               -> config::Result<std::unique_ptr<generator::Generator>> {
        found_disk_ = true;  // the log and the database are opened before a model is loaded
        if (miner_.gpu != Sufferer::Gpu::lost) return make(settings);
        lost_gpu_ = true;
        return config::fail(generator::Errc::device_lost, "as drawn");
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
        lost_gpu_ = found_disk_ = false;
        const int disk_faults_over = miner_.disk_faults_over;
        auto code = miner::run_command(*line, generator(), {});
        if (ends_by_flaw_) code = miner::ExitCode::storage;
        code_ = int(code);
        miner::keep_signals();
        // RestartPreventExitStatus leaves these two to start again after.
        const bool lost_gpu = code == miner::ExitCode::device_lost && lost_gpu_;
        const bool failed_disk = code == miner::ExitCode::storage && !found_disk_ &&
                                 miner_.disk_faults > disk_faults_over;
        if (!lost_gpu && !failed_disk) {
            if (!asked_ || code != miner::ExitCode::ok)
                complaint_ = fmt::format("at {}: the miner ended with code {}, for no reason",
                                         in_words(virtual_time::elapsed()), int(code));
            break;
        }
        if (asked_) break;
        ++(lost_gpu ? starts_after_lost_gpu_ : starts_after_failed_disk_);
        std::this_thread::sleep_for(kRestart);
        if (asked_) break;
    }
    ended_ = true;
}

}  // namespace endure
