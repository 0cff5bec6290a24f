// Requests as the SDK sends them, and what is signed.
#include "network/base64.hpp"
#include "network/subnet/messages.hpp"
#include "tests/network/subnet/dendrite_vectors.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <map>
#include <set>

using network::Peer;
using tests::dendrite;
using tests::lower;

namespace {

namespace json = boost::json;

network::Keypair miner_key() {
    return network::Keypair::from_seed(network::Secret<32>(
        tests::exactly<32>(tests::hex(dendrite().at("keys"), "miner_seed_hex"))));
}

// Nanoseconds stand in the vectors as text, because not every JSON reader keeps 64 bits.
std::int64_t nanoseconds(const json::value& value) {
    return value.is_string() ? std::stoll(std::string(value.get_string()))
                             : value.to_number<std::int64_t>();
}

// The prompt of a signed text; the long one is given as a rule.
std::string prompt_of(const json::value& entry) {
    if (const auto* prompt = tests::find(entry, "prompt")) return std::string(prompt->as_string());
    REQUIRE(tests::text(entry, "prompt_rule") == "base64 text of the bytes 0..255 four times");
    std::vector<std::uint8_t> bytes(1024);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::uint8_t(i);
    return network::base64_encode(bytes);
}

using Headers = std::map<std::string, std::string>;

// The request that the SDK sent, made anew from the same parts.
network::SynapseRequest rebuild(const json::value& entry) {
    const auto& body = entry.at("body_json");
    const network::CallIdentity call{
        tests::text(body.at("dendrite"), "hotkey"), tests::text(body.at("dendrite"), "ip"),
        nanoseconds(body.at("dendrite").at("nonce")), tests::text(entry, "uuid")};
    const Peer peer{tests::text(body.at("axon"), "hotkey"), tests::text(body.at("axon"), "ip"),
                    body.at("axon").at("port").to_number<std::uint16_t>()};
    CHECK(network::dendrite_text(call, peer) == tests::text(entry, "signed_message"));
    const double timeout_s = body.at("timeout").to_number<double>();
    const std::string signature = tests::text(entry, "signature");
    if (tests::text(entry, "synapse") == "PullTask") {
        return network::pull_request(call, peer, timeout_s, signature);
    }
    return network::submit_request(
        call, peer, timeout_s, signature,
        {tests::text(body, "task_id"), tests::text(body, "results"),
         nanoseconds(body.at("submit_time")), tests::text(body, "signature")});
}

// Equal but for what the vector leaves free, and numbers by value: 12.0 is 12.
bool same(const json::value& a, const json::value& b) {
    if (a.is_number() && b.is_number() && (a.is_double() || b.is_double())) {
        return a.to_number<double>() == b.to_number<double>();
    }
    if (a.is_object() && b.is_object()) {
        const auto& x = a.get_object();
        const auto& y = b.get_object();
        return x.size() == y.size() && std::all_of(x.begin(), x.end(), [&](const auto& field) {
                   const auto* other = y.if_contains(field.key());
                   return other != nullptr &&
                          (field.key() == "total_size" || same(field.value(), *other));
               });
    }
    return a == b;
}

}  // namespace

TEST_CASE("requests are those of the SDK") {
    int built = 0;
    for (const auto& entry : dendrite().at("requests").as_array()) {
        if (tests::text(entry, "synapse") == "GetVersion") continue;  // a miner is not answered
        CAPTURE(tests::text(entry, "synapse"), tests::text(entry, "note"));
        const auto request = rebuild(entry);
        ++built;
        CHECK(request.target == tests::text(entry, "target"));

        // Free: sizes of Python objects. Ours by choice: no compression, our own name.
        const std::set<std::string> free = {"header_size", "total_size", "accept-encoding",
                                            "user-agent", "content-length"};
        Headers ours, theirs;
        for (const auto& [name, value] : request.headers) {
            CHECK(ours.emplace(lower(name), free.contains(lower(name)) ? "" : value).second);
        }
        for (const auto& header : entry.at("headers").as_array()) {
            const auto name = lower(header.at(0).as_string());
            theirs[name] = free.contains(name) ? "" : header.at(1).as_string();
        }
        CHECK(ours == theirs);
        CHECK(same(json::parse(request.body), entry.at("body_json")));
        for (const auto& [name, value] : request.headers) {
            if (name == "Content-Length") CHECK(value == std::to_string(request.body.size()));
        }
    }
    CHECK(built > 0);
}

TEST_CASE("the SDK's signatures stand over our text, and ours stand too") {
    const auto key = miner_key();
    CHECK(key.public_key() ==
          tests::exactly<32>(tests::hex(dendrite().at("keys"), "miner_public_hex")));
    for (const auto& entry : dendrite().at("requests").as_array()) {
        const std::string message = tests::text(entry, "signed_message");
        const auto theirs =
            tests::exactly<64>(tests::from_hex(tests::text(entry, "signature").substr(2)));
        CHECK(network::verify(key.public_key(), message, theirs));
        CHECK(network::verify(key.public_key(), message, key.sign(message)));
    }
}

TEST_CASE("a request survives odd characters") {
    const network::CallIdentity call{"miner", "", 1'732'350'000'123'456'789, "uuid"};
    const network::Submission submission{"a \"task\"\\\x01\n\x7fé", "AAAA", 9'007'199'254'740'993,
                                         "sig="};
    const auto request =
        network::submit_request(call, {"validator", "::1", 65535}, 0.25, "0x00", submission);
    const auto body = json::parse(request.body);
    CHECK(tests::text(body, "task_id") == submission.task_id);
    CHECK(body.at("submit_time").as_int64() == submission.submit_time_ns);
    CHECK(body.at("dendrite").at("nonce").as_int64() == call.nonce_ns);
    CHECK(body.at("dendrite").at("ip").is_null());
    CHECK(body.at("axon").at("ip").as_string() == "::1");
    CHECK(request.headers.at(0) == std::pair<std::string, std::string>("Host", "[::1]:65535"));
    for (const auto& [name, value] : request.headers) CHECK(name != "bt_header_dendrite_ip");
}

TEST_CASE("signed texts are those of the reference") {
    const auto& vectors = tests::vectors("synapses.json");
    for (const auto& entry : vectors.at("signed_text").as_array()) {
        const std::string text = network::signed_text(
            nanoseconds(entry.at("submit_time")), prompt_of(entry),
            tests::text(entry, "validator_hotkey"), tests::text(entry, "miner_hotkey"));
        if (tests::find(entry, "signed_text")) CHECK(text == tests::text(entry, "signed_text"));
        CHECK(text.size() == entry.at("signed_text_utf8_bytes").to_number<std::size_t>());
        CHECK(network::verify(tests::exactly<32>(tests::hex(entry, "miner_public_hex")), text,
                              tests::exactly<64>(tests::base64(entry, "signature_base64"))));
    }
    for (const auto& entry : dendrite().at("requests").as_array()) {
        const auto* submission = tests::find(entry, "submission");
        if (submission == nullptr) continue;
        const auto& body = entry.at("body_json");
        CHECK(network::signed_text(nanoseconds(submission->at("submit_time")),
                                   tests::text(*submission, "prompt"),
                                   tests::text(body.at("axon"), "hotkey"),
                                   tests::text(body.at("dendrite"), "hotkey")) ==
              tests::text(*submission, "signed_text"));
    }
}
