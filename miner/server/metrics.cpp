#include "miner/server/metrics.hpp"

#include "config/escape.hpp"
#include "config/version.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include <unistd.h>

namespace miner {
namespace {

using prometheus::Histogram;
using Counters = prometheus::Family<prometheus::Counter>;
using Gauges = prometheus::Family<prometheus::Gauge>;
using Histograms = prometheus::Family<Histogram>;

double unix_seconds(WallClock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

const Histogram::BucketBoundaries kSeconds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,   2.5,
                                           5,    10,    20,   30,  60,   120, 240, 600};
const Histogram::BucketBoundaries kScores{0,   0.1, 0.2,  0.3, 0.4,  0.5, 0.6,
                                          0.7, 0.8, 0.85, 0.9, 0.95, 1};
const Histogram::BucketBoundaries kCounts{1e3, 7e3, 2e4, 5e4, 1e5, 1.5e5, 2e5, 3e5, 5e5, 1e6, 2e6};

// Resident memory of this process; 0 where /proc does not say.
double resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    double pages = 0, resident = 0;
    statm >> pages >> resident;
    return resident * double(::sysconf(_SC_PAGESIZE));
}

}  // namespace

struct Metrics::Families {
    prometheus::Registry registry;

    Counters& counter(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }
    Gauges& gauge(const char* name, const char* help) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    }
    Histograms& histogram(const char* name, const char* help) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
    }

    Counters &pulls =
                 counter("miner_pulls_total", "Validators asked for a task, by what came of it"),
             &tasks = counter("miner_tasks_total", "Tasks pulled, by kind"),
             &attempts = counter("miner_attempts_total",
                                 "Attempts at a structure, by enhancement chain and outcome"),
             &retries = counter("miner_retries_total", "Attempts beyond a task's first"),
             &results =
                 counter("miner_results_total", "Turns that came to a result, by its outcome"),
             &submissions =
                 counter("miner_submissions_total",
                         "Submissions, of results and of the empty result, by what came of them"),
             &candidates = counter("miner_candidates_total",
                                   "Attempts beyond what the gate asks for, by outcome"),
             &withheld = counter("miner_withheld_total",
                                 "Results not sent, as they would probably be refused"),
             &scores_lost =
                 counter("miner_zero_scores_total", "Results that a validator judged with zero"),
             &cooldowns = counter("miner_cooldowns_total", "Cool-downs told by validators"),
             &generates = counter("miner_generate_requests_total", "Calls of /generate, by end"),
             &requests =
                 counter("miner_http_requests_total", "Requests to the HTTP server, by status");
    Histograms &scores = histogram("miner_score", "Scores of the results that validators judged"),
               &predicted =
                   histogram("miner_predicted_score", "Scores predicted of attempts, sent or not"),
               &stages = histogram("miner_stage_duration_seconds", "Time of each stage that ran"),
               &generation = histogram("miner_generation_duration_seconds",
                                       "Time from picture or prompt to splats, retries included"),
               &submit = histogram("miner_submit_duration_seconds",
                                   "Time from the first byte of a submission to its answer"),
               &gaussians = histogram("miner_result_gaussians",
                                      "Gaussians of the results that were answered"),
               &generate_time = histogram("miner_generate_duration_seconds",
                                          "Time of calls of /generate, waiting included");
    Gauges &info = gauge("miner_build_info", "Version and model; always 1"),
           &ready = gauge("miner_ready", "1 when the model is loaded and work is taken"),
           &healthy = gauge("miner_healthy", "1 when earning is possible, as /health says"),
           &at_hand = gauge("miner_tasks_at_hand", "Tasks in the works"),
           &backend_able = gauge("miner_backend_able", "1 when the backend can take a request"),
           &backend_load = gauge("miner_backend_load", "Requests that the backend has"),
           &backend_places =
               gauge("miner_backend_places", "Requests that the backend makes at once"),
           &device_used = gauge("miner_device_memory_used_bytes",
                                "Memory of the backend's device in use, by all its programs"),
           &device_total = gauge("miner_device_memory_bytes", "Memory of the backend's device"),
           &block = gauge("miner_chain_block", "Newest block that the chain's node has shown"),
           &block_age = gauge("miner_chain_block_age_seconds", "Time since that block came"),
           &waiting =
               gauge("miner_generate_waiting", "Calls of /generate that wait for their turn"),
           &at_work = gauge("miner_generate_at_work", "Calls of /generate that are being made"),
           &places = gauge("miner_generate_places", "Calls of /generate that can be made at once"),
           &busy = gauge("miner_generate_busy_ratio",
                         "Share of the places for calls of /generate that are taken"),
           &last_contact = gauge("miner_last_contact_timestamp_seconds",
                                 "When a validator last answered a pull"),
           &last_answer = gauge("miner_last_answer_timestamp_seconds",
                                "When a validator last answered a submission"),
           &last_score = gauge("miner_last_score", "Score of the result that was judged last"),
           &offset = gauge("miner_prediction_offset",
                           "Median of received less predicted scores, by kind of task"),
           &error = gauge("miner_prediction_error",
                          "Deviation of received scores about prediction and offset"),
           &pairs = gauge("miner_prediction_pairs", "Accepted results that these two are from"),
           &right = gauge("miner_prediction_right_ratio",
                          "Share of judged results that were on the predicted side"),
           &trust = gauge("miner_prediction_state",
                          "1 for what the predictions are: gathering, calibrated or broken"),
           &disk_free =
               gauge("miner_storage_free_bytes", "Room left on the disk of the storage folder"),
           &memory = gauge("process_resident_memory_bytes", "Resident memory of this process"),
           &started = gauge("process_start_time_seconds", "When this process started, Unix time");
};

