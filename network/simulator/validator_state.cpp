#include "network/simulator/validator_state.hpp"

#include "network/base64.hpp"
#include "network/wallet/ss58.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace network {
namespace {

using std::chrono::floor;
using std::chrono::seconds;

// Unregistered callers come with made-up names; whoever is let in beyond this number is not
// remembered.
constexpr std::size_t kMostMiners = 4096;

std::int64_t unix_seconds(std::chrono::sys_seconds time) { return time.time_since_epoch().count(); }

enum class SignatureCheck { good, bad, unreadable };

SignatureCheck check_signature(const std::string& miner, const std::string& validator,
                               const Submission& submission, const Task& task) {
    const auto bytes = base64_decode(submission.signature);
    Signature signature;
    if (!bytes || bytes->size() != signature.size()) return SignatureCheck::unreadable;
    std::copy(bytes->begin(), bytes->end(), signature.begin());
    const auto key = ss58_decode(miner);
    if (!key) return SignatureCheck::unreadable;
    const auto text = signed_text(submission.submit_time_ns, task.prompt, validator, miner);
    return verify(*key, text, signature) ? SignatureCheck::good : SignatureCheck::bad;
}

}  // namespace

ValidatorState::ValidatorState(Rules rules, std::vector<Task> tasks,
                               std::vector<std::string> miners)
    : rules_(rules), tasks_(std::move(tasks)), anyone_(miners.empty()) {
    for (const auto& hotkey : miners) {
        const int uid = static_cast<int>(miners_.size()) + 1;
        miners_.try_emplace(hotkey).first->second.uid = uid;
    }
}

void ValidatorState::forget(const std::string& hotkey) { miners_.erase(hotkey); }

void ValidatorState::welcome(const std::string& hotkey) {
    const int uid = static_cast<int>(miners_.size()) + 1;
    if (const auto [miner, fresh] = miners_.try_emplace(hotkey); fresh) miner->second.uid = uid;
}

ValidatorState::Miner* ValidatorState::find(const std::string& hotkey) {
    if (const auto found = miners_.find(hotkey); found != miners_.end()) return &found->second;
    if (!anyone_ || miners_.size() >= kMostMiners || !ss58_decode(hotkey)) return nullptr;
    const int uid = static_cast<int>(miners_.size()) + 1;
    auto& miner = miners_[hotkey];
    miner.uid = uid;
    return &miner;
}

ValidatorState::Pull ValidatorState::pull(const std::string& hotkey, Time now) {
    using What = Pull::What;
    Pull pull;
    auto& answer = pull.answer;
    answer.validation_threshold = rules_.quality_threshold;
    auto* miner = find(hotkey);
    if (!miner) {
        pull.what = What::unregistered;
        answer.cooldown_until = unix_seconds(floor<seconds>(now + rules_.unregistered_cooldown));
        return pull;
    }
    if (floor<seconds>(now) < miner->cooldown_until) {
        pull.what = What::cooling_down;
        if (++miner->violations > rules_.violations_tolerated)
            miner->cooldown_until =
                std::chrono::ceil<seconds>(miner->cooldown_until + rules_.violation_penalty);
        answer.cooldown_until = unix_seconds(miner->cooldown_until);
        answer.cooldown_violations = miner->violations;
        return pull;
    }
    pull.what = What::assigned_before;
    if (!miner->task) {
        if (next_task_ == tasks_.size()) {
            pull.what = What::nothing_left;
            const auto wait = std::max<Duration>(rules_.task_cooldown, seconds(1));
            answer.cooldown_until = unix_seconds(std::chrono::ceil<seconds>(now + wait));
            return pull;
        }
        pull.what = What::assigned;
        miner->task = tasks_[next_task_++];
        miner->assigned_at = now;
    }
    answer.task = miner->task;
    answer.throttle_period = static_cast<double>(floor<seconds>(rules_.throttle_period).count());
    return pull;
}

std::optional<std::string> ValidatorState::blacklisted(const std::string& hotkey,
                                                       const std::string& from) {
    const auto* miner = find(hotkey);
    if (!miner) return "Unrecognized hotkey " + hotkey + " (" + from + ")";
    if (miner->task) return std::nullopt;
    return "[" + std::to_string(miner->uid) +
           "] submitted results while having no task assigned. It could happen if validator "
           "restarts or miner faults";
}

