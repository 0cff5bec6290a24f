#include "tests/endure/soak_story.hpp"

#include "network/simulator/validator.hpp"
#include "tests/endure/soak_load.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/network/keys.hpp"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

namespace endure {
namespace {

using namespace std::chrono_literals;
using network::LocalValidator;
using tests::Process;
using tests::ProcessExit;
using Clock = std::chrono::steady_clock;

constexpr int kValidators = 12;  // enough that one may always be asked
constexpr int kSupply = 2000;    // tasks that a validator has ahead
constexpr auto kLook = 100ms;
// log.max_mb and log.files of the subjects, and the line that went beyond.
constexpr int kLogMb = 1, kLogFiles = 2;
constexpr double kLogKb = (kLogMb << 10) * (kLogFiles + 1) + 64;

std::string read_file(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

double bytes_of(const fs::path& file) {
    std::error_code none;
    const auto bytes = fs::file_size(file, none);
    return none ? 0 : double(bytes);
}

// Of the assets; files come and go meanwhile.
double bytes_on_shelves(const fs::path& folder) {
    double bytes = 0;
    std::error_code gone;
    for (fs::directory_iterator shelf(folder, gone), end; !gone && shelf != end;
         shelf.increment(gone)) {
        std::error_code none;
        for (fs::directory_iterator file(shelf->path(), none); !none && file != end;
             file.increment(none))
            bytes += bytes_of(file->path());
    }
    return bytes;
}

double field_of(const std::string& status, const std::string& name) {
    const auto at = status.find(name);
    return at == status.npos ? 0 : std::strtod(status.c_str() + at + name.size(), nullptr);
}

// A process under test, and who asks it.
class Subject {
public:
    Subject(const Place& place, std::vector<std::string> words) : place_(place) {
        words.insert(words.end(),
                     {"--http.listen", "127.0.0.1:0", "--log.max_mb", std::to_string(kLogMb),
                      "--log.files", std::to_string(kLogFiles), "--log.console", "false"});
        auto command = place.subject(std::move(words));
        command.environment["ENDURE_HEAP_FILE"] = heap().string();
        command.environment["MINER_SUBJECT_STAGE_MS"] = "0";
        process_.emplace(std::move(command));
    }

    // 0 where it did not come up.
    std::uint16_t await_port() {
        constexpr std::string_view kMark = "url=http://127.0.0.1:";
        for (const auto until = Clock::now() + kPatience; Clock::now() < until;) {
            const auto log = read_file(place_.storage() / "miner.log");
            const auto at = log.find(kMark);
            if (at != log.npos && log.find(" model ready ") != log.npos)
                return std::uint16_t(std::stoi(log.substr(at + kMark.size())));
            if (process_->wait(20ms)) return 0;
        }
        return 0;
    }

    Sample sample() const {
        Sample sample;
        const auto of = fs::path("/proc") / std::to_string(process_->pid());
        const auto status = read_file(of / "status");
        sample.rss_kb = field_of(status, "VmRSS:");
        sample.threads = field_of(status, "Threads:");
        std::error_code gone;
        for (fs::directory_iterator at(of / "fd", gone), end; !gone && at != end;
             at.increment(gone))
            ++sample.descriptors;
        sample.heap_kb = field_of("heap " + read_file(heap()), "heap ") / 1024;
        const auto storage = place_.storage();
        sample.database_kb = bytes_of(storage / "miner.db") / 1024;
        sample.wal_kb = bytes_of(storage / "miner.db-wal") / 1024;
        sample.assets_kb = bytes_on_shelves(storage / "assets") / 1024;
        for (const char* name : {"miner.log", "miner.1.log", "miner.2.log", "miner.3.log"})
            sample.log_kb += bytes_of(storage / name) / 1024;
        return sample;
    }

    bool ended() { return process_->wait(0ms).has_value(); }
    std::string end() {
        process_->signal(SIGTERM);
        const auto exit = process_->wait(kPatience);
        if (exit == ProcessExit{.code = 0}) return {};
        return !exit ? "hangs"
                     : fmt::format("ended with code {}, signal {}: {}", exit->code, exit->signal,
                                   process_->err());
    }

private:
    fs::path heap() const { return place_.path() / "heap"; }

    const Place& place_;
    std::optional<Process> process_;
};

// Has tasks for as long as they are asked for.
class Supplier {
public:
    Supplier(std::uint8_t number, const std::string& miner) : number_(number) {
        LocalValidator::Options options;
        options.time_scale = 0.0001;
        options.miners = {miner};
        options.pulled = [this](const network::ValidatorState::Pull& pull) {
            given_ += pull.what == network::ValidatorState::Pull::What::assigned;
        };
        options.submitted = [this](const network::ValidatorState::Submit& submit) {
            using What = network::ValidatorState::Submit::What;
            done_ += submit.what == What::accepted || submit.what == What::refused ||
                     submit.what == What::skipped;
        };
        validator_ = LocalValidator::start(
                         tests::key_of(number),
                         [](const network::Task& task, const auto&) {
                             return network::Evaluation{score_of(task.id), ""};
                         },
                         std::move(options))
                         .value();
        supply();
    }

    void supply() {
        if (made_ - given_ >= kSupply) return;
        std::vector<network::Task> tasks;
        for (int i = 0; i < kSupply; ++i) {
            const auto id = fmt::format("v{}-{}", number_, ++made_);
            constexpr int kPrompts = 5;  // one in so many
            tasks.push_back(made_ % kPrompts
                                ? image_task(id)
                                : network::Task{network::TaskKind::text, id, "a chair"});
        }
        validator_->change([&](network::ValidatorState& state) { state.supply(tasks); });
    }

    network::Peer peer() const { return validator_->peer(); }
    long done() const { return done_; }

private:
    // One in a hundred is refused.
    static double score_of(const std::string& id) {
        return id.ends_with("00") ? 0.2 : 0.7 + 0.02 * double(id.back() - '0');
    }

    const int number_;
    long made_ = 0;
    std::atomic<long> given_ = 0, done_ = 0;
    std::unique_ptr<LocalValidator> validator_;  // last: its thread uses the others
};

class Story {
public:
    Story(const fs::path& csv) {
        const auto miner = write_wallet(mine_, recorded_key_file());
        std::vector<network::Peer> peers;
        for (int i = 0; i < kValidators; ++i) {
            suppliers_.push_back(std::make_unique<Supplier>(std::uint8_t(100 + i), miner));
            peers.push_back(suppliers_.back()->peer());
        }
        auto words = mining_words(mine_, peers);
        words.insert(words.end(), {"--storage.keep_gb", "0.1", "--schedule.idle", "0.01"});
        mining_.emplace(mine_, std::move(words));
        serving_.emplace(
            serve_, std::vector<std::string>{"serve", "--storage.path", serve_.storage(),
                                             "--gate.min_gaussians", "3200", "--gate.floor", "320",
                                             "--http.queue", "6"});
        if (!csv.empty()) {
            csv_.open(csv);
            csv_ << "process,seconds,tasks,rss_kb,heap_kb,descriptors,threads,database_kb,wal_kb,"
                    "log_kb,assets_kb\n";
        }
    }

    SoakFigures tell(std::chrono::milliseconds length, std::chrono::milliseconds between,
                     long least_tasks) {
        const auto page = mining_->await_port(), work = serving_->await_port();
        if (page == 0 || work == 0) broken("a miner did not come up");
        if (!figures_.broken.empty()) return std::move(figures_);
        watchers_.emplace().watch_page(page);
        callers_.emplace().call(work);
        begin_ = Clock::now();
        for (auto next = begin_; figures_.broken.empty(); std::this_thread::sleep_for(kLook)) {
            for (auto& supplier : suppliers_) supplier->supply();
            if (mining_->ended()) broken("mining ended by itself");
            if (serving_->ended()) broken("serving ended by itself");
            if (Clock::now() < next) continue;
            next += between;
            look();
            const bool enough = mined() >= least_tasks && callers_->made() >= least_tasks;
            const bool drawable = figures_.curves["mining"].size() > 1;
            if (Clock::now() - begin_ >= length && enough && drawable) break;
            if (Clock::now() - begin_ > length + kPatience) broken("they are stuck");
        }
        finish();
        return std::move(figures_);
    }

private:
    void broken(const std::string& words) { figures_.broken.push_back(words); }

    long mined() const {
        long all = 0;
        for (const auto& supplier : suppliers_) all += supplier->done();
        return all;
    }

    void note(const std::string& process, Sample sample, long tasks) {
        sample.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
        sample.tasks = double(tasks);
        figures_.curves[process].push_back(sample);
        if (!csv_.is_open()) return;
        csv_ << fmt::format(
            "{},{:.1f},{:.0f},{:.0f},{:.0f},{:.0f},{:.0f},{:.0f},{:.0f},{:.0f},{:.0f}\n", process,
            sample.seconds, sample.tasks, sample.rss_kb, sample.heap_kb, sample.descriptors,
            sample.threads, sample.database_kb, sample.wal_kb, sample.log_kb, sample.assets_kb);
        csv_.flush();
    }

    void look() {
        note("mining", mining_->sample(), mined());
        note("serving", serving_->sample(), callers_->made());
    }

    void finish() {
        figures_.numbers["answers of the page"] = double(watchers_->answers());
        figures_.numbers["answers of the serving one"] = double(callers_->answers());
        figures_.numbers["tasks mined"] = double(mined());
        figures_.numbers["calls served"] = double(callers_->made());
        if (watchers_->answers() == 0) broken("the page answered nobody");
        watchers_.reset();
        callers_.reset();
        for (auto& [name, subject] :
             {std::pair("mining", &*mining_), std::pair("serving", &*serving_)})
            if (const auto words = subject->end(); !words.empty())
                broken(std::string(name) + " " + words);
        LevelLimits limits;
        limits.log_kb = kLogKb;
        for (const auto& [name, samples] : figures_.curves) {
            figures_.levels[name] = judge_levels(samples, limits);
            for (const auto& words : figures_.levels[name].broken) broken(name + ": " + words);
        }
    }

    Place mine_, serve_;
    std::vector<std::unique_ptr<Supplier>> suppliers_;
    std::optional<Subject> mining_, serving_;
    std::optional<SoakLoad> watchers_, callers_;
    std::ofstream csv_;
    Clock::time_point begin_;
    SoakFigures figures_;
};

}  // namespace

SoakFigures soak(std::chrono::milliseconds length, std::chrono::milliseconds between_samples,
                 long least_tasks, const fs::path& csv) {
    return Story(csv).tell(length, between_samples, least_tasks);
}

}  // namespace endure
