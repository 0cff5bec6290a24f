#include "network/local/axon.hpp"

#include "network/hex.hpp"
#include "network/subnet/json_fields.hpp"
#include "network/uuid.hpp"
#include "network/wallet/hash.hpp"
#include "network/wallet/ss58.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace network {
namespace {

namespace json = boost::json;

constexpr std::int64_t kVersion = 9'009'000;               // bittensor 9.9.0
constexpr std::int64_t kFirstVersionOfWindow = 7'002'000;  // older callers' nonces may have any age
constexpr double kNonceWindowSeconds = 4;
constexpr std::size_t kMostCallers = 100'000;  // of whom the last nonce is remembered

// No field of these synapses goes into the hash.
const std::string& body_hash() {
    static const std::string hash = to_hex(sha3_256({}));
    return hash;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto* end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, number);
    if (status != std::errc() || stop != end || text.empty()) return std::nullopt;
    return number;
}

std::string http_date(std::int64_t now_ns) {
    const std::time_t seconds = now_ns / 1'000'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    // The program never sets a locale, so these are the English names that HTTP wants.
    const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return std::string(text.data(), size);
}

std::string fault_of_hex(std::string_view digits) {
    const auto at = digits.find_first_not_of("0123456789abcdefABCDEF");
    if (at == digits.npos) return "Invalid signature";
    return std::string("Invalid hex string: InvalidHexCharacter { c: '") + digits[at] +
           "', index: " + std::to_string(at) + " }";
}

void copy_headers(const HttpHeaders& from, std::initializer_list<std::string_view> names,
                  HttpHeaders& to) {
    for (const auto name : names)
        if (const auto value = find_header(from, name)) to.emplace_back(name, *value);
}

}  // namespace

// What the headers say; `sound` is false when they do not make a synapse.
struct Axon::Head {
    std::optional<double> timeout_s;
    std::optional<std::int64_t> nonce, version;
    std::optional<std::string_view> hotkey, uuid, signature, hash;
    bool sound = true;

    Head(const HttpHeaders& headers, std::string_view synapse) {
        const auto number = [&](std::string_view name, auto& target) {
            const auto text = find_header(headers, name);
            if (!text) return;
            target = parse_number<typename std::decay_t<decltype(target)>::value_type>(*text);
            if (!target) sound = false;
        };
        number("timeout", timeout_s);
        if (timeout_s && !std::isfinite(*timeout_s)) sound = false;
        number("bt_header_dendrite_nonce", nonce);
        number("bt_header_dendrite_version", version);
        hotkey = find_header(headers, "bt_header_dendrite_hotkey");
        uuid = find_header(headers, "bt_header_dendrite_uuid");
        signature = find_header(headers, "bt_header_dendrite_signature");
        hash = find_header(headers, "computed_body_hash");
        if (synapse == "SubmitResults")
            for (const char* field : {"results", "submit_time", "signature"})
                if (!find_header(headers, std::string("bt_header_input_obj_") + field))
                    sound = false;
    }

    std::string caller() const {
        return std::string(hotkey.value_or("None")) + ":" + std::string(uuid.value_or("None"));
    }
};

struct Axon::Refusal {
    unsigned status = 0;
    std::string message;
    Verdict verdict = Verdict::refused;

    static Refusal exception() { return {500, "Internal Server Error #" + random_uuid()}; }
    static Refusal unverified(std::string why, Verdict verdict) {
        return {401, "Not Verified with error: " + std::move(why), verdict};
    }
};

Axon::Axon(Keypair key, std::string ip, std::uint16_t port, Handlers handlers)
    : key_(std::move(key)),
      ip_(std::move(ip)),
      port_(port),
      uuid_(random_uuid()),
      handlers_(std::move(handlers)) {}

