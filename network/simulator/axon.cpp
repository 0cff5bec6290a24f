#include "network/simulator/axon.hpp"

#include "network/hex.hpp"
#include "network/http/date.hpp"
#include "network/json_fields.hpp"
#include "network/subnet/dendrite_auth.hpp"
#include "network/uuid.hpp"

#include <boost/json/serialize.hpp>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::int64_t kVersion = 9'009'000;   // bittensor 9.9.0
constexpr std::size_t kMostCallers = 100'000;  // of whom the last nonce is remembered

constexpr std::int64_t kSecond_ns = 1'000'000'000;

void copy_headers(const HttpHeaders& from, std::initializer_list<std::string_view> names,
                  HttpHeaders& to) {
    for (const auto name : names)
        if (const auto value = find_header(from, name)) to.emplace_back(name, *value);
}

}  // namespace

// `sound` is false when the headers do not make a synapse, either.
struct Axon::Head : DendriteHead {
    Head(const HttpHeaders& headers, std::string_view synapse) : DendriteHead(headers) {
        if (synapse == "SubmitResults")
            for (const char* field : {"results", "submit_time", "signature"})
                if (!find_header(headers, std::string("bt_header_input_obj_") + field))
                    sound = false;
    }
};

struct Axon::Refusal {
    unsigned status = 0;
    std::string message;
    CallStatus call_status = CallStatus::refused;

    static Refusal exception() { return {500, "Internal Server Error #" + random_uuid()}; }
    static Refusal unverified(std::string why, CallStatus call_status) {
        return {401, "Not Verified with error: " + std::move(why), call_status};
    }
};

Axon::Axon(Keypair key, std::string ip, std::uint16_t port, Handlers handlers)
    : key_(std::move(key)),
      ip_(std::move(ip)),
      port_(port),
      uuid_(random_uuid()),
      handlers_(std::move(handlers)) {}

asio::awaitable<Axon::Answer> Axon::answer(const ServerRequest& request) {
    auto path = request.target.substr(0, request.target.find('?'));
    if (!path.empty()) path.erase(0, 1);
    const auto name = path.substr(0, path.find('/'));
    if (!is_synapse(name))
        co_return refuse(request,
                         {404, "Synapse name '" + name +
                                   "' not found. Available synapses ['Synapse', 'PullTask', "
                                   "'SubmitResults', 'GetVersion']"});
    const Head head(request.headers, name);
    if (!head.sound) co_return refuse(request, Refusal::exception());
    if (const auto why =
            handlers_.blacklist(name, std::string(head.hotkey.value_or("None")), request.peer_ip))
        co_return refuse(request, {403, "Forbidden. Key is blacklisted: " + *why + "."});
    if (const auto refusal = verify(head, handlers_.now_ns())) co_return refuse(request, *refusal);
    remember(head.caller(), *head.nonce);

    if (path != name) {
        ServerReply reply{307, {{"location", "/" + name}}, {}};
        co_return Answer{std::move(reply), CallStatus::refused};
    }
    if (request.method != "POST" && request.method != "GET") {
        ServerReply reply{405, {{"allow", "POST"}}, R"({"detail":"Method Not Allowed"})"};
        reply.headers.emplace_back("content-type", "application/json");
        co_return Answer{std::move(reply), CallStatus::refused};
    }
    if (*head.hash != empty_body_hash()) co_return refuse(request, Refusal::exception());
    co_return co_await forward(request, name);
}

// With the windows of the SDK, gaps included: a rehearsal's validator is no stricter than a real
// one.
std::optional<Axon::Refusal> Axon::verify(const Head& head, std::int64_t now_ns) const {
    const auto last = nonces_.find(head.caller());
    const DendriteRules rules{.ahead = {}, .longest_timeout = {}, .old_versions_too = false};
    const auto refusal = check_dendrite(
        head, key_.address(), last == nonces_.end() ? std::nullopt : std::optional(last->second),
        now_ns, rules);
    if (!refusal) return std::nullopt;
    const bool nonce = refusal->fault == AuthFault::stale ||
                       refusal->fault == AuthFault::replayed || (head.hotkey && !head.nonce);
    return Refusal::unverified(refusal->why,
                               nonce ? CallStatus::bad_nonce : CallStatus::bad_signature);
}

void Axon::remember(const std::string& caller, std::int64_t nonce) {
    const auto [entry, fresh] = nonces_.insert_or_assign(caller, nonce);
    if (!fresh) return;
    callers_.push_back(caller);
    if (callers_.size() <= kMostCallers) return;
    nonces_.erase(callers_.front());
    callers_.pop_front();
}

Axon::Answer Axon::refuse(const ServerRequest& request, const Refusal& refusal) const {
    const auto now_ns = handlers_.now_ns();
    const auto miner = find_header(request.headers, "bt_header_dendrite_hotkey");
    const auto nonce = std::to_string(now_ns);
    const auto signed_by_axon = key_.sign(nonce + "." + std::string(miner.value_or("None")) + "." +
                                          key_.address() + "." + uuid_);
    ServerReply reply;
    reply.status = refusal.status;
    auto& headers = reply.headers;
    headers = {{"date", http_date(now_ns / kSecond_ns)}, {"server", "uvicorn"}};
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
    return {std::move(reply), refusal.call_status};
}

asio::awaitable<Axon::Answer> Axon::forward(const ServerRequest& request, std::string synapse) {
    if (request.body.empty()) co_return refuse(request, Refusal::exception());
    const auto message = JsonMessage::parse(request.body);
    if (!message) {
        ServerReply reply{422,
                          {{"content-type", "application/json"}},
                          R"({"detail":[{"type":"json_invalid","loc":["body"],)"
                          R"("msg":"JSON decode error","input":{}}]})"};
        co_return Answer{std::move(reply), CallStatus::refused};
    }
    const auto call = read_call(synapse, message->fields());
    std::optional<json::object> fields;
    if (call) fields = co_await handlers_.forward(*call);
    if (!fields) co_return refuse(request, Refusal::exception());

    ServerReply reply;
    reply.status = call->status;
    reply.headers = {{"date", http_date(handlers_.now_ns() / kSecond_ns)},
                     {"server", "uvicorn"},
                     {"content-type", "application/json"}};
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
    co_return Answer{std::move(reply), CallStatus::answered};
}

}  // namespace network
