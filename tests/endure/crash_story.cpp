#include "tests/endure/crash_story.hpp"

#include "config/digest.hpp"
#include "network/simulator/validator.hpp"
#include "storage/database.hpp"
#include "tests/endure/account.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/network/keys.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <thread>

namespace endure {
namespace {

using namespace std::chrono_literals;
using network::LocalValidator;
using tests::Process;
using tests::ProcessExit;

constexpr int kValidators = 2, kTasks = 3;  // of each
constexpr int kMostCuts = 3;
constexpr int kAtATime = 20;  // stories
// About what a whole story without cuts makes of files, so that cuts fall everywhere in it.
constexpr int kChanges = 520;
constexpr int kSomeMilliseconds = 60'000;  // in microseconds: longer than a submission takes

// A validator with its tasks, and what it was sent.
struct Peer {
    std::vector<std::string> tasks;
    std::mutex mutex;
    std::map<std::string, std::string> judged;
    std::unique_ptr<LocalValidator> validator;
    int pulls_at_work = 0;

    Witness witness() {
        const std::lock_guard lock(mutex);
        return {validator->peer().hotkey, tasks, validator->tally(), judged};
    }
};

// The second task of each is refused, the others have scores of their own.
double score_of(const std::string& task) {
    return task.back() == '2' ? 0 : 0.7 + 0.01 * (task[1] - '0');
}

class Story {
public:
    explicit Story(std::uint32_t seed) : random_(seed) {
        hotkey_ = write_wallet(place_, recorded_key_file());
        for (int i = 0; i < kValidators; ++i) add_validator(i);
        figures_.tasks = kValidators * kTasks;
    }

    StoryFigures tell() {
        const int cuts = 1 + int(random_() % kMostCuts);
        for (int i = 0; i < cuts && figures_.broken.empty(); ++i)
            if (!run(random_cut())) break;
        if (figures_.broken.empty()) run({});
        if (figures_.broken.empty()) look_at_the_end();
        for (auto& words : figures_.broken) words += " (" + place_.path().string() + ")";
        if (!figures_.broken.empty()) place_.keep();
        return std::move(figures_);
    }

private:
    int below(int limit) { return int(random_() % unsigned(limit)); }

    void add_validator(int number) {
        auto peer = std::make_unique<Peer>();
        LocalValidator::Options options;
        for (int i = 1; i <= kTasks; ++i) {
            peer->tasks.push_back("v" + std::to_string(number) + "-" + std::to_string(i));
            options.tasks.push_back(image_task(peer->tasks.back()));
        }
        options.time_scale = 0.0001;
        options.miners = {hotkey_};
        if (below(3) == 0) {
            options.faults = {LocalValidator::Fault::drop, LocalValidator::Fault::refuse};
            options.fault_every = 2 + below(3);
        }
        auto judge = [&peer = *peer](const network::Task& task,
                                     const std::vector<std::uint8_t>& spz) {
            const std::lock_guard lock(peer.mutex);
            peer.judged[task.id] = config::sha256(spz);
            return network::Evaluation{score_of(task.id), ""};
        };
        peer->validator = LocalValidator::start(tests::key_of(std::uint8_t(100 + number)), judge,
                                                std::move(options))
                              .value();
        peers_.push_back(std::move(peer));
    }

    // The later a process is started, the less is left for it to do.
    Cut random_cut() {
        Cut cut{.at = 1 + below(kChanges >> below(4))};
        if (below(3) == 0)
            cut.linger_us = below(kSomeMilliseconds);
        else
            cut.half = below(2) == 0;
        return cut;
    }

    std::vector<std::string> mining() const {
        std::vector<network::Peer> peers;
        for (const auto& peer : peers_) peers.push_back(peer->validator->peer());
        return mining_words(place_, peers);
    }

    void broken(const std::string& words) { figures_.broken.push_back(words); }

    // Two pulls after the last answer: the first tells the miner what became of it, and when the
    // second comes that is on record. Nobody looks into the traced folder meanwhile.
    bool all_done() {
        bool done = true;
        for (const auto& peer : peers_) {
            const auto pulls = peer->validator->tally().pulls;
            if (!peer->validator->drained()) peer->pulls_at_work = pulls;
            done = done && pulls >= peer->pulls_at_work + 2;
        }
        return done;
    }