Axon::Answer Axon::answer(const ServerRequest& request, std::int64_t now_ns) {
    auto path = request.target.substr(0, request.target.find('?'));
    if (!path.empty()) path.erase(0, 1);
    const auto name = path.substr(0, path.find('/'));
    if (!is_synapse(name))
        return refuse(request,
                      {404, "Synapse name '" + name +
                                "' not found. Available synapses ['Synapse', 'PullTask', "
                                "'SubmitResults', 'GetVersion']"},
                      now_ns);
    const Head head(request.headers, name);
    if (!head.sound) return refuse(request, Refusal::exception(), now_ns);
    if (const auto why =
            handlers_.blacklist(name, std::string(head.hotkey.value_or("None")), request.peer_ip))
        return refuse(request, {403, "Forbidden. Key is blacklisted: " + *why + "."}, now_ns);
    if (const auto refusal = verify(head, now_ns)) return refuse(request, *refusal, now_ns);
    remember(head.caller(), *head.nonce);

    if (path != name) {
        ServerReply reply{307, {{"location", "/" + name}}, {}, {}};
        return {std::move(reply), Verdict::refused};
    }
    if (request.method != "POST" && request.method != "GET") {
        ServerReply reply{405, {{"allow", "POST"}}, R"({"detail":"Method Not Allowed"})", {}};
        reply.headers.emplace_back("content-type", "application/json");
        return {std::move(reply), Verdict::refused};
    }
    if (*head.hash != body_hash()) return refuse(request, Refusal::exception(), now_ns);
    return forward(request, name, now_ns);
}

// In the order and the words of the SDK's default_verify.
std::optional<Axon::Refusal> Axon::verify(const Head& head, std::int64_t now_ns) const {
    const auto nonce_fault = [](std::string why) {
        return Refusal::unverified(std::move(why), Verdict::bad_nonce);
    };
    const auto signature_fault = [](std::string why) {
        return Refusal::unverified(std::move(why), Verdict::bad_signature);
    };
    if (!head.hotkey) return signature_fault("No SS58 formatted address or public key provided.");
    const auto key = ss58_decode(*head.hotkey);
    if (!key) return signature_fault("Invalid SS58 address: " + key.error().detail);
    if (!head.nonce) return nonce_fault("Missing Nonce");

    const auto last = nonces_.find(head.caller());
    if (last != nonces_.end() && *head.nonce <= last->second)
        return nonce_fault("Nonce is too old, a newer one was last processed");
    if (last == nonces_.end() && head.version.value_or(0) >= kFirstVersionOfWindow) {
        const double allowed_s = kNonceWindowSeconds + head.timeout_s.value_or(0);
        const double age_s = (static_cast<double>(now_ns) - static_cast<double>(*head.nonce)) / 1e9;
        if (age_s >= allowed_s) {
            std::array<char, 160> text{};
            std::snprintf(text.data(), text.size(),
                          "Nonce is too old: acceptable delta is %.2f seconds but request was "
                          "%.2f seconds old",
                          allowed_s, age_s);
            return nonce_fault(text.data());
        }
    }

    const auto said = head.signature.value_or("");
    if (said.empty()) return signature_fault("Missing Signature");
    if (!said.starts_with("0x"))
        return signature_fault("Invalid signature format. Expected hex string.");
    Signature signature;
    if (!from_hex(said, signature)) return signature_fault(fault_of_hex(said.substr(2)));
    const auto message = std::to_string(*head.nonce) + "." + std::string(*head.hotkey) + "." +
                         key_.address() + "." + std::string(head.uuid.value_or("None")) + "." +
                         std::string(head.hash.value_or("None"));
    if (!network::verify(*key, message, signature) || !head.hash || !head.uuid)
        return signature_fault("Signature mismatch with " + message + " and " + std::string(said));
    return std::nullopt;
}

void Axon::remember(const std::string& caller, std::int64_t nonce) {
    const auto [entry, fresh] = nonces_.insert_or_assign(caller, nonce);
    if (!fresh) return;
    callers_.push_back(caller);
    if (callers_.size() <= kMostCallers) return;
    nonces_.erase(callers_.front());
    callers_.pop_front();
}

