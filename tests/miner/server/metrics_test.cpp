#include "miner/server/metrics.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/hostile.hpp"

#include <cmath>

using miner::Metrics;
using miner::State;
using miner::Turn;
using miner::WallClock;
using namespace std::chrono_literals;

namespace {

const WallClock::time_point kStart{1'700'000'000s};
const State::Time kBoot{5000s};

struct Counted {
    State state{{}, kBoot};
    Metrics metrics{kStart};

    bool has(const std::string& line) {
        return ("\n" + metrics.render(state, "/", kBoot + 1s)).find("\n" + line + "\n") !=
               std::string::npos;
    }
};

}  // namespace

TEST_CASE("what will be counted is there from the start, as zero") {
    Counted counted;
    CHECK(counted.has("miner_pulls_total{result=\"failed\"} 0"));
    CHECK(counted.has("miner_results_total{outcome=\"retry_passed\"} 0"));
    CHECK(counted.has("miner_submissions_total{end=\"answered\"} 0"));
    CHECK(counted.has("miner_score_count 0"));
    CHECK(counted.has("miner_predicted_score_count 0"));
    CHECK(counted.has("miner_withheld_total 0"));
    CHECK(counted.has("miner_ready 0"));
    CHECK(counted.has("miner_healthy 0"));
    CHECK(counted.has("process_start_time_seconds 1700000000"));
}

TEST_CASE("each backend has its numbers") {
    Counted counted;
    counted.state.ask_backends([] {
        return std::vector<miner::BackendState>{
            {"cuda:0", true, 1}, {.name = "http://gpu1:1", .able = false, .load = 0, .places = 7}};
    });
    CHECK(counted.has("miner_backend_places{backend=\"cuda:0\"} 1"));
    CHECK(counted.has("miner_backend_places{backend=\"http://gpu1:1\"} 7"));
    CHECK(counted.has("miner_backend_able{backend=\"cuda:0\"} 1"));
    CHECK(counted.has("miner_backend_able{backend=\"http://gpu1:1\"} 0"));
    CHECK(counted.has("miner_backend_load{backend=\"cuda:0\"} 1"));
}

TEST_CASE("how busy a server is can be told from its calls and places") {
    Counted counted;
    counted.metrics.calls({.waiting = 5, .at_work = 3, .places = 4});
    CHECK(counted.has("miner_generate_waiting 5"));
    CHECK(counted.has("miner_generate_at_work 3"));
    CHECK(counted.has("miner_generate_places 4"));
    CHECK(counted.has("miner_generate_busy_ratio 0.75"));
    counted.metrics.calls({.waiting = 0, .at_work = 3, .places = 1});  // others have gone
    CHECK(counted.has("miner_generate_busy_ratio 1"));
    counted.metrics.calls({.waiting = 0, .at_work = 0, .places = 2});
    CHECK(counted.has("miner_generate_busy_ratio 0"));
}

TEST_CASE("memory and block age are told when they are known, and not as zero when not") {
    Counted counted;
    const auto text = counted.metrics.render(counted.state, "/", kBoot);
    CHECK(text.find("miner_device_memory") == std::string::npos);
    CHECK(text.find("miner_chain_block") == std::string::npos);
    CHECK(text.find("\nminer_storage_free_bytes ") != std::string::npos);
    counted.state.ask_backends([] {
        return std::vector<miner::BackendState>{
            {"cuda:0", true, 1, generator::DeviceMemory{1000, 4000}}};
    });
    counted.state.ask_chain([] { return miner::ChainState{77, 12.5}; });
    CHECK(counted.has("miner_device_memory_used_bytes{backend=\"cuda:0\"} 1000"));
    CHECK(counted.has("miner_device_memory_bytes{backend=\"cuda:0\"} 4000"));
    CHECK(counted.has("miner_chain_block 77"));
    CHECK(counted.has("miner_chain_block_age_seconds 12.5"));
}

TEST_CASE("every event finds its number") {
    Counted counted;
    auto& metrics = counted.metrics;
    const network::Task task{network::TaskKind::image, "t", "p"};
    counted.state.model_ready({.name = "m", .device = "cpu", .dtype = "fp32"});
    metrics.pulled({.validator = "v", .reached = true, .task = &task});
    metrics.pulled({.validator = "v", .error = "refused"});
    metrics.pulled({.validator = "v", .reached = true, .cooldown_until = 5});
    metrics.attempt({.number = 1,
                     .chain = storage::EnhancementChain::standard,
                     .gaussians = 1,
                     .outcome = storage::AttemptOutcome::sparse});
    metrics.attempt({.number = 2,
                     .chain = storage::EnhancementChain::extreme,
                     .times = {.prepare = 20, .structure = 3000},
                     .outcome = storage::AttemptOutcome::passed});
    metrics.turn({.end = Turn::End::answered,
                  .outcome = storage::Outcome::retry_passed,
                  .gaussians = 160'000,
                  .bytes = 10,
                  .score = 0.75,
                  .milliseconds = 4000,
                  .final_stages = {.latent = 1500},
                  .submit_ms = 300,
                  .cooldown_until = 9},
                 kStart);
    metrics.turn({.end = Turn::End::unanswered, .outcome = storage::Outcome::rejected}, kStart);
    metrics.answered(404);
    CHECK(counted.has("miner_pulls_total{result=\"task\"} 1"));
    CHECK(counted.has("miner_pulls_total{result=\"failed\"} 1"));
    CHECK(counted.has("miner_tasks_total{kind=\"image\"} 1"));
    CHECK(counted.has("miner_attempts_total{chain=\"extreme\",outcome=\"passed\"} 1"));
    CHECK(counted.has("miner_retries_total 1"));
    CHECK(counted.has("miner_results_total{outcome=\"retry_passed\"} 1"));
    CHECK(counted.has("miner_results_total{outcome=\"rejected\"} 1"));
    CHECK(counted.has("miner_submissions_total{end=\"answered\"} 1"));
    CHECK(counted.has("miner_submissions_total{end=\"unanswered\"} 1"));
    CHECK(counted.has("miner_cooldowns_total 2"));
    CHECK(counted.has("miner_score_sum 0.75"));
    CHECK(counted.has("miner_score_bucket{le=\"0.7\"} 0"));
    CHECK(counted.has("miner_score_bucket{le=\"0.8\"} 1"));
    CHECK(counted.has("miner_stage_duration_seconds_sum{stage=\"structure\"} 3"));
    CHECK(counted.has("miner_stage_duration_seconds_sum{stage=\"latent\"} 1.5"));
    CHECK(counted.has("miner_generation_duration_seconds_count 1"));
    CHECK(counted.has("miner_http_requests_total{status=\"404\"} 1"));
    CHECK(counted.has("miner_ready 1"));
    CHECK(counted.has("miner_healthy 1"));
}

TEST_CASE("candidates are no retries, and a predicted score that is no number is no sum") {
    Counted counted;
    storage::Attempt attempt{
        .number = 2, .gaussians = 1, .outcome = storage::AttemptOutcome::passed, .candidate = true};
    counted.metrics.attempt(attempt);
    attempt.predicted = storage::Prediction{.total = 0.7, .milliseconds = 40};
    counted.metrics.completed(attempt);
    attempt = {.number = 3, .outcome = storage::AttemptOutcome::passed, .candidate = true};
    counted.metrics.attempt(attempt);
    attempt.predicted = storage::Prediction{.total = std::nan("")};
    counted.metrics.completed(attempt);
    counted.metrics.completed({.outcome = storage::AttemptOutcome::unhealthy});
    CHECK(counted.has("miner_candidates_total{outcome=\"passed\"} 2"));
    CHECK(counted.has("miner_retries_total 0"));
    CHECK(counted.has("miner_predicted_score_count 1"));
    CHECK(counted.has("miner_predicted_score_sum 0.7"));
    CHECK(counted.has("miner_predicted_score_bucket{le=\"0.6\"} 0"));
    CHECK(counted.has("miner_stage_duration_seconds_sum{stage=\"score\"} 0.04"));
    CHECK(counted.has("miner_stage_duration_seconds_count{stage=\"score\"} 1"));
}

TEST_CASE("what was withheld is counted, and is a rejected result as well") {
    Counted counted;
    counted.metrics.turn(
        {.end = Turn::End::answered, .outcome = storage::Outcome::rejected, .withheld = true},
        kStart);
    counted.metrics.turn({.end = Turn::End::answered, .outcome = storage::Outcome::rejected},
                         kStart);
    CHECK(counted.has("miner_withheld_total 1"));
    CHECK(counted.has("miner_results_total{outcome=\"rejected\"} 2"));
}

TEST_CASE("each kind of task has its calibration, in one state at a time") {
    Counted counted;
    using Trust = storage::Calibration::State;
    counted.metrics.calibrated(
        {{.kind = "image",
          .calibration = {.state = Trust::calibrated, .pairs = 30, .offset = -0.125, .error = 0.5},
          .sides = {.right = 3, .judged = 4},
          .scores = {}},
         {.kind = "text", .calibration = {}, .sides = {}, .scores = {}}});
    CHECK(counted.has("miner_prediction_offset{kind=\"image\"} -0.125"));
    CHECK(counted.has("miner_prediction_error{kind=\"image\"} 0.5"));
    CHECK(counted.has("miner_prediction_pairs{kind=\"image\"} 30"));
    CHECK(counted.has("miner_prediction_right_ratio{kind=\"image\"} 0.75"));
    CHECK(counted.has("miner_prediction_state{kind=\"image\",state=\"calibrated\"} 1"));
    CHECK(counted.has("miner_prediction_state{kind=\"image\",state=\"broken\"} 0"));
    CHECK(counted.has("miner_prediction_state{kind=\"text\",state=\"gathering\"} 1"));
    // Of nothing that was judged there is no share.
    CHECK_FALSE(counted.has("miner_prediction_right_ratio{kind=\"text\"} 0"));
    counted.metrics.calibrated({{.kind = "image",
                                 .calibration = {.state = Trust::broken, .offset = 0.25},
                                 .sides = {},
                                 .scores = {}}});
    CHECK(counted.has("miner_prediction_state{kind=\"image\",state=\"calibrated\"} 0"));
    CHECK(counted.has("miner_prediction_state{kind=\"image\",state=\"broken\"} 1"));
    CHECK(counted.has("miner_prediction_offset{kind=\"image\"} 0.25"));
}

TEST_CASE("a hostile name is one label of one line") {
    for (const auto& name : tests::hostile_texts()) {
        Counted counted;
        counted.state.ask_backends([&] {
            return std::vector<miner::BackendState>{{name, true, 1}};
        });
        counted.state.model_ready({.name = name, .device = name});
        const auto text = counted.metrics.render(counted.state, "/", kBoot);
        CHECK_FALSE(tests::steers(text));
        const auto line = text.substr(text.find("\nminer_backend_able{") + 1);
        CHECK(line.substr(0, line.find('\n')).ends_with("\"} 1"));
    }
}

TEST_CASE("only what a validator judged is a score, and of the empty result it judges nothing") {
    Counted counted;
    auto& metrics = counted.metrics;
    Turn turn{.end = Turn::End::answered, .outcome = storage::Outcome::rejected, .score = 0};
    metrics.turn(turn, kStart);  // a validator says 0 of the empty result
    turn.outcome = storage::Outcome::passed;
    turn.bytes = 10;
    turn.score = -1;
    metrics.turn(turn, kStart);  // no feedback, or the scoring failed
    CHECK(counted.has("miner_score_count 0"));
    CHECK(counted.has("miner_zero_scores_total 0"));
    CHECK(counted.has("miner_submissions_total{end=\"answered\"} 2"));
    const auto text = counted.metrics.render(counted.state, "/", kBoot);
    CHECK(text.find("\nminer_last_score ") == std::string::npos);
    turn.score = 0;
    metrics.turn(turn, kStart);
    CHECK(counted.has("miner_score_count 1"));
    CHECK(counted.has("miner_zero_scores_total 1"));
    CHECK(counted.has("miner_last_score 0"));
}
