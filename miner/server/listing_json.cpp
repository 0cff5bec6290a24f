#include "miner/server/listing_json.hpp"

#include "miner/server/calibrations.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace miner {
namespace {

namespace json = boost::json;

template <class T>
json::value or_null(const std::optional<T>& value) {
    return value ? json::value(*value) : json::value(nullptr);
}

json::value measured(double value) { return value < 0 ? json::value(nullptr) : json::value(value); }
json::value counted(std::int64_t value) {
    return value < 0 ? json::value(nullptr) : json::value(value);
}

// An attempt by its number.
json::value numbered(int number) { return number > 0 ? json::value(number) : json::value(nullptr); }

json::object to_json(const storage::AttemptLine& line) {
    const auto& a = line.attempt;
    json::object ms;
    for (const auto& [name, time] : config::kStages) ms[name] = measured(a.times.*time);
    return {{"attempt", a.number},
            {"chain", storage::name(a.chain)},
            {"seed", std::to_string(a.seed)},  // 64 bits are too many for a reader's numbers
            {"voxels", counted(a.voxels)},
            {"gaussians", counted(a.gaussians)},
            {"outcome", storage::name(a.outcome)},
            {"error", a.error},
            {"candidate", a.candidate},
            {"prediction",
             a.predicted ? json::value(miner::to_json(*a.predicted)) : json::value(nullptr)},
            {"superseded", line.superseded},
            {"at", a.at},
            {"ms", std::move(ms)},
            {"health",
             {{"invisible", measured(a.health.invisible)},
              {"opacity_mean", measured(a.health.opacity_mean)},
              {"opacity_spread", measured(a.health.opacity_spread)},
              {"non_finite", measured(a.health.non_finite)},
              {"identity_rotations", measured(a.health.identity_rotations)},
              {"extent", measured(a.health.extent)}}}};
}

json::object to_json(const storage::SubmissionLine& line) {
    return {{"number", line.number},       {"status", line.status},
            {"detail", line.detail},       {"bytes", line.bytes},
            {"sent_at", line.sent_at},     {"ended_at", or_null(line.ended_at)},
            {"score", or_null(line.score)}};
}

}  // namespace

json::object to_json(const storage::TaskLine& line) {
    return {{"id", line.row},
            {"task_id", line.task_id},
            {"hotkey", line.hotkey},
            {"validator", line.validator},
            {"kind", line.kind},
            {"state", storage::name(line.state)},
            {"outcome", line.outcome == storage::Outcome::none
                            ? json::value(nullptr)
                            : json::value(storage::name(line.outcome))},
            {"pulled_at", line.pulled_at},
            {"finished_at", or_null(line.finished_at)},
            {"closed_at", or_null(line.closed_at)},
            {"attempts", line.attempts},
            {"first_gaussians", counted(line.first_gaussians)},
            {"gaussians", counted(line.gaussians)},
            {"has_result", !line.asset.empty()},
            {"bytes", line.bytes},
            {"detail", line.detail},
            {"threshold", line.threshold},
            {"chosen", numbered(line.chosen)},
            {"withheld", numbered(line.withheld)},
            {"predicted", line.predicted && std::isfinite(*line.predicted)
                              ? json::value(*line.predicted)
                              : json::value(nullptr)},
            {"validation_failed", line.validation_failed},
            {"score", or_null(line.score)},
            {"average", or_null(line.average)},
            {"reward", or_null(line.reward)}};
}

json::object to_json(const storage::TaskListing& listing) {
    json::array tasks;
    for (const auto& line : listing.tasks) tasks.push_back(to_json(line));
    return {{"tasks", std::move(tasks)}, {"next", or_null(listing.next)}};
}

json::object to_json(const storage::TaskStory& story, const std::vector<storage::KeptName>& kept) {
    auto object = to_json(story.task);
    json::array attempts, submissions;
    for (const auto& line : story.attempts) {
        const storage::KeptName name{story.task.row, line.attempt.number, line.attempt.seed};
        const bool is_result =
            line.attempt.number == story.task.chosen && !story.task.asset.empty();
        const bool is_kept = std::find(kept.begin(), kept.end(), name) != kept.end();
        auto attempt = to_json(line);
        attempt["splats"] = !line.superseded && (is_result || is_kept);
        attempts.push_back(std::move(attempt));
    }
    for (const auto& submission : story.submissions) submissions.push_back(to_json(submission));
    object["attempts"] = std::move(attempts);
    object["submissions"] = std::move(submissions);
    return object;
}

json::array to_json(const std::vector<storage::Contact>& contacts) {
    json::array array;
    for (const auto& contact : contacts)
        array.push_back({{"hotkey", contact.hotkey},
                         {"validator", contact.validator},
                         {"calls", contact.calls},
                         {"failures", contact.failures},
                         {"last_call", or_null(contact.last_call)},
                         {"last_failure", or_null(contact.last_failure)},
                         {"last_error", contact.last_error},
                         {"cooldown_until", contact.cooldown_until}});
    return array;
}

}  // namespace miner