Axon::Answer Axon::refuse(const ServerRequest& request, const Refusal& refusal,
                          std::int64_t now_ns) const {
    const auto miner = find_header(request.headers, "bt_header_dendrite_hotkey");
    const auto nonce = std::to_string(now_ns);
    const auto signed_by_axon = key_.sign(nonce + "." + std::string(miner.value_or("None")) + "." +
                                          key_.address() + "." + uuid_);
    ServerReply reply;
    reply.status = refusal.status;
    auto& headers = reply.headers;
    headers = {{"date", http_date(now_ns)}, {"server", "uvicorn"}};
    copy_headers(request.headers, {"name"}, headers);
    const auto timeout = find_header(request.headers, "timeout");
    headers.insert(headers.end(), {{"timeout", std::string(timeout.value_or("None"))},
                                   {"bt_header_axon_status_code", std::to_string(refusal.status)},
                                   {"bt_header_axon_status_message", refusal.message},
                                   {"bt_header_axon_process_time", "0.001"},
                                   {"bt_header_axon_ip", ip_},
                                   {"bt_header_axon_port", std::to_string(port_)},
                                   {"bt_header_axon_version", std::to_string(kVersion)},
                                   {"bt_header_axon_nonce", nonce},
                                   {"bt_header_axon_uuid", uuid_},
                                   {"bt_header_axon_hotkey", key_.address()},
                                   {"bt_header_axon_signature", "0x" + to_hex(signed_by_axon)},
                                   {"bt_header_dendrite_ip", request.peer_ip},
                                   {"bt_header_dendrite_port", std::to_string(request.peer_port)}});
    copy_headers(
        request.headers,
        {"bt_header_dendrite_version", "bt_header_dendrite_nonce", "bt_header_dendrite_uuid",
         "bt_header_dendrite_hotkey", "bt_header_dendrite_signature", "bt_header_input_obj_results",
         "bt_header_input_obj_submit_time", "bt_header_input_obj_signature", "header_size",
         "total_size", "computed_body_hash"},
        headers);
    headers.emplace_back("content-type", "application/json");
    reply.body = json::serialize(json::object{{"message", refusal.message}});
    return {std::move(reply), refusal.verdict};
}

Axon::Answer Axon::forward(const ServerRequest& request, const std::string& synapse,
                           std::int64_t now_ns) {
    if (request.body.empty()) return refuse(request, Refusal::exception(), now_ns);
    const auto message = JsonMessage::parse(request.body);
    if (!message) {
        ServerReply reply{422,
                          {{"content-type", "application/json"}},
                          R"({"detail":[{"type":"json_invalid","loc":["body"],)"
                          R"("msg":"JSON decode error","input":{}}]})",
                          {}};
        return {std::move(reply), Verdict::refused};
    }
    const auto call = read_call(synapse, message->fields());
    const auto fields = call ? handlers_.forward(*call) : std::nullopt;
    if (!fields) return refuse(request, Refusal::exception(), now_ns);

    ServerReply reply;
    reply.status = call->status;
    reply.headers = {
        {"date", http_date(now_ns)}, {"server", "uvicorn"}, {"content-type", "application/json"}};
    copy_headers(request.headers, {"name", "timeout"}, reply.headers);
    reply.headers.insert(reply.headers.end(),
                         {{"bt_header_axon_status_code", std::to_string(call->status)},
                          {"bt_header_axon_status_message", "Success"},
                          {"bt_header_axon_process_time", "0.001"}});
    copy_headers(
        request.headers,
        {"bt_header_axon_ip", "bt_header_axon_port", "bt_header_axon_hotkey",
         "bt_header_dendrite_ip", "bt_header_dendrite_version", "bt_header_dendrite_nonce",
         "bt_header_dendrite_uuid", "bt_header_dendrite_hotkey", "bt_header_dendrite_signature",
         "bt_header_input_obj_results", "bt_header_input_obj_submit_time",
         "bt_header_input_obj_signature", "header_size", "total_size", "computed_body_hash"},
        reply.headers);
    reply.body = write_answer(*call, message->fields(), *fields);
    return {std::move(reply), Verdict::answered};
}

}  // namespace network
