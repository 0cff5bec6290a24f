#include "network/subnet/messages.hpp"

#include "network/errc.hpp"
#include "network/http/url.hpp"
#include "network/json_fields.hpp"
#include "network/wallet/ss58.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace network {
namespace {

constexpr std::size_t kLongestId = 256;
// Validators say at most 1,024 characters, and this is what the tokenizers take. How long a picture
// may be, Dendrite's options say.
constexpr std::size_t kLongestWords = 128 << 10;
constexpr std::size_t kLongestPicture = 32 << 20;

// neurons/common/miner_license_consent_declaration.py, to the letter.
constexpr std::string_view kDeclaration =
    "I, as a miner on SN17, have obtained all licenses, rights and consents required to use, "
    "reproduce, modify, display, distribute and make available my submitted results to this subnet "
    "and its end users";

bool is_ipv6(const std::string& host) {
    in6_addr address;
    return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<Task> read_task(JsonFields& answer, const boost::json::object& object) {
    Task task;
    JsonFields fields(object, "task.");
    // What a union of Literal["text"] and Literal["image"] takes.
    if (const auto* type = object.if_contains("type")) {
        if (*type == "image") {
            task.kind = TaskKind::image;
        } else if (*type != "text") {
            fields.fail("type", "is neither text nor image");
        }
    }
    fields.read_text("id", kLongestId, task.id);
    if (std::any_of(task.id.begin(), task.id.end(),
                    [](unsigned char c) { return c < ' ' || c == 0x7f; })) {
        fields.fail("id", "has control characters");
    }
    const bool text = task.kind == TaskKind::text;
    fields.read_text("prompt", text ? kLongestWords : kLongestPicture, task.prompt);
    answer.take(fields);
    return task;
}

// An axon echoes who was asked. Another name there means another machine behind the address.
void check_sender(JsonFields& answer, std::string_view validator_hotkey) {
    const auto* axon = answer.object("axon");
    const auto* hotkey = axon != nullptr ? axon->if_contains("hotkey") : nullptr;
    if (hotkey == nullptr || hotkey->is_null() || validator_hotkey.empty()) return;
    if (*hotkey != boost::json::string_view(validator_hotkey)) {
        answer.fail("axon.hotkey", "is not the validator that was asked");
    }
}

}  // namespace

config::Result<Peer> parse_peer(std::string_view text) {
    const auto refuse = [](std::string why) {
        return config::fail(Errc::malformed, std::move(why));
    };
    const std::size_t at = text.find('@');
    const std::size_t colon = text.rfind(':');
    if (at == text.npos || colon == text.npos || colon < at) {
        return refuse("a validator is written HOTKEY@HOST:PORT");
    }
    Peer peer;
    peer.hotkey = text.substr(0, at);
    if (const auto key = ss58_decode(peer.hotkey); !key) {
        return refuse("the validator's hotkey: " + key.error().message());
    }
    std::string_view host = text.substr(at + 1, colon - at - 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        peer.host = host.substr(1, host.size() - 2);
        if (!is_ipv6(peer.host)) return refuse("the validator's host is not an IPv6 address");
    } else {
        peer.host = host;
        if (!is_host_name(host)) {
            return refuse("the validator's host is no name or address (IPv6 goes in brackets)");
        }
    }
    const std::string_view port = text.substr(colon + 1);
    const auto [stop, status] = std::from_chars(port.data(), port.data() + port.size(), peer.port);
    if (status != std::errc() || stop != port.data() + port.size() || peer.port == 0) {
        return refuse("the validator's port is not a number from 1 to 65535");
    }
    return peer;
}

std::string_view name(TaskKind kind) { return kind == TaskKind::image ? "image" : "text"; }

std::string authority(const Peer& peer) { return authority(peer.host, peer.port); }

std::string signed_text(std::int64_t submit_time_ns, std::string_view prompt,
                        std::string_view validator_hotkey, std::string_view miner_hotkey) {
    std::string text(kDeclaration);
    text += std::to_string(submit_time_ns);
    text += prompt;
    text += validator_hotkey;
    text += miner_hotkey;
    return text;
}

config::Result<PullAnswer> parse_pull_answer(std::string_view body,
                                             std::string_view validator_hotkey) {
    const auto message = JsonMessage::parse(body);
    if (!message) return message.error();
    PullAnswer answer;
    JsonFields fields(message->fields());
    check_sender(fields, validator_hotkey);
    if (const auto* task = fields.object("task")) answer.task = read_task(fields, *task);
    fields.read("validation_threshold", answer.validation_threshold);
    fields.read("throttle_period", answer.throttle_period);
    fields.read("cooldown_until", answer.cooldown_until);
    fields.read("cooldown_violations", answer.cooldown_violations);
    if (!fields.ok()) return fields.error();
    return answer;
}

config::Result<SubmitAnswer> parse_submit_answer(std::string_view body,
                                                 std::string_view validator_hotkey) {
    const auto message = JsonMessage::parse(body);
    if (!message) return message.error();
    SubmitAnswer answer;
    JsonFields fields(message->fields());
    check_sender(fields, validator_hotkey);
    if (const auto* object = fields.object("feedback")) {
        Feedback feedback;
        JsonFields inner(*object, "feedback.");
        inner.read("validation_failed", feedback.validation_failed);
        inner.read("task_fidelity_score", feedback.task_fidelity_score);
        inner.read("average_fidelity_score", feedback.average_fidelity_score);
        inner.read("generations_within_the_window", feedback.generations_within_the_window);
        inner.read("current_duel_rating", feedback.current_duel_rating);
        inner.read("current_miner_reward", feedback.current_miner_reward);
        fields.take(inner);
        answer.feedback = feedback;
    }
    fields.read("cooldown_until", answer.cooldown_until);
    if (!fields.ok()) return fields.error();
    return answer;
}

}  // namespace network
