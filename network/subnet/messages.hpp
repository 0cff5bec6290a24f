// The subnet's messages as plain values, and as the HTTP that carries them. Pure: no sockets, no
// clock. Byte-compatible with bittensor 9.9.0's dendrite and axon (tests/vectors/dendrite.json,
// tests/vectors/synapses.json).
#pragma once

#include "config/result.hpp"
#include "network/wallet/keypair.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace network {

enum class TaskKind { text, image };

std::string_view name(TaskKind kind);  // as the protocol has it: "text", "image"

struct Task {
    TaskKind kind = TaskKind::text;
    std::string id;      // 1 to 256 bytes of UTF-8 without control characters
    std::string prompt;  // UTF-8: 1 byte to 128 KiB of text, or to 32 MiB of a picture in base64
};

// Whom to ask. From the metagraph, or from the setting `validators`.
struct Peer {
    std::string hotkey;  // ss58
    std::string host;    // name, IPv4 or IPv6 without brackets
    std::uint16_t port = 0;

    bool operator==(const Peer&) const = default;
};

// "HOTKEY@HOST:PORT", IPv6 in brackets. Fails with malformed, naming what is wrong.
config::Result<Peer> parse_peer(std::string_view text);

// Of where it listens (network/http/url.hpp).
std::string authority(const Peer& peer);

struct PullAnswer {
    std::optional<Task> task;
    double validation_threshold = 0.6;
    double throttle_period = 0;       // seconds
    std::int64_t cooldown_until = 0;  // Unix seconds; 0: not said
    std::int64_t cooldown_violations = 0;
    // The validator's own clock as it answered, Unix seconds, what is less than one cut off; empty:
    // it told none. Of HTTP, not of the body.
    std::optional<std::int64_t> date = {};
};

struct Submission {
    std::string task_id;
    std::string results;  // base64 of SPZ, or empty to skip
    std::int64_t submit_time_ns = 0;
    std::string signature;  // base64 of the 64 bytes over signed_text
};

struct Feedback {
    bool validation_failed = false;
    double task_fidelity_score = 0;
    double average_fidelity_score = 0;
    std::int64_t generations_within_the_window = 0;
    double current_duel_rating = 0;
    double current_miner_reward = 0;
};

struct SubmitAnswer {
    std::optional<Feedback> feedback;  // absent: the validator does not know us
    std::int64_t cooldown_until = 0;
    std::optional<std::int64_t> date = {};  // as in PullAnswer
};

// Licence declaration + submit_time + prompt + validator + miner, no separators.
std::string signed_text(std::int64_t submit_time_ns, std::string_view prompt,
                        std::string_view validator_hotkey, std::string_view miner_hotkey);

// The request's line, headers and body, as one signed call carries them.
struct SynapseRequest {
    std::string target;                                        // "/PullTask"
    std::vector<std::pair<std::string, std::string>> headers;  // all, Host and Content-Length too
    std::string body;
};

struct CallIdentity {
    std::string miner_hotkey;
    std::string external_ip;  // as the miner believes; may be empty
    std::int64_t nonce_ns = 0;
    std::string uuid;
};

// The text the dendrite signs: NONCE.MINER.VALIDATOR.UUID.BODYHASH.
std::string dendrite_text(const CallIdentity& call, const Peer& peer);

// `signature`: 0x + 128 hex over dendrite_text.
SynapseRequest pull_request(const CallIdentity& call, const Peer& peer, double timeout_s,
                            std::string_view signature);
SynapseRequest submit_request(const CallIdentity& call, const Peer& peer, double timeout_s,
                              std::string_view signature, const Submission& submission);

// Answer bodies of status 200. A field that is missing has the synapse's default, but a task must
// have an id and a prompt; unknown fields are passed over. Fail with malformed, naming the field:
// wrong type, a number that is not finite or does not fit, text out of bounds, too deep, more
// memory than a few times the body's size, or an answer that names another validator than
// `validator_hotkey` (empty: anyone; an answer that names nobody passes).
config::Result<PullAnswer> parse_pull_answer(std::string_view body,
                                             std::string_view validator_hotkey = {});
config::Result<SubmitAnswer> parse_submit_answer(std::string_view body,
                                                 std::string_view validator_hotkey = {});

}  // namespace network
