#include "network/simulator/synapse.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace network {
namespace {

namespace json = boost::json;

// The fields beyond those that all synapses share, with their defaults
// (neurons/common/protocol.py).
struct Synapse {
    std::string_view name;
    std::string_view defaults;
};
constexpr std::array<Synapse, 3> kSynapses{{
    {"PullTask", R"({"task":null,"validation_threshold":0.6,"throttle_period":0,)"
                 R"("cooldown_until":0,"cooldown_violations":0})"},
    {"SubmitResults", R"({"task":null,"task_id":"","results":"","data_format":"ply","data_ver":0,)"
                      R"("compression":2,"submit_time":0,"signature":"","feedback":null,)"
                      R"("cooldown_until":0})"},
    {"GetVersion", R"({"version":0,"validation_version":""})"},
}};

const Synapse* find_synapse(std::string_view name) {
    const auto found = std::find_if(kSynapses.begin(), kSynapses.end(),
                                    [&](const Synapse& synapse) { return synapse.name == name; });
    return found == kSynapses.end() ? nullptr : &*found;
}

// As pydantic reads an int: a whole number, however it is written.
std::optional<std::int64_t> whole_number(const json::value* value) {
    if (!value) return std::nullopt;
    if (const auto* number = value->if_int64()) return *number;
    if (const auto* number = value->if_double();
        number && std::trunc(*number) == *number && std::abs(*number) < 9e18)
        return static_cast<std::int64_t>(*number);
    if (const auto* text = value->if_string()) {
        std::int64_t number = 0;
        const auto* end = text->data() + text->size();
        const auto [stop, status] = std::from_chars(text->data(), end, number);
        if (status == std::errc() && stop == end && !text->empty()) return number;
    }
    return std::nullopt;
}

// Reads fields as optional texts, objects and required ones; remembers whether any was mistyped.
class Reader {
public:
    explicit Reader(const json::object* object) : object_(object) {}

    Reader inner(const char* field) {
        const auto* value = find(field);
        if (value && !value->is_object()) sound_ = false;
        return Reader(value ? value->if_object() : nullptr);
    }
    std::string text(const char* field, bool required) {
        const auto* value = find(field);
        if (value && value->is_string()) return std::string(std::string_view(value->get_string()));
        if (value || required) sound_ = false;
        return {};
    }
    std::int64_t required_number(const char* field) {
        const auto number = whole_number(find(field));
        if (!number) sound_ = false;
        return number.value_or(0);
    }
    std::int64_t number(const char* field, std::int64_t otherwise) {
        return find(field) ? required_number(field) : otherwise;
    }
    bool sound() const { return sound_; }

private:
    const json::value* find(const char* field) const {
        const auto* value = object_ ? object_->if_contains(field) : nullptr;
        return value && value->is_null() ? nullptr : value;
    }

    const json::object* object_;
    bool sound_ = true;
};

// All ten fields of a TerminalInfo, null where the request has nothing.
json::object terminal(const json::object& body, const char* side) {
    const auto* given = body.if_contains(side);
    json::object info;
    for (const char* field : {"status_code", "status_message", "process_time", "ip", "port",
                              "version", "nonce", "uuid", "hotkey", "signature"}) {
        const auto* value =
            given && given->is_object() ? given->get_object().if_contains(field) : nullptr;
        info[field] = value ? *value : json::value(nullptr);
    }
    return info;
}

}  // namespace

bool is_synapse(std::string_view name) { return find_synapse(name) != nullptr; }

std::optional<SynapseCall> read_call(std::string_view synapse, const json::object& body) {
    Reader fields(&body);
    auto dendrite = fields.inner("dendrite");
    auto axon = fields.inner("axon");
    SynapseCall call;
    call.synapse = synapse;
    call.miner = dendrite.text("hotkey", false);
    call.validator = axon.text("hotkey", false);
    const auto status = axon.number("status_code", call.status);
    if (synapse == "SubmitResults")
        call.submission = {fields.text("task_id", false), fields.text("results", true),
                           fields.required_number("submit_time"), fields.text("signature", true)};
    if (!fields.sound() || !dendrite.sound() || !axon.sound()) return std::nullopt;
    if (status < 200 || status > 599) return std::nullopt;
    call.status = static_cast<unsigned>(status);
    return call;
}

json::object answer_fields(const PullAnswer& answer) {
    json::value task = nullptr;
    if (answer.task)
        task = {{"type", name(answer.task->kind)},
                {"id", answer.task->id},
                {"prompt", answer.task->prompt}};
    return {{"task", std::move(task)},
            {"validation_threshold", answer.validation_threshold},
            {"throttle_period", static_cast<std::int64_t>(answer.throttle_period)},
            {"cooldown_until", answer.cooldown_until},
            {"cooldown_violations", answer.cooldown_violations}};
}

json::object answer_fields(const SubmitAnswer& answer) {
    if (!answer.feedback) return {{"feedback", nullptr}, {"cooldown_until", answer.cooldown_until}};
    const auto& feedback = *answer.feedback;
    return {{"results", ""},
            {"signature", ""},
            {"feedback",
             {{"validation_failed", feedback.validation_failed},
              {"task_fidelity_score", feedback.task_fidelity_score},
              {"average_fidelity_score", feedback.average_fidelity_score},
              {"generations_within_the_window", feedback.generations_within_the_window},
              {"current_duel_rating", feedback.current_duel_rating},
              {"current_miner_reward", feedback.current_miner_reward}}},
            {"cooldown_until", answer.cooldown_until}};
}

std::string write_answer(const SynapseCall& call, const json::object& body,
                         const json::object& fields) {
    auto axon = terminal(body, "axon");
    axon["status_code"] = call.status;
    axon["status_message"] = "Success";
    axon["process_time"] = 0.001;
    const auto* timeout = body.if_contains("timeout");
    json::object answer{{"name", call.synapse},
                        {"timeout", timeout ? *timeout : json::value(12.0)},
                        {"total_size", 0},
                        {"header_size", 0},
                        {"dendrite", terminal(body, "dendrite")},
                        {"axon", std::move(axon)},
                        {"computed_body_hash", ""}};
    const auto& text = find_synapse(call.synapse)->defaults;
    const auto defaults = json::parse({text.data(), text.size()});
    for (const auto& field : defaults.get_object()) {
        const auto* given = body.if_contains(field.key());
        const auto* changed = fields.if_contains(field.key());
        answer[field.key()] = changed ? *changed : given ? *given : field.value();
    }
    return json::serialize(answer);
}

}  // namespace network