Metrics::Metrics(WallClock::time_point start) : families_(std::make_unique<Families>()) {
    auto& f = *families_;
    f.started.Add({}).Set(unix_seconds(start));
    // A rate needs to have seen zero: what will surely be counted begins there.
    for (const char* result : {"task", "none", "failed"}) f.pulls.Add({{"result", result}});
    for (const auto outcome : storage::outcome_names())
        f.results.Add({{"outcome", std::string(outcome)}});
    for (const char* end : {"answered", "unanswered"}) f.submissions.Add({{"end", end}});
    f.retries.Add({});
    f.waiting.Add({});
    f.scores_lost.Add({});
    f.withheld.Add({});
    f.cooldowns.Add({});
    f.scores.Add({}, kScores);
    f.predicted.Add({}, kScores);
    f.generation.Add({}, kSeconds);
    f.submit.Add({}, kSeconds);
    f.gaussians.Add({}, kCounts);
}

Metrics::~Metrics() = default;

void Metrics::pulled(const Pulled& pulled) {
    auto& f = *families_;
    f.pulls.Add({{"result", !pulled.reached ? "failed"
                            : pulled.task   ? "task"
                                            : "none"}})
        .Increment();
    if (pulled.reached) f.last_contact.Add({}).SetToCurrentTime();
    if (pulled.cooldown_until > 0) f.cooldowns.Add({}).Increment();
    if (pulled.task)
        f.tasks.Add({{"kind", std::string(network::name(pulled.task->kind))}}).Increment();
}

void Metrics::attempt(const storage::Attempt& attempt) {
    auto& f = *families_;
    f.attempts
        .Add({{"chain", std::string(storage::name(attempt.chain))},
              {"outcome", std::string(storage::name(attempt.outcome))}})
        .Increment();
    if (attempt.candidate)
        f.candidates.Add({{"outcome", std::string(storage::name(attempt.outcome))}}).Increment();
    else if (attempt.number > 1)
        f.retries.Add({}).Increment();
    const auto& t = attempt.times;
    const std::pair<const char*, double> stages[] = {{"prepare", t.prepare},
                                                     {"encode", t.encode},
                                                     {"structure", t.structure},
                                                     {"occupancy", t.occupancy}};
    for (const auto& [stage, ms] : stages)
        if (ms >= 0) f.stages.Add({{"stage", stage}}, kSeconds).Observe(ms / 1000);
}

void Metrics::completed(const storage::Attempt& attempt) {
    const auto& predicted = attempt.predicted;
    if (!predicted) return;
    auto& f = *families_;
    // One number that is none would make the sum none for good.
    if (std::isfinite(predicted->total)) f.predicted.Add({}, kScores).Observe(predicted->total);
    if (predicted->milliseconds >= 0)
        f.stages.Add({{"stage", "score"}}, kSeconds).Observe(predicted->milliseconds / 1000);
}

