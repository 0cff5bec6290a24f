#include "tests/endure/days_story.hpp"

#include "tests/endure/account.hpp"
#include "tests/endure/days_faults.hpp"
#include "tests/endure/days_service.hpp"
#include "tests/endure/level.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/endure/virtual_time.hpp"
#include "tests/storage/outsider.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include <malloc.h>
#include <unistd.h>

namespace endure {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using virtual_time::Party;

constexpr auto kBetweenLooks = 30s;
constexpr auto kCalm = 27min;     // longer than any cool-down of a story
constexpr auto kLongest = 25min;  // cool-down of a story, its penalty with it, but for a liar
// A miner that has nothing to do looks at its clock each ten seconds, in two slots, and hears of a
// block each twelve; a task takes some dozens of steps. What spins does thousands a second.
constexpr std::int64_t kMostWakeUpsAnHour = 15'000;
constexpr auto kMostWorkAnHour = 10s;  // a 360th of a core
// At the chain each two blocks at most, while a validator fails; more only after it was lost.
constexpr int kMostLooksAnHour = 400;
// What is held against them: half an hour, and at the end whatever is left that says something.
constexpr auto kPart = 30min, kLeastPart = 5min;
// A connection more to each validator and to the chain, both ends of which are in this process, and
// a few that are passing.
constexpr double more_descriptors(std::size_t validators) { return 2 * double(validators + 1) + 4; }
constexpr double kMoreThreads = 2;

std::uint32_t told_seed = 0;

std::string moment() {
    return "seed " + std::to_string(told_seed) + ", at " + in_words(virtual_time::elapsed());
}

void stuck(const std::string& why) {
    std::printf("broken: %s: %s\n", moment().c_str(), why.c_str());
    std::fflush(stdout);
}

class Story {
public:
    Story(DaysKind kind, std::uint32_t seed, std::chrono::minutes length, DaysFlaw flaw,
          std::vector<std::string> more)
        : kind_(kind),
          seed_(seed),
          flaw_(flaw),
          more_(std::move(more)),
          random_(seed),
          hotkey_(write_wallet(place_, recorded_key_file())),
          world_(shape(length), seed),
          begin_(virtual_time::world_time()),
          end_(begin_ + length) {
        miner_.storage = place_.storage();
        miner_.logs = place_.path() / "logs";
    }

    DaysFigures tell() {
        fs::create_directories(miner_.logs);
        service_.emplace(place_, words(), miner_, seed_ + 1,
                         kind_ == DaysKind::pulls ? 600ms : 6000ms, flaw_, [this] {
                             if (miner_.clock_is_off)
                                 world_.watch().began_by_wrong_clock(virtual_time::world_time(),
                                                                     kLongest, 1h);
                         });
        until_ready();
        const auto quiet = kind_ == DaysKind::faults ? std::max(begin_, end_ - kCalm) : begin_;
        Faults faults(world_, miner_, seed_ + 2, virtual_time::world_time(), quiet);
        go_through(faults);
        faults.end();
        for (const auto& [name, count] : faults.counts())
            figures_.numbers["fault, " + name] = count;
        service_->stop();
        if (!service_->complaint().empty())
            figures_.broken.push_back(fmt::format("seed {}, {}", seed_, service_->complaint()));
        if (figures_.broken.empty() && service_->code() != 0)
            broken("the miner ended with code " + std::to_string(service_->code()));
        note_figures();
        // A story that breaks off leaves tasks open.
        if (figures_.broken.empty()) account();
        for (const auto& words : world_.watch().broken()) broken(words);
        if (!figures_.broken.empty()) {
            place_.keep();
            std::ofstream story(place_.path() / "story.txt");
            for (const auto& words : world_.watch().told()) story << words << '\n';
            figures_.broken.push_back("left in " + place_.path().string());
        }
        return std::move(figures_);
    }

private:
    World::Shape shape(std::chrono::minutes length) {
        World::Shape shape{.hotkey = hotkey_};
        shape.rules.unregistered_cooldown = 120s;
        shape.tasks = int(length / 1min) + 50;
        if (kind_ == DaysKind::reconnects) {
            shape.validators = 1;
        } else if (kind_ == DaysKind::pulls) {
            // As many as two slots can work off; nothing is locked longer than a cool-down lasts.
            shape.validators = 16;
            shape.tasks = int(length / 40s) + 50;
            shape.rules.task_cooldown = 40s;
            shape.rules.throttle_period = 5s;
            shape.rules.cooldown_penalty = 10s;
        } else {
            shape.validators = 2 + random_() % 3;
        }
        return shape;
    }

