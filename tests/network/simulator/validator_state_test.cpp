#include "network/simulator/validator_state.hpp"

#include "network/base64.hpp"
#include "tests/network/keys.hpp"
#include "tests/support/catch.hpp"

#include <cmath>

namespace json = boost::json;
using network::PullAnswer;
using network::Submission;
using network::SubmitAnswer;
using network::Task;
using network::TaskKind;
using network::ValidatorState;
using Pull = ValidatorState::Pull::What;
using Submit = ValidatorState::Submit::What;
using Time = ValidatorState::Time;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kStart = 1'732'350'000;

Time at(std::int64_t unix_seconds) { return Time(std::chrono::seconds(unix_seconds)); }

std::string miner() { return tests::miner_key().address(); }
std::string validator() { return tests::validator_key().address(); }

ValidatorState state_with(std::vector<Task> tasks, ValidatorState::Rules rules = {}) {
    return ValidatorState(rules, std::move(tasks), {miner()});
}

Task text_task(std::string id) {
    return {TaskKind::text, std::move(id), "a small red wooden chair"};
}

Submission signed_submission(const Task& task, std::string results) {
    Submission submission{task.id, std::move(results), kStart * 1'000'000'000, {}};
    submission.signature = network::base64_encode(tests::miner_key().sign(
        network::signed_text(submission.submit_time_ns, task.prompt, validator(), miner())));
    return submission;
}

Submission submission_of(const json::value& message) {
    const auto& fields = message.at("request_fields");
    return {tests::text(fields, "task_id"), tests::text(fields, "results"),
            fields.at("submit_time").to_number<std::int64_t>(), tests::text(fields, "signature")};
}

void check_pull(const PullAnswer& answer, const json::value& message) {
    const auto& fields = message.at("response_fields");
    const auto* task = tests::find(fields, "task");
    REQUIRE(answer.task.has_value() == (task && !task->is_null()));
    if (answer.task) {
        CHECK(answer.task->id == tests::text(*task, "id"));
        CHECK(answer.task->prompt == tests::text(*task, "prompt"));
    }
    CHECK(answer.validation_threshold == fields.at("validation_threshold").to_number<double>());
    CHECK(answer.throttle_period == fields.at("throttle_period").to_number<double>());
    CHECK(answer.cooldown_until == fields.at("cooldown_until").to_number<std::int64_t>());
    CHECK(answer.cooldown_violations == fields.at("cooldown_violations").to_number<std::int64_t>());
}

void check_submit(const SubmitAnswer& answer, const json::value& message) {
    const auto& fields = message.at("response_fields");
    CHECK(answer.cooldown_until == fields.at("cooldown_until").to_number<std::int64_t>());
    const auto& feedback = fields.at("feedback");
    REQUIRE(answer.feedback.has_value() == feedback.is_object());
    if (!answer.feedback) return;
    const auto number = [&](const char* field) { return feedback.at(field).to_number<double>(); };
    CHECK(answer.feedback->validation_failed == feedback.at("validation_failed").as_bool());
    CHECK(answer.feedback->task_fidelity_score == number("task_fidelity_score"));
    // Boost.JSON of 1.81 reads numbers to the last bit but one.
    CHECK_THAT(answer.feedback->average_fidelity_score,
               Catch::Matchers::WithinULP(number("average_fidelity_score"), 1));
    CHECK(double(answer.feedback->generations_within_the_window) ==
          number("generations_within_the_window"));
    CHECK(answer.feedback->current_duel_rating == number("current_duel_rating"));
    CHECK(answer.feedback->current_miner_reward == number("current_miner_reward"));
}

bool says(const json::value& message, std::string_view words) {
    return tests::text(message, "case").find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("pulls and submissions one after the other are answered as the subnet's validator did") {
    std::vector<Task> tasks;
    const auto& messages = tests::vectors("synapses.json").at("messages").as_array();
    for (const auto& message : messages)
        if (const auto* fields = tests::find(message, "response_fields"))
            if (const auto* task = tests::find(*fields, "task"); task && task->is_object())
                if (tasks.empty() || tasks.back().id != tests::text(*task, "id"))
                    tasks.push_back(
                        {TaskKind::text, tests::text(*task, "id"), tests::text(*task, "prompt")});
    REQUIRE(tasks.size() == 2);
    auto state = state_with(tasks);

    std::int64_t violations = 0;
    int steps = 0;
    for (const auto& message : messages) {
        INFO(tests::text(message, "case"));
        if (tests::find(message, "validator_score") || !tests::find(message, "response_fields"))
            break;  // from here on the recording begins anew for each case
        const auto now = at(message.at("now").to_number<std::int64_t>());
        ++steps;
        if (says(message, "not registered")) {
            check_pull(state.pull("5Unregistered", now).answer, message);
        } else if (says(message, "pull") && !says(message, "submit")) {
            const auto expected =
                message.at("response_fields").at("cooldown_violations").to_number<std::int64_t>();
            while (violations + 1 < expected) {
                state.pull(miner(), now);
                ++violations;
            }
            check_pull(state.pull(miner(), now).answer, message);
            violations = expected;
        } else {
            const auto begun = state.submit(miner(), validator(), submission_of(message), now);
            REQUIRE(begun.what == Submit::to_score);
            check_submit(state.scored(miner(), begun.task, 0.83, now).answer, message);
            violations = std::max<std::int64_t>(0, violations - 1);
        }
    }
    CHECK(steps == 9);
}

TEST_CASE("each kind of submission is answered as the subnet's validator did") {
    int checked = 0;
    for (const auto& message : tests::vectors("synapses.json").at("messages").as_array()) {
        const auto* score = tests::find(message, "validator_score");
        if (!score) continue;
        INFO(tests::text(message, "case"));
        // Here the cool-down after an accepted submission makes it impossible; see the header.
        if (says(message, "of the last accepted one")) continue;
        const auto submission = submission_of(message);
        const auto now = at(message.at("now").to_number<std::int64_t>());
        const bool other = says(message, "another task id");
        auto state = state_with({text_task(other ? "mine" : submission.task_id)});
        REQUIRE(state.pull(miner(), at(kStart)).what == Pull::assigned);
        if (says(message, "is running"))
            REQUIRE(state.submit(miner(), validator(), submission, now - 10s).what ==
                    Submit::to_score);

        const bool unregistered = says(message, "not registered");
        auto submit =
            state.submit(unregistered ? "5Unregistered" : miner(), validator(), submission, now);
        if (submit.what == Submit::to_score)
            submit = state.scored(
                miner(), submit.task,
                score->is_null() ? std::nullopt : std::optional(score->to_number<double>()), now);
        check_submit(submit.answer, message);
        CHECK(state.blacklisted(miner(), "").has_value() !=
              message.at("task_still_assigned").as_bool());
        const auto wait = message.at("cooldown_until_minus_now").to_number<std::int64_t>();
        if (wait != 0)  // 0 stands for the cool-down as it was
            CHECK(at(submit.answer.cooldown_until) - now == std::chrono::seconds(wait));
        ++checked;
    }
    CHECK(checked >= 9);
}

TEST_CASE("the cool-down after an answer is that of the table") {
    for (const auto& row : tests::vectors("synapses.json").at("cooldown").as_array()) {
        const auto seconds = row.at("seconds_from_pull_to_answer").to_number<std::int64_t>();
        const bool penalty = row.at("penalty").to_number<std::int64_t>() > 0;
        INFO(seconds << " s, penalty " << penalty);
        auto state = state_with({text_task("t")});
        state.pull(miner(), at(kStart));
        auto submission = signed_submission(text_task("t"), "");
        if (penalty) submission.submit_time_ns += 1;  // the signature is over another time
        const auto submit = state.submit(miner(), validator(), submission, at(kStart + seconds));
        CHECK(submit.what == (penalty ? Submit::bad_signature : Submit::skipped));
        CHECK(submit.answer.cooldown_until - (kStart + seconds) ==
              row.at("cooldown_from_answer_s").to_number<std::int64_t>());
    }
}

TEST_CASE("a signature that cannot be read is an exception, and the task stays") {
    auto state = state_with({text_task("t")});
    state.pull(miner(), at(kStart));
    auto submission = signed_submission(text_task("t"), "AAAA");
    for (const char* signature : {"not base64", "", "AAAA"}) {
        submission.signature = signature;
        CHECK(state.submit(miner(), validator(), submission, at(kStart)).what ==
              Submit::unreadable_signature);
        CHECK_FALSE(state.blacklisted(miner(), ""));
    }
}

TEST_CASE("the signature covers the validator, the time and the prompt") {
    const auto good = signed_submission(text_task("t"), "AAAA");
    auto later = good;
    later.submit_time_ns += 1;
    const auto outcome = [&](const Task& task, const std::string& to,
                             const Submission& submission) {
        auto state = state_with({task});
        state.pull(miner(), at(kStart));
        return state.submit(miner(), to, submission, at(kStart)).what;
    };
    auto other_prompt = text_task("t");
    other_prompt.prompt = "a table";
    CHECK(outcome(text_task("t"), validator(), good) == Submit::to_score);
    CHECK(outcome(text_task("t"), validator(), later) == Submit::bad_signature);
    CHECK(outcome(text_task("t"), miner(), good) == Submit::bad_signature);
    CHECK(outcome(other_prompt, validator(), good) == Submit::bad_signature);
}

TEST_CASE("refusals before a request is looked at are worded as the subnet's") {
    for (const auto& message : tests::vectors("synapses.json").at("messages").as_array()) {
        if (!says(message, "blacklist function") || says(message, "GetVersion")) continue;
        INFO(tests::text(message, "case"));
        const auto& words = message.at("result").as_array().at(1).as_string();
        auto state = state_with({});
        const bool unknown = says(message, "unknown hotkey");
        const auto why =
            state.blacklisted(unknown ? tests::another_key().address() : miner(), "203.0.113.7");
        REQUIRE(why.has_value());
        CHECK(*why == std::string_view(words));
    }
}

TEST_CASE("each task goes to one miner, in order, and is drained when all were answered") {
    const auto other = tests::another_key().address();
    ValidatorState state({}, {text_task("a"), text_task("b")}, {miner(), other});
    CHECK_FALSE(state.drained());
    CHECK(state.pull(miner(), at(kStart)).answer.task->id == "a");
    CHECK(state.pull(other, at(kStart)).answer.task->id == "b");
    const auto again = state.pull(miner(), at(kStart));
    CHECK(again.what == Pull::assigned_before);
    CHECK(again.answer.task->id == "a");
    CHECK_FALSE(state.drained());
    state.submit(miner(), validator(), signed_submission(text_task("a"), ""), at(kStart));
    CHECK_FALSE(state.drained());
    auto bad = signed_submission(text_task("b"), "");  // signed by the wrong miner
    state.submit(other, validator(), bad, at(kStart));
    CHECK(state.drained());

    const auto nothing = state.pull(miner(), at(kStart + 1000));
    CHECK(nothing.what == Pull::nothing_left);
    CHECK_FALSE(nothing.answer.task);
    CHECK(nothing.answer.cooldown_until == kStart + 1300);
}

TEST_CASE("with short cool-downs, coming back at the second that was told is never too early") {
    ValidatorState::Rules rules;
    rules.task_cooldown = 300ms;
    rules.throttle_period = 30ms;
    rules.cooldown_penalty = 600ms;
    const auto start = at(kStart);
    for (auto delay = 0ms; delay < 1000ms; delay += 37ms) {
        auto state = state_with({text_task("a"), text_task("b")}, rules);
        state.pull(miner(), start);
        const auto submit = state.submit(miner(), validator(),
                                         signed_submission(text_task("a"), ""), start + delay);
        const auto told = at(submit.answer.cooldown_until);
        CHECK(told <= start + delay + 300ms);
        CHECK(state.pull(miner(), std::max(told, start + delay)).what == Pull::assigned);
    }
    auto state = state_with({}, rules);
    CHECK(at(state.pull(miner(), start).answer.cooldown_until) >= start + 1s);
}

TEST_CASE("anyone is known where no miners are named, but for those whose hotkey is none") {
    ValidatorState state({}, {text_task("a")}, {});
    CHECK(state.pull("", at(kStart)).what == Pull::unregistered);
    CHECK(state.pull("5Unregistered", at(kStart)).what == Pull::unregistered);
    CHECK(state.pull(tests::another_key().address(), at(kStart)).what == Pull::assigned);
}

TEST_CASE("generations count for four hours, and a score of NaN is refused") {
    std::vector<Task> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(text_task(std::to_string(i)));
    auto state = state_with(tasks);
    const auto turn = [&](std::int64_t now, double score) {
        const auto task = state.pull(miner(), at(now)).answer.task.value();
        state.submit(miner(), validator(), signed_submission(task, "AAAA"), at(now));
        return state.scored(miner(), task, score, at(now));
    };
    CHECK(turn(kStart, 0.9).answer.feedback->generations_within_the_window == 1);
    const auto later = turn(kStart + 4 * 3600 + 1, 0.9);
    CHECK(later.answer.feedback->generations_within_the_window == 1);
    CHECK(later.answer.feedback->current_miner_reward == 1500);
    CHECK(turn(kStart + 5 * 3600, std::nan("")).what == Submit::refused);
}

TEST_CASE(
    "a second submission is let in once the lock is over, and has no effect after the first") {
    auto state = state_with({text_task("t")});
    state.pull(miner(), at(kStart));
    const auto submission = signed_submission(text_task("t"), "AAAA");
    const auto submit = [&](std::int64_t now) {
        return state.submit(miner(), validator(), submission, at(now));
    };
    REQUIRE(submit(kStart).what == Submit::to_score);
    // Whoever asks while it is judged is given the same task.
    CHECK(state.pull(miner(), at(kStart + 10)).what == Pull::assigned_before);
    const auto locked = submit(kStart + 29);
    CHECK(locked.what == Submit::locked);
    CHECK(locked.answer.cooldown_until == 0);
    CHECK(locked.answer.feedback->task_fidelity_score == 0);
    REQUIRE(submit(kStart + 30).what == Submit::to_score);
    CHECK(state.scored(miner(), text_task("t"), 0.9, at(kStart + 40)).what == Submit::accepted);
    const auto second = state.scored(miner(), text_task("t"), 0.9, at(kStart + 41));
    CHECK(second.what == Submit::too_soon);
    CHECK(second.answer.cooldown_until == kStart + 40 + 270);
    CHECK(second.answer.feedback->task_fidelity_score == 0);
    CHECK(second.answer.feedback->generations_within_the_window == 1);
}

TEST_CASE("past a hundred violations each makes the cool-down longer, however short it is scaled") {
    ValidatorState::Rules rules;
    const auto scale = GENERATE(1, 1000);
    rules.task_cooldown /= scale;
    rules.throttle_period /= scale;
    rules.violation_penalty /= scale;
    rules.cooldown_penalty /= scale;
    auto state = state_with({text_task("t")}, rules);
    state.pull(miner(), at(kStart));
    auto unsigned_one = signed_submission(text_task("t"), "");
    unsigned_one.submit_time_ns += 1;
    const auto told = state.submit(miner(), validator(), unsigned_one, at(kStart) + 900ms).answer;
    // What has an effect tells a cool-down that is not over.
    REQUIRE(at(told.cooldown_until) > at(kStart) + 900ms);
    for (int i = 1; i <= 100; ++i) {
        const auto pull = state.pull(miner(), at(kStart) + 900ms);
        CHECK(pull.what == Pull::cooling_down);
        CHECK(pull.answer.cooldown_violations == i);
        CHECK(pull.answer.cooldown_until == told.cooldown_until);
    }
    const auto more = state.pull(miner(), at(kStart) + 900ms).answer;
    CHECK(more.cooldown_until >= told.cooldown_until + std::max(1, 10 / scale));
}

TEST_CASE("a lock of moments is one") {
    ValidatorState::Rules rules;
    rules.validation_lock = 30ms;
    auto state = state_with({text_task("t")}, rules);
    state.pull(miner(), at(kStart));
    const auto submission = signed_submission(text_task("t"), "AAAA");
    REQUIRE(state.submit(miner(), validator(), submission, at(kStart)).what == Submit::to_score);
    CHECK(state.submit(miner(), validator(), submission, at(kStart) + 29ms).what == Submit::locked);
    CHECK(state.submit(miner(), validator(), submission, at(kStart) + 30ms).what ==
          Submit::to_score);
}
