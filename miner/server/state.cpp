#include "miner/server/state.hpp"

#include "config/version.hpp"
#include "network/http/url.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace miner {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::size_t kInputs = 64;
constexpr std::size_t kLongestInput = 1 << 20;  // as base64
constexpr std::size_t kInputBytes = 16 << 20;   // of all

double seconds_between(State::Time from, State::Time to) {
    return double(duration_cast<milliseconds>(to - from).count()) / 1000;
}

std::string remote_name(int number) { return fmt::format("remote {}", number); }

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    if (what.empty()) return;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// Other miners may take what the model here does not; without a device here they alone tell.
boost::json::object to_json(const generator::ModelInfo& model,
                            const std::vector<BackendState>& backends) {
    const auto any = [&](bool BackendState::*takes) {
        return std::any_of(backends.begin(), backends.end(),
                           [&](const BackendState& backend) { return backend.*takes; });
    };
    return {{"name", model.name},
            {"device", model.device},
            {"device_choice", model.device_choice},
            {"dtype", model.dtype},
            {"parameters", model.parameters},
            {"takes_pictures", model.picture_size > 0 || any(&BackendState::takes_pictures)},
            {"takes_prompts", model.takes_prompts || any(&BackendState::takes_prompts)}};
}

}  // namespace

State::Limits State::limits(const config::Settings& settings) {
    return {
        .making = settings.generator.deadline + minutes(1),
        .submitting = 4 * (settings.schedule.submit_timeout + settings.schedule.connect_timeout) +
                      minutes(1)};
}

void State::model_ready(generator::ModelInfo model) {
    model_ = std::move(model);
    ++version_;
}

void State::draining() {
    draining_ = true;
    ++version_;
}

void State::hindered(const std::string& what, Hindrance hindrance) {
    if (hindrance.why.empty())
        hindrances_.erase(what);
    else
        hindrances_[what] = std::move(hindrance);
    ++version_;
}

void State::noted(std::string notice) {
    notice_ = std::move(notice);
    ++version_;
}

void State::pulled(const Pulled& pulled, Time now) {
    ++version_;
    if (!pulled.reached) {
        if (!failing_since_) failing_since_ = now;
        last_error_ = pulled.error;
        return;
    }
    failing_since_.reset();
    left_alone(pulled.cooldown, now);
    if (!pulled.task) return;
    at_hand_[pulled.row] = {.id = pulled.task->id,
                            .kind = std::string(network::name(pulled.task->kind)),
                            .validator = pulled.validator,
                            .pulled_at = now,
                            .stage_since = now};
    if (pulled.task->prompt.size() > kLongestInput) return;
    std::erase_if(inputs_, [&](const Input& input) { return input.row == pulled.row; });
    inputs_.push_back({pulled.row, at_hand_[pulled.row].kind, pulled.task->prompt});
    const auto too_much = [&] {
        std::size_t bytes = 0;
        for (const auto& input : inputs_) bytes += input.prompt.size();
        return inputs_.size() > kInputs || bytes > kInputBytes;
    };
    while (too_much()) inputs_.pop_front();
}

void State::stage(const TaskInHand& task, std::string_view stage, Time now) {
    const auto found = at_hand_.find(task.row);
    if (found == at_hand_.end()) return;
    found->second.stage = stage;
    found->second.stage_since = now;
    ++version_;
}

void State::attempt(const TaskInHand& task, const storage::Attempt& attempt) {
    const auto found = at_hand_.find(task.row);
    if (found == at_hand_.end()) return;
    found->second.attempt = attempt.number;
    found->second.gaussians = attempt.gaussians;
    ++version_;
}

void State::turn(const Turn& turn, Time now) {
    at_hand_.erase(turn.row);
    ++version_;
    ++settled_;
    if (turn.end != Turn::End::answered) return;
    failing_since_.reset();
    left_alone(turn.cooldown, now);
}

Health State::health(Time now) const {
    if (auto blocked = this->blocked()) return std::move(*blocked);
    for (const auto& [row, task] : at_hand_) {
        const auto limit = task.stage == "submit" ? limits_.submitting : limits_.making;
        if (now - task.stage_since > limit)
            return {false, fmt::format("stalled: a task is in stage {} for {:.0f} s", task.stage,
                                       seconds_between(task.stage_since, now))};
    }
    if (failing_since_ && now - std::max(*failing_since_, quiet_until_) > limits_.silence)
        return {false,
                fmt::format("no validator was reached for {:.0f} min",
                            seconds_between(*failing_since_, now) / 60),
                last_error_};
    return {};
}