SubmitAnswer ValidatorState::feedback(Miner& miner, double fidelity, bool failed, Time now) const {
    while (!miner.accepted.empty() && miner.accepted.front() + rules_.window < now)
        miner.accepted.pop_front();
    const auto count = static_cast<std::int64_t>(miner.accepted.size());
    SubmitAnswer answer;
    answer.feedback =
        Feedback{failed, fidelity,           miner.average,
                 count,  rules_.duel_rating, static_cast<double>(count) * rules_.duel_rating};
    answer.cooldown_until = unix_seconds(miner.cooldown_until);
    return answer;
}

// The throttle period shortens the cool-down of those who took at least so long.
void ValidatorState::drop_task(Miner& miner, Duration penalty, Time now) const {
    const auto cooldown = rules_.task_cooldown + penalty;
    auto until = now + cooldown;
    if (miner.assigned_at)
        until = std::max(until - rules_.throttle_period, *miner.assigned_at + cooldown);
    miner.cooldown_until = floor<seconds>(until);
    if (penalty > Duration{0})
        miner.cooldown_until = std::max(miner.cooldown_until, floor<seconds>(now) + seconds(1));
    miner.task.reset();
    miner.assigned_at.reset();
}

ValidatorState::Submit ValidatorState::submit(const std::string& hotkey,
                                              const std::string& validator,
                                              const Submission& submission, Time now) {
    using What = Submit::What;
    auto* miner = find(hotkey);
    if (!miner) {
        SubmitAnswer answer;
        answer.cooldown_until = unix_seconds(floor<seconds>(now + rules_.unregistered_cooldown));
        return {What::unregistered, answer, {}};
    }
    if (!miner->task || miner->task->id != submission.task_id)
        return {What::other_task, feedback(*miner, 0, false, now), miner->task.value_or(Task{})};

    const Task task = *miner->task;
    const auto signature = check_signature(hotkey, validator, submission, task);
    if (signature == SignatureCheck::unreadable) return {What::unreadable_signature, {}, task};
    if (signature == SignatureCheck::bad) {
        drop_task(*miner, rules_.cooldown_penalty, now);
        return {What::bad_signature, feedback(*miner, 0, false, now), task};
    }
    miner->violations = std::max<std::int64_t>(0, miner->violations - 1);
    if (submission.results.empty()) {
        drop_task(*miner, Duration{0}, now);
        return {What::skipped, feedback(*miner, 0, false, now), task};
    }
    if (now < miner->locked_until) return {What::locked, feedback(*miner, 0, false, now), task};
    miner->locked_until = now + rules_.validation_lock;
    return {What::to_score, {}, task};
}

ValidatorState::Submit ValidatorState::scored(const std::string& hotkey, const Task& task,
                                              std::optional<double> score, Time now) {
    using What = Submit::What;
    auto* miner = find(hotkey);
    if (!miner) return {What::unregistered, {}, {}};
    if (!score) {
        drop_task(*miner, Duration{0}, now);
        return {What::not_scored, feedback(*miner, 0, true, now), task};
    }
    if (now < miner->next_accepted) return {What::too_soon, feedback(*miner, 0, false, now), task};
    if (std::isnan(*score) || *score < rules_.quality_threshold) {
        drop_task(*miner, rules_.cooldown_penalty, now);
        return {What::refused, feedback(*miner, 0, false, now), task};
    }
    const double fidelity = std::min(1.0, *score);
    miner->average = miner->average * (1 - rules_.average_alpha) + rules_.average_alpha * fidelity;
    miner->accepted.push_back(now);
    miner->next_accepted = floor<seconds>(now + rules_.task_cooldown - rules_.throttle_period);
    drop_task(*miner, Duration{0}, now);
    return {What::accepted, feedback(*miner, fidelity, false, now), task};
}

void ValidatorState::supply(std::vector<Task> more) {
    tasks_.erase(tasks_.begin(), tasks_.begin() + std::ptrdiff_t(next_task_));
    next_task_ = 0;
    std::move(more.begin(), more.end(), std::back_inserter(tasks_));
}

bool ValidatorState::drained() const {
    return next_task_ == tasks_.size() &&
           std::none_of(miners_.begin(), miners_.end(),
                        [](const auto& entry) { return entry.second.task.has_value(); });
}

}  // namespace network