    std::vector<std::string> words() const {
        auto all = run_words(place_);
        all.insert(all.end(), {"--log.console", "false", "--log.file", miner_.logs / "miner.log",
                               "--subtensor.network", "local", "--subtensor.chain_endpoint",
                               world_.chain_url()});
        all.insert(all.end(), more_.begin(), more_.end());
        return all;
    }

    void broken(const std::string& words) { figures_.broken.push_back(moment() + ": " + words); }

    void sleep_until(nanoseconds moment) {
        const auto left = moment - virtual_time::world_time();
        if (left > 0ns) std::this_thread::sleep_for(left);
    }

    // Until it has pulled; the story's faults begin then.
    void until_ready() {
        const auto patience = begin_ + 60s;
        while (world_.watch().figures().pulls == 0 && virtual_time::world_time() < patience)
            std::this_thread::sleep_for(100ms);
        if (world_.watch().figures().pulls == 0) broken("the miner does not begin");
    }

    void go_through(Faults& faults) {
        auto look = virtual_time::world_time(), sample = look;
        auto hang_up = look + 30s;
        auto part = begin_part();
        std::optional<Sample> early;
        // A machine that slept long has its calm afterwards.
        const auto end = [&] {
            return kind_ == DaysKind::faults ? std::max(end_, faults.changed() + kCalm) : end_;
        };
        while (figures_.broken.empty() && virtual_time::world_time() < end()) {
            auto next = std::min(look, end());
            if (kind_ == DaysKind::faults) next = std::min(next, faults.next());
            if (kind_ == DaysKind::reconnects) next = std::min(next, hang_up);
            sleep_until(next);
            const auto now = virtual_time::world_time();
            if (kind_ == DaysKind::faults) faults.happen();
            if (kind_ == DaysKind::reconnects && now >= hang_up) {
                world_.chain().disconnect();
                hang_up += 30s;
            }
            if (now < look) continue;
            look = now + kBetweenLooks;
            if (service_->has_ended()) return;
            world_.watch().check(now);
            if (!world_.watch().broken().empty()) {
                broken("after " + faults.last());
                return;
            }
            if (now >= sample) {
                sample = now + std::max<nanoseconds>(1min, (end_ - begin_) / 12);
                const auto taken = take_sample();
                if (!early) early = taken;
            }
            if (now < part.begin + kPart) continue;
            note(part);
            part = begin_part();
        }
        if (!figures_.broken.empty() || !early) return;
        if (virtual_time::world_time() >= part.begin + kLeastPart) note(part);
        // All that was in the way is over, as it was when the story began.
        for (const auto& words :
             risen(*early, take_sample(), more_descriptors(world_.validators()), kMoreThreads))
            broken(words);
    }

    // What the miner had done when a part of the story began.
    struct Part {
        nanoseconds begin;
        virtual_time::Effort effort;
        int looks;
    };
    Part begin_part() const {
        return {virtual_time::world_time(), virtual_time::effort(Party::miner),
                world_.tally().looks};
    }
    void note(const Part& part) {
        const auto time = virtual_time::world_time() - part.begin;
        note_effort(part.effort, time);
        note_looks(world_.tally().looks - part.looks, time);
    }

    void note_looks(int looks, nanoseconds time) {
        const auto of_an_hour = std::int64_t(looks) * (1h / 1s) / (time / 1s);
        auto& most = figures_.numbers["looks at the chain, most in an hour"];
        most = std::max(most, of_an_hour);
        if (of_an_hour > kMostLooksAnHour)
            broken(fmt::format("{} looks at the chain in an hour", of_an_hour));
    }

    void note_effort(const virtual_time::Effort& before, nanoseconds time) {
        const auto now = virtual_time::effort(Party::miner);
        const auto of_an_hour = [&](auto value) {
            return value * (1h / 1s) / std::max<std::int64_t>(1, time / 1s);
        };
        const auto wake_ups = of_an_hour(now.wake_ups - before.wake_ups);
        const auto cpu = of_an_hour(now.cpu - before.cpu);
        auto& most = figures_.numbers["wake-ups, most in an hour"];
        most = std::max(most, std::int64_t(wake_ups));
        auto& work = figures_.numbers["processor, most ms in an hour"];
        work = std::max(work, std::int64_t(cpu / 1ms));
        if (kind_ == DaysKind::pulls) return;  // which has as much to do as it can
        if (wake_ups > kMostWakeUpsAnHour) broken(fmt::format("{} wake-ups in an hour", wake_ups));
        if (cpu > kMostWorkAnHour) broken(fmt::format("{} ms of work in an hour", cpu / 1ms));
    }

