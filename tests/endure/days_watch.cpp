#include "tests/endure/days_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace endure {
namespace {

using namespace std::chrono_literals;
using Lock = std::lock_guard<std::mutex>;
using What = network::ValidatorState::Submit::What;
using Pulled = network::ValidatorState::Pull::What;

// A validator says whole seconds, rounded down, and tells the time so: up to one is lost. The rest
// is what calls take by the clock of a machine that is quick.
constexpr Watch::Time kSlack = 1500ms;
constexpr std::size_t kMostComplaints = 20, kMostTold = 2000;

bool has_effect(What what) {
    return what == What::accepted || what == What::refused || what == What::skipped ||
           what == What::not_scored || what == What::bad_signature;
}

}  // namespace

std::string in_words(Watch::Time time) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(time).count();
    const auto rest = std::chrono::floor<std::chrono::milliseconds>(time).count() % 1000;
    return fmt::format("{} h {:02} min {:02}.{:03} s", whole / 3600, whole / 60 % 60, whole % 60,
                       rest);
}

Watch::Watch(std::size_t validators, Waits waits, Time now) : waits_(waits), seen_(validators) {
    for (auto& seen : seen_) seen.by = now + 60s;
}

void Watch::complain(std::size_t validator, Time now, const std::string& words) {
    if (broken_.size() >= kMostComplaints) return;
    broken_.push_back(fmt::format("at {:.3f} Unix: validator {}: {} (before: {})",
                                  double(now.count()) / 1e9, validator, words,
                                  seen_[validator].last));
}

void Watch::note(std::string line) {
    told_.push_back(std::move(line));
    if (told_.size() > kMostTold) told_.pop_front();
}

// What was seen of a validator last.
void Watch::saw(std::size_t validator, Time now, std::string words) {
    note(fmt::format("{:.3f} validator {}: {}", double(now.count()) / 1e9, validator, words));
    seen_[validator].last = std::move(words);
}

bool Watch::is_busy(Time now, Doubtful doubtful) const {
    const auto taken = std::count_if(seen_.begin(), seen_.end(), [&](const Seen& seen) {
        const bool works = !seen.task.empty() && !seen.is_submitted && seen.by > now &&
                           (doubtful == Doubtful::counted || !seen.is_doubtful);
        return works || seen.hanging_until > now;
    });
    return taken >= waits_.slots;
}

// Whether the miner knows of a task whose answer suffered cannot be told: it had no slot free as
// long as either holds.
void Watch::note_busy(Time now) {
    for (const auto doubtful : {Doubtful::counted, Doubtful::left_out}) {
        const bool busy = is_busy(now, doubtful);
        auto& was_busy = was_busy_[std::size_t(doubtful)];
        if (was_busy && !busy) free_since_ = now;
        was_busy = busy;
    }
}

// A call that came: in time?
void Watch::came(std::size_t validator, Time now) {
    note_busy(now);
    auto& seen = seen_[validator];
    if (!seen.hindered.empty()) return;
    // A result stands, which freed a slot: its submission will be seen in a moment.
    if (was_busy_[0] || was_busy_[1]) return;
    // A slot that a call to somebody silent took up is free at its end, which nobody sees.
    Time free = free_since_;
    for (const auto& other : seen_)
        if (other.hanging_until <= now) free = std::max(free, other.hanging_until);
    const auto by = std::max(seen.by, free + kSlack);
    const auto due = by - kSlack;
    if (now > due) figures_.latest = std::max(figures_.latest, now - due);
    if (now > by)
        complain(validator, now,
                 fmt::format("came {:.3f} s late", double((now - by).count()) / 1e9));
}

void Watch::due(Seen& seen, Time by) { seen.by = std::max(by, seen.floor) + kSlack; }