std::optional<Health> State::blocked() const {
    if (draining_)
        return Health{false, "stopping: the task at hand is finished, no other is begun"};
    if (!model_) return Health{false, "loading the model"};
    if (!hindrances_.empty()) return in_the_way();
    const auto backends = this->backends();
    const auto able = [](const BackendState& backend) { return backend.able; };
    if (!backends.empty() && std::none_of(backends.begin(), backends.end(), able))
        return Health{false, "no backend can take work: see generator.remote and the log"};
    return std::nullopt;
}

Health State::in_the_way() const {
    Health health{false, {}, {}};
    for (const auto& [what, hindrance] : hindrances_) {
        if (!health.reason.empty()) health.reason += "; ";
        health.reason += hindrance.why;
        if (hindrance.detail.empty()) continue;
        if (!health.detail.empty()) health.detail += "; ";
        health.detail += hindrance.detail;
    }
    return health;
}

std::vector<BackendState> State::backends() const {
    return backends_ ? backends_() : std::vector<BackendState>();
}

std::optional<ChainState> State::chain() const {
    return chain_ ? chain_() : std::optional<ChainState>();
}

boost::json::object State::now(Time now) const {
    const auto state = health(now);
    boost::json::array tasks;
    for (const auto& [row, task] : at_hand_)
        tasks.push_back({{"row", row},
                         {"task_id", task.id},
                         {"kind", task.kind},
                         {"validator", task.validator},
                         {"stage", task.stage},
                         {"stage_s", seconds_between(task.stage_since, now)},
                         {"age_s", seconds_between(task.pulled_at, now)},
                         {"attempt", task.attempt},
                         {"gaussians", task.gaussians < 0 ? boost::json::value(nullptr)
                                                          : boost::json::value(task.gaussians)}});
    const auto states = this->backends();
    boost::json::value model = nullptr;
    if (model_) model = to_json(*model_, states);
    boost::json::array backends;
    for (const auto& backend : states)
        backends.push_back({{"name", backend.name},
                            {"able", backend.able},
                            {"load", backend.load},
                            {"places", backend.places}});
    boost::json::value chain = nullptr;
    if (const auto seen = this->chain()) chain = {{"block", seen->block}, {"age_s", seen->age_s}};
    const char* phase = draining_ ? "draining" : !model_ ? "loading" : "running";
    return {{"phase", phase},
            {"status", state.healthy ? "healthy" : "unhealthy"},
            {"reason", state.all()},
            {"version", config::version()},
            {"uptime_s", seconds_between(start_, now)},
            {"settled", settled_},
            {"scored_by",
             scored_by_.empty() ? boost::json::value(nullptr) : boost::json::value(scored_by_)},
            {"notice", notice_.empty() ? boost::json::value(nullptr) : boost::json::value(notice_)},
            {"model", std::move(model)},
            {"backends", std::move(backends)},
            {"chain", std::move(chain)},
            {"tasks", std::move(tasks)}};
}

boost::json::object State::in_public(Time now) const {
    auto object = this->now(now);
    object.erase("tasks");
    object.erase("notice");
    object["reason"] = health(now).reason;
    int remotes = 0;
    boost::json::array backends;
    for (const auto& backend : this->backends())
        backends.push_back({{"name", backend.remote ? remote_name(++remotes) : backend.name},
                            {"able", backend.able},
                            {"load", backend.load},
                            {"places", backend.places}});
    object["backends"] = std::move(backends);
    // A model's name may be the folder that it lies in; versions of drivers are the operator's.
    if (model_) {
        const auto& name = model_->name;
        auto& model = object["model"].as_object();
        model["name"] = name.substr(name.rfind('/') + 1);
        model.erase("device_choice");
    }
    return object;
}

std::string State::without_addresses(std::string text) const {
    int remotes = 0;
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& backend : backends()) {
        if (!backend.remote) continue;
        const auto name = remote_name(++remotes);
        names.emplace_back(backend.name, name);
        // Errors of connections name "gpu1:10006" of "http://gpu1:10006/prefix".
        if (const auto url = network::parse_http_url(backend.name))
            names.emplace_back(network::authority(url->host, url->port), name);
    }
    // The longest first: "gpu1:100" is a part of "gpu1:10006".
    std::stable_sort(names.begin(), names.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    for (const auto& [address, name] : names) replace_all(text, address, name);
    return text;
}

const State::Input* State::input(storage::TaskRow row) const {
    const auto found = std::find_if(inputs_.begin(), inputs_.end(),
                                    [&](const Input& input) { return input.row == row; });
    return found == inputs_.end() ? nullptr : &*found;
}

}  // namespace miner