    Sample take_sample() {
        std::ifstream memory("/proc/self/statm");
        std::int64_t pages = 0;
        memory >> pages >> pages;
        const auto descriptors = std::int64_t(
            std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
        const auto threads = std::int64_t(virtual_time::effort(Party::miner).threads);
        for (const auto& [name, number] :
             {std::pair("most descriptors", descriptors), {"most threads", threads}}) {
            auto& most = figures_.numbers[name];
            most = std::max(most, number);
        }
        std::error_code ignored;
        std::uintmax_t database = 0;
        for (const char* name : {"miner.db", "miner.db-wal"})
            if (const auto size = fs::file_size(place_.storage() / name, ignored); !ignored)
                database += size;
        figures_.curve.push_back(fmt::format(
            "curve: {:>6.1f} h {:>6} pulls {:>7.1f} MiB, {:>6.1f} in use {:>4} descriptors {:>3} "
            "threads {:>6} KiB of database",
            double(virtual_time::elapsed().count()) / 3.6e12, world_.watch().figures().pulls,
            double(pages * ::sysconf(_SC_PAGESIZE)) / (1 << 20),
            double(::mallinfo2().uordblks) / (1 << 20), descriptors, threads, database / 1024));
        return {.descriptors = double(descriptors), .threads = double(threads)};
    }

    void note_figures() {
        const auto seen = world_.watch().figures();
        auto& numbers = figures_.numbers;
        numbers["virtual seconds"] = virtual_time::elapsed() / 1s;
        numbers["jumps of time"] = virtual_time::jumps();
        numbers["pulls"] = seen.pulls;
        numbers["tasks"] = seen.tasks;
        numbers["submissions"] = seen.submissions;
        numbers["submissions without effect"] = seen.without_effect;
        numbers["requests that suffered a fault"] = seen.faulted;
        numbers["latest call, ms after it was due"] = seen.latest / 1ms;
        numbers["connections to the chain"] = world_.tally().connections;
        numbers["starts after a lost GPU"] = service_->starts_after_lost_gpu();
        numbers["starts after a failed disk"] = service_->starts_after_failed_disk();
    }

    // Of each task one answer, and where not, a reason on record.
    void account() {
        Account account(place_.storage());
        Kept results;
        account.check_after_cut({}, results);
        for (const auto& words : account.broken()) broken(words);
        const auto kept = tests::Outsider(place_.storage() / "miner.db")
                              .words("SELECT task_id, state, outcome FROM tasks");
        for (const auto& [id, task] : world_.watch().tasks()) {
            const auto found = kept.find(id);
            const auto& [state, outcome] =
                found == kept.end() ? std::array<std::string, 2>() : found->second;
            const auto names = id + ", which the journal has as '" + state + "', '" + outcome + "'";
            if (task.closed > 1) broken("answered more than once: " + names);
            if (task.forgotten) continue;
            if (task.closed == 0) broken("never answered: " + names);
            if (state.empty()) broken("not on record: " + names);
            if (state != "answered") broken("answered, but not on record: " + names);
            if (task.skipped && (outcome == "passed" || outcome.starts_with("retry")))
                broken("made, and answered with the empty result: " + names);
        }
    }

    DaysKind kind_;
    std::uint32_t seed_;
    DaysFlaw flaw_;
    std::vector<std::string> more_;
    std::mt19937 random_;
    Place place_;
    std::string hotkey_;
    World world_;
    nanoseconds begin_, end_;
    Sufferer miner_;
    std::optional<Service> service_;
    DaysFigures figures_;
};

}  // namespace

DaysFigures days_story(DaysKind kind, std::uint32_t seed, std::chrono::minutes length,
                       DaysFlaw flaw, std::vector<std::string> more) {
    told_seed = seed;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    virtual_time::begin(std::chrono::floor<std::chrono::seconds>(now), stuck);
    return Story(kind, seed, length, flaw, std::move(more)).tell();
}

}  // namespace endure