void Watch::pulled(std::size_t validator, const Pull& pull, Time now) {
    const Lock lock(mutex_);
    ++figures_.pulls;
    came(validator, now);
    auto& seen = seen_[validator];
    const Time until = std::chrono::seconds(pull.answer.cooldown_until);
    switch (pull.what) {
        case Pulled::assigned:
        case Pulled::assigned_before: {
            const auto& id = pull.answer.task->id;
            figures_.tasks += pull.what == Pulled::assigned;
            tasks_[id].validator = validator;
            tasks_[id].in_hand = true;
            seen.task = id;
            seen.is_submitted = false;
            seen.is_doubtful = seen.suffers;
            // One that it has in its hands it leaves alone for the reservation.
            due(seen, now + (pull.what == Pulled::assigned ? waits_.work
                                                           : waits_.work + waits_.reservation));
            saw(validator, now, (pull.what == Pulled::assigned ? "task " : "the same task ") + id);
            break;
        }
        case Pulled::cooling_down:
            if (!seen.unheard && !seen.early_is_excused && seen.hindered.empty())
                complain(validator, now,
                         fmt::format("pulled {:.3f} s before the end of its cool-down",
                                     double((until - now).count()) / 1e9));
            [[fallthrough]];
        default:
            // Where it computes no cool-down any more, a violation counts as a failure.
            due(seen, std::max(until, now + (pull.what == Pulled::cooling_down && until <= now + 1s
                                                 ? waits_.failure
                                                 : waits_.idle)));
            saw(validator, now,
                fmt::format("no task, cool-down until {}", pull.answer.cooldown_until));
            break;
    }
    seen.unheard = std::exchange(seen.suffers, false);
    seen.early_is_excused = false;
    note_busy(now);
}

void Watch::submitted(std::size_t validator, const Submit& submit, Time now) {
    const Lock lock(mutex_);
    ++figures_.submissions;
    auto& seen = seen_[validator];
    const Time until = std::chrono::seconds(submit.answer.cooldown_until);
    const bool counts = has_effect(submit.what);
    figures_.without_effect += !counts;
    // The miner hears of it no sooner than now, and not well.
    if (seen.suffers) seen.floor = std::max(seen.floor, now + waits_.failure);
    if (counts) {
        auto& task = tasks_[submit.task.id];
        ++task.closed;
        task.skipped = submit.what == What::skipped;
        task.in_hand = false;
        due(seen, std::max(until, now + waits_.idle));
    } else {
        const Time wait = std::max(waits_.failure, waits_.lock);
        due(seen, std::max(until, now + wait));
    }
    if (submit.what == What::bad_signature || submit.what == What::unreadable_signature)
        complain(validator, now, "a signature was refused");
    seen.task.clear();
    seen.unheard = std::exchange(seen.suffers, false);
    saw(validator, now,
        fmt::format("submission of {} ({}), cool-down until {}", submit.task.id, int(submit.what),
                    submit.answer.cooldown_until));
    note_busy(now);
}

void Watch::faulted(std::size_t validator, Fault fault, const std::string& synapse, Time now) {
    const Lock lock(mutex_);
    ++figures_.faulted;
    auto& seen = seen_[validator];
    const bool pull = synapse.find("PullTask") != synapse.npos;
    if (pull) came(validator, now);
    const bool hangs = fault == Fault::timeout || fault == Fault::trickle || fault == Fault::slow;
    const Time longest = !hangs ? 1s : pull ? waits_.pull : waits_.submit;
    seen.given_up = now + longest;
    seen.floor = seen.given_up + waits_.failure;
    if (hangs && pull) seen.hanging_until = seen.given_up;
    if (!pull) seen.is_submitted = true;
    // Whatever it decides, the miner may not hear of it.
    due(seen, pull ? seen.floor : seen.floor + waits_.work);
    seen.unheard = true;
    seen.suffers = hangs || fault == Fault::drop || fault == Fault::twist;
    if (fault == Fault::twist && !seen.task.empty()) tasks_[seen.task].forgotten = true;
    saw(validator, now, fmt::format("fault {} of {}", int(fault), synapse));
    note_busy(now);
}