    // True when the process was cut off. It may come to its end before the cut's change does.
    bool run(const Cut& cut) {
        LossyDisk disk(place_.data());
        Process miner(place_.traced(mining(), cut));
        const auto until = std::chrono::steady_clock::now() + kPatience;
        std::optional<ProcessExit> end;
        for (auto& peer : peers_) peer->pulls_at_work = peer->validator->tally().pulls;
        bool asked = false;
        while (!(end = miner.wait(5ms)) && std::chrono::steady_clock::now() < until)
            if (!asked && all_done()) asked = miner.signal(SIGTERM);
        const bool was_cut = end == ProcessExit{.code = -1, .signal = SIGKILL};
        if (!was_cut && end != ProcessExit{.code = 0})
            broken(!end ? "the miner hangs"
                        : "the miner ended with code " + std::to_string(end->code) + ", signal " +
                              std::to_string(end->signal) + ": " + miner.err());
        disk.read(place_.trace());
        figures_.changes += int(disk.changes());
        const auto left = disk.after_cut(disk.changes(), Loss::none, random_);
        if (const auto differs = difference(left, place_.data()); !differs.empty())
            broken("the trace is not what happened: " + differs);
        if (was_cut && figures_.broken.empty()) lose(disk);
        return was_cut;
    }

    void lose(const LossyDisk& disk) {
        const auto loss = Loss(below(4));
        ++figures_.cuts;
        ++figures_.by_loss[loss];
        if (loss != Loss::none)
            put_back(disk.after_cut(disk.changes(), loss, random_), place_.data());
        // Of a copy: whoever looks at a database folds in its log.
        const auto copy = place_.path() / "copy";
        fs::remove_all(copy);
        std::vector<Witness> witnesses;
        for (const auto& peer : peers_) witnesses.push_back(peer->witness());
        if (fs::exists(place_.storage()))
            fs::copy(place_.storage(), copy, fs::copy_options::recursive);
        const auto opened = storage::Database::open(copy / "miner.db");
        if (!opened) return broken("does not open: " + opened.error().message());
        Account account(copy);
        account.check_after_cut(witnesses, kept_);
        for (const auto& words : account.broken())
            broken("after cut " + std::to_string(figures_.cuts) + ", loss " +
                   std::string(name(loss)) + ": " + words);
    }

    void look_at_the_end() {
        std::vector<Witness> witnesses;
        for (const auto& peer : peers_) witnesses.push_back(peer->witness());
        Account account(place_.storage());
        account.check_at_end(witnesses, kept_);
        const auto stats = tests::run_to_end(
            place_.subject({"stats", "--json", "--last", "0", "--storage.path", place_.storage()}),
            kPatience);
        if (stats.exit_status == ProcessExit{.code = 0})
            account.check_statistics(stats.out);
        else
            broken("miner stats: " + stats.err);
        figures_.answers_lost = int(account.number(
            "SELECT count(*) FROM submissions WHERE status IN ('taken', 'returned')"));
        figures_.made_anew =
            int(account.number("SELECT count(*) FROM attempts WHERE superseded = 1"));
        for (const auto& words : account.broken()) broken("at the end: " + words);
    }

    std::mt19937 random_;
    Place place_;
    std::string hotkey_;
    std::vector<std::unique_ptr<Peer>> peers_;
    Kept kept_;
    StoryFigures figures_;
};

}  // namespace

void StoryFigures::add(const StoryFigures& other) {
    cuts += other.cuts;
    for (const auto& [loss, count] : other.by_loss) by_loss[loss] += count;
    changes += other.changes;
    tasks += other.tasks;
    answers_lost += other.answers_lost;
    made_anew += other.made_anew;
    broken.insert(broken.end(), other.broken.begin(), other.broken.end());
}

StoryFigures crash_story(std::uint32_t seed) try {
    return Story(seed).tell();
} catch (const std::exception& error) {
    StoryFigures figures;
    figures.broken.push_back("the story itself: " + std::string(error.what()));
    return figures;
}

StoryFigures crash_stories(int runs, std::uint32_t seed,
                           const std::function<void(std::uint32_t, const StoryFigures&)>& told) {
    StoryFigures all;
    std::mutex mutex;
    std::atomic<int> next = 0;
    const auto tell = [&] {
        for (int i; (i = next++) < runs;) {
            const auto number = seed + std::uint32_t(i);
            const auto one = crash_story(number);
            const std::lock_guard lock(mutex);
            told(number, one);
            all.add(one);
        }
    };
    std::vector<std::thread> tellers;
    for (int i = 0; i < std::min(runs, kAtATime); ++i) tellers.emplace_back(tell);
    for (auto& teller : tellers) teller.join();
    return all;
}

}  // namespace endure