void Metrics::turn(const Turn& turn, WallClock::time_point now) {
    auto& f = *families_;
    if (turn.outcome != storage::Outcome::none)
        f.results.Add({{"outcome", std::string(storage::name(turn.outcome))}}).Increment();
    if (turn.withheld) f.withheld.Add({}).Increment();
    if (turn.milliseconds > 0) f.generation.Add({}, kSeconds).Observe(turn.milliseconds / 1000);
    const auto& t = turn.final_stages;
    const std::pair<const char*, double> stages[] = {
        {"latent", t.latent}, {"gaussians", t.gaussians}, {"compress", t.compress}};
    for (const auto& [stage, ms] : stages)
        if (ms >= 0) f.stages.Add({{"stage", stage}}, kSeconds).Observe(ms / 1000);
    const bool answered = turn.end == Turn::End::answered;
    if (answered || turn.end == Turn::End::unanswered)
        f.submissions.Add({{"end", answered ? "answered" : "unanswered"}}).Increment();
    if (!answered) return;
    f.last_answer.Add({}).Set(unix_seconds(now));
    f.submit.Add({}, kSeconds).Observe(turn.submit_ms / 1000);
    if (turn.bytes > 0) f.gaussians.Add({}, kCounts).Observe(double(turn.gaussians));
    if (turn.cooldown_until > 0) f.cooldowns.Add({}).Increment();
    if (turn.score < 0 || turn.bytes == 0) return;
    f.scores.Add({}, kScores).Observe(turn.score);
    f.last_score.Add({}).Set(turn.score);
    if (turn.score == 0) f.scores_lost.Add({}).Increment();
}

void Metrics::calibrated(const std::vector<KindPredictions>& kinds) {
    using enum storage::Calibration::State;
    auto& f = *families_;
    for (const auto& [kind, calibration, sides, scores] : kinds) {
        const auto label = config::label(kind);
        f.offset.Add({{"kind", label}}).Set(calibration.offset);
        f.error.Add({{"kind", label}}).Set(calibration.error);
        f.pairs.Add({{"kind", label}}).Set(calibration.pairs);
        if (sides.judged > 0)
            f.right.Add({{"kind", label}}).Set(double(sides.right) / sides.judged);
        for (const auto state : {gathering, calibrated, broken})
            f.trust.Add({{"kind", label}, {"state", std::string(storage::name(state))}})
                .Set(calibration.state == state);
    }
}

void Metrics::generated(std::string_view end, double seconds) {
    families_->generates.Add({{"end", std::string(end)}}).Increment();
    families_->generate_time.Add({}, kSeconds).Observe(seconds);
}

void Metrics::calls(Calls calls) {
    auto& f = *families_;
    f.waiting.Add({}).Set(double(calls.waiting));
    f.at_work.Add({}).Set(double(calls.at_work));
    f.places.Add({}).Set(double(calls.places));
    const double share = calls.places > 0 ? double(calls.at_work) / double(calls.places) : 1;
    f.busy.Add({}).Set(std::min(share, 1.0));  // more than are there now, where some have gone
}

void Metrics::answered(unsigned status) {
    families_->requests.Add({{"status", std::to_string(status)}}).Increment();
}

std::string Metrics::render(const State& state, const std::filesystem::path& folder,
                            State::Time now) {
    auto& f = *families_;
    if (const auto& model = state.model())
        f.info
            .Add({{"version", std::string(config::version())},
                  {"model", config::label(model->name)},
                  {"device", config::label(model->device)},
                  {"dtype", model->dtype}})
            .Set(1);
    f.ready.Add({}).Set(state.ready());
    f.healthy.Add({}).Set(state.health(now).healthy);
    f.at_hand.Add({}).Set(double(state.tasks_at_hand()));
    for (const auto& backend : state.backends()) {
        f.backend_able.Add({{"backend", config::label(backend.name)}}).Set(backend.able);
        f.backend_load.Add({{"backend", config::label(backend.name)}}).Set(backend.load);
        f.backend_places.Add({{"backend", config::label(backend.name)}})
            .Set(double(backend.places));
        if (!backend.memory) continue;
        f.device_used.Add({{"backend", config::label(backend.name)}})
            .Set(double(backend.memory->used_bytes));
        f.device_total.Add({{"backend", config::label(backend.name)}})
            .Set(double(backend.memory->total_bytes));
    }
    if (const auto chain = state.chain()) {
        f.block.Add({}).Set(double(chain->block));
        f.block_age.Add({}).Set(chain->age_s);
    }
    std::error_code unknown;
    const auto space = std::filesystem::space(folder, unknown);
    if (!unknown) f.disk_free.Add({}).Set(double(space.available));
    f.memory.Add({}).Set(resident_bytes());
    return prometheus::TextSerializer().Serialize(f.registry.Collect());
}

}  // namespace miner