void Watch::hinder(std::size_t validator, const std::string& what) {
    const Lock lock(mutex_);
    seen_[validator].hindered.insert(what);
}

void Watch::hinder_all(const std::string& what) {
    for (std::size_t i = 0; i < seen_.size(); ++i) hinder(i, what);
}

void Watch::relieve(std::size_t validator, const std::string& what, Time now, Time wait) {
    const Lock lock(mutex_);
    auto& seen = seen_[validator];
    if (seen.hindered.erase(what) == 0) return;
    seen.by = std::max({seen.by, seen.floor + kSlack, now + wait + kSlack});
    note(fmt::format("{:.3f} validator {}: no longer hindered by {}, due by {:.3f}",
                     double(now.count()) / 1e9, validator, what, double(seen.by.count()) / 1e9));
}

void Watch::relieve_all(const std::string& what, Time now, Time wait) {
    for (std::size_t i = 0; i < seen_.size(); ++i) relieve(i, what, now, wait);
}

void Watch::grant(std::size_t validator, Time now, Time wait) {
    const Lock lock(mutex_);
    auto& seen = seen_[validator];
    if (!seen.task.empty()) wait += waits_.work;  // which stood still meanwhile
    seen.floor = std::max(seen.floor, now + wait);
    seen.by = std::max(seen.by, now + wait + kSlack);
}

void Watch::slept(Time now, Time time, Time wait) {
    {
        const Lock lock(mutex_);
        for (auto& seen : seen_) {
            if (seen.given_up <= now - time) continue;
            seen.given_up += time;
            seen.floor += time;
            seen.by = std::max(seen.by, seen.floor + kSlack);
            if (seen.hanging_until > now - time) seen.hanging_until += time;
        }
    }
    for (std::size_t i = 0; i < seen_.size(); ++i) grant(i, now, wait);
}

void Watch::began_by_wrong_clock(Time now, Time longest, Time wrong) {
    for (std::size_t i = 0; i < seen_.size(); ++i) grant(i, now, longest);
    const Lock lock(mutex_);
    for (auto& seen : seen_)
        if (seen.by > now + longest + kSlack) seen.by += wrong;
}

void Watch::forgot(std::size_t validator, Time now) {
    const Lock lock(mutex_);
    auto& seen = seen_[validator];
    if (!seen.task.empty()) {
        tasks_[seen.task].forgotten = true;
        tasks_[seen.task].in_hand = false;
        seen.floor = std::max(seen.floor, now + waits_.work + waits_.failure);  // it is refused
    }
    seen.task.clear();
}

void Watch::excuse_early() {
    const Lock lock(mutex_);
    for (auto& seen : seen_) seen.early_is_excused = true;
}

void Watch::check(Time now) {
    const Lock lock(mutex_);
    note_busy(now);
    if (was_busy_[0] || was_busy_[1]) return;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        auto& seen = seen_[i];
        if (!seen.hindered.empty() || now <= std::max(seen.by, free_since_ + kSlack)) continue;
        if (seen.hanging_until + kSlack > now) continue;
        complain(i, now,
                 fmt::format("was to be called {:.3f} s ago, and was not",
                             double((now - seen.by).count()) / 1e9));
        seen.by = now + 3600s;  // once is enough
    }
}

void Watch::tell(const std::string& words) {
    const Lock lock(mutex_);
    note(words);
}

std::deque<std::string> Watch::told() const {
    const Lock lock(mutex_);
    return told_;
}

bool Watch::has_tasks_in_hand() const {
    const Lock lock(mutex_);
    return std::any_of(tasks_.begin(), tasks_.end(),
                       [](const auto& entry) { return entry.second.in_hand; });
}

std::map<std::string, Watch::Task> Watch::tasks() const {
    const Lock lock(mutex_);
    return tasks_;
}

std::vector<std::string> Watch::broken() const {
    const Lock lock(mutex_);
    return broken_;
}

Watch::Figures Watch::figures() const {
    const Lock lock(mutex_);
    return figures_;
}

}  // namespace endure
