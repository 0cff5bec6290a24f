// Requests as bittensor 9.9.0's dendrite writes them (bittensor/core/dendrite.py, synapse.py).
#include "config/escape.hpp"
#include "network/hex.hpp"
#include "network/json_fields.hpp"
#include "network/subnet/messages.hpp"
#include "network/wallet/hash.hpp"

#include <array>
#include <charconv>

namespace network {
namespace {

constexpr std::int64_t kVersion =
    9'009'000;  // 9.9.0; from 7.2 on an axon judges a nonce by its age

// What the Python objects of the SDK take in memory; an axon reads them and looks no further.
constexpr std::size_t kHeaderSize = 464, kPullSize = 3'428, kSubmitSize = 3'952;

// The fields that go into the hash are listed by a synapse's class, and this subnet's list none.
const std::string& body_hash() {
    static const std::string hash = to_hex(sha3_256({}));
    return hash;
}

// As Python writes a float: 12.0, 0.5.
std::string float_text(double number) {
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    std::string text(buffer.data(), end);
    if (text.find_first_not_of("-0123456789") == text.npos) text += ".0";
    return text;
}

// One JSON object, field by field. By hand: floats as Python writes them, a member that is JSON
// already, and a prompt or result of megabytes that is copied once.
class JsonWriter {
public:
    void text(std::string_view name, std::string_view value) {
        key(name);
        json_ += config::json_quoted(value, config::kWhole);
    }
    void raw(std::string_view name, std::string_view value) {
        key(name);
        json_ += value;
    }
    void number(std::string_view name, std::int64_t value) { raw(name, std::to_string(value)); }
    void reserve(std::size_t bytes) { json_.reserve(bytes); }
    std::string close() { return std::move(json_) + "}"; }

private:
    void key(std::string_view name) {
        json_ += json_.empty() ? '{' : ',';
        json_ += config::json_quoted(name);
        json_ += ':';
    }

    std::string json_;
};

// The part of a request that all synapses share.
struct Call {
    const CallIdentity& identity;
    const Peer& peer;
    double timeout_s;
    std::string_view signature;
    std::string_view synapse;
    std::size_t total_size;
};

std::string dendrite_json(const Call& call) {
    JsonWriter json;
    for (const char* unset : {"status_code", "status_message", "process_time", "port"})
        json.raw(unset, "null");
    if (call.identity.external_ip.empty()) {
        json.raw("ip", "null");
    } else {
        json.text("ip", call.identity.external_ip);
    }
    json.number("version", kVersion);
    json.number("nonce", call.identity.nonce_ns);
    json.text("uuid", call.identity.uuid);
    json.text("hotkey", call.identity.miner_hotkey);
    json.text("signature", call.signature);
    return json.close();
}

// status_code stays null: the axon starts its answer's status from it.
std::string axon_json(const Call& call) {
    JsonWriter json;
    for (const char* unset : {"status_code", "status_message", "process_time", "version", "nonce",
                              "uuid", "signature"}) {
        json.raw(unset, "null");
    }
    json.text("ip", call.peer.host);
    json.number("port", call.peer.port);
    json.text("hotkey", call.peer.hotkey);
    return json.close();
}

void write_base(JsonWriter& json, const Call& call) {
    json.text("name", call.synapse);
    json.raw("timeout", float_text(call.timeout_s));
    json.number("total_size", std::int64_t(call.total_size));
    json.number("header_size", 0);
    json.raw("dendrite", dendrite_json(call));
    json.raw("axon", axon_json(call));
    json.text("computed_body_hash", "");
    json.raw("task", "null");
}

// `required`: base64 of the JSON of the empty value of each field that has no default. Not of its
// real value.
using Required = std::vector<std::pair<std::string, std::string>>;

SynapseRequest request(const Call& call, std::string body, const Required& required) {
    SynapseRequest request;
    request.target = "/" + std::string(call.synapse);
    auto& headers = request.headers;
    headers = {{"Host", authority(call.peer)},
               {"name", std::string(call.synapse)},
               {"timeout", float_text(call.timeout_s)},
               {"bt_header_axon_ip", call.peer.host},
               {"bt_header_axon_port", std::to_string(call.peer.port)},
               {"bt_header_axon_hotkey", call.peer.hotkey}};
    if (!call.identity.external_ip.empty()) {
        headers.emplace_back("bt_header_dendrite_ip", call.identity.external_ip);
    }
    headers.insert(headers.end(),
                   {{"bt_header_dendrite_version", std::to_string(kVersion)},
                    {"bt_header_dendrite_nonce", std::to_string(call.identity.nonce_ns)},
                    {"bt_header_dendrite_uuid", call.identity.uuid},
                    {"bt_header_dendrite_hotkey", call.identity.miner_hotkey},
                    {"bt_header_dendrite_signature", std::string(call.signature)}});
    headers.insert(headers.end(), required.begin(), required.end());
    headers.insert(headers.end(), {{"header_size", std::to_string(kHeaderSize)},
                                   {"total_size", std::to_string(call.total_size)},
                                   {"computed_body_hash", body_hash()},
                                   {"Accept", "*/*"},
                                   {"Accept-Encoding",
                                    "identity"},  // an axon never compresses, and nobody else shall
                                   {"User-Agent", "miner"},
                                   {"Content-Length", std::to_string(body.size())},
                                   {"Content-Type", "application/json"}});
    request.body = std::move(body);
    return request;
}

}  // namespace

std::string dendrite_text(const CallIdentity& call, const Peer& peer) {
    return std::to_string(call.nonce_ns) + "." + call.miner_hotkey + "." + peer.hotkey + "." +
           call.uuid + "." + body_hash();
}

SynapseRequest pull_request(const CallIdentity& identity, const Peer& peer, double timeout_s,
                            std::string_view signature) {
    const Call call{identity, peer, timeout_s, signature, "PullTask", kPullSize};
    JsonWriter json;
    write_base(json, call);
    json.raw("validation_threshold", "0.6");
    json.number("throttle_period", 0);
    json.number("cooldown_until", 0);
    json.number("cooldown_violations", 0);
    return request(call, json.close(), {});
}

SynapseRequest submit_request(const CallIdentity& identity, const Peer& peer, double timeout_s,
                              std::string_view signature, const Submission& submission) {
    const Call call{identity,        peer,
                    timeout_s,       signature,
                    "SubmitResults", kSubmitSize + submission.results.size()};
    constexpr std::size_t kRest = 4096;  // all but the results, so that they are copied once
    JsonWriter json;
    json.reserve(submission.results.size() + kRest);
    write_base(json, call);
    json.text("task_id", submission.task_id);
    json.text("results", submission.results);
    json.text("data_format", "ply");
    json.number("data_ver", 0);
    json.number("compression", 2);
    json.number("submit_time", submission.submit_time_ns);
    json.text("signature", submission.signature);
    json.raw("feedback", "null");
    json.number("cooldown_until", 0);
    return request(call, json.close(),
                   {{"bt_header_input_obj_results", "IiI="},
                    {"bt_header_input_obj_submit_time", "MA=="},
                    {"bt_header_input_obj_signature", "IiI="}});
}

}  // namespace network
