#include "network/subnet/dendrite.hpp"

#include "config/escape.hpp"
#include "config/unix_time.hpp"
#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/http/client.hpp"
#include "network/http/date.hpp"
#include "network/uuid.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cstdlib>
#include <optional>
#include <utility>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using config::Error;
using config::fail;
using config::Result;
using std::chrono::milliseconds;

constexpr std::size_t kMostMessageBytes = 200;
constexpr std::size_t kMostErrorBodyBytes = 64 << 10;
constexpr std::int64_t kNoticeable_s = 2;  // between two clocks, one of which tells whole seconds

// The axon's own errors are {"message": ...}, those of its web framework {"detail": ...}.
std::string message_of(std::string_view body) {
    if (body.size() > kMostErrorBodyBytes) return {};
    boost::system::error_code error;
    const auto value = json::parse(json::string_view(body.data(), body.size()), error, {}, {});
    if (error || !value.is_object()) return {};
    for (const char* name : {"message", "detail"})
        if (const auto* text = value.as_object().if_contains(name); text && text->is_string())
            return config::printable(text->get_string(), kMostMessageBytes);
    return {};
}

// "application/json" or "application/x+json", with or without parameters.
bool is_json(std::string_view type) {
    type = type.substr(0, type.find(';'));
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    constexpr std::string_view kStart = "application/";
    if (type.size() <= kStart.size() || !same_header_name(type.substr(0, kStart.size()), kStart))
        return false;
    type.remove_prefix(kStart.size());
    return same_header_name(type, "json") ||
           (type.size() > 5 && same_header_name(type.substr(type.size() - 5), "+json"));
}

std::optional<std::int64_t> date_of(const HttpAnswer& answer) {
    const auto date = find_header(answer.headers, "date");
    return date ? parse_http_date(*date) : std::nullopt;
}

// " (its clock is 3600 s ahead of ours)", or nothing when that cannot be the reason.
std::string about_clocks(const HttpAnswer& answer, std::int64_t now_ns) {
    const auto date = date_of(answer);
    if (answer.status != 401 || !date) return {};
    const auto ahead = *date - now_ns / 1'000'000'000;
    if (std::llabs(ahead) <= kNoticeable_s) return {};
    return " (its clock is " + std::to_string(std::llabs(ahead)) + " s " +
           (ahead > 0 ? "ahead of" : "behind") + " ours)";
}

// Empty when the answer is a success whose body may be read.
std::optional<Error> refusal_in(const HttpAnswer& answer, const std::string& where) {
    const auto status = [&](const std::string& code, const std::string& message) {
        return fail(Errc::bad_status, where + ": " + code + (message.empty() ? "" : " " + message));
    };
    if (answer.status != 200) return status(std::to_string(answer.status), message_of(answer.body));
    // An axon whose handler failed may still answer 200 over HTTP.
    const auto code = find_header(answer.headers, "bt_header_axon_status_code");
    if (code && *code != "200") {
        const auto message = find_header(answer.headers, "bt_header_axon_status_message");
        return status(config::printable(*code, kMostMessageBytes),
                      message ? config::printable(*message, kMostMessageBytes) : "");
    }
    const auto type = find_header(answer.headers, "content-type");
    if (!type || !is_json(*type)) return fail(Errc::malformed, where + ": content-type");
    return std::nullopt;
}

struct Call {
    CallIdentity identity;
    std::string signature;
};

Call sign_call(const Keypair& key, const Peer& peer, std::int64_t now_ns) {
    CallIdentity identity{key.address(), {}, now_ns, random_uuid()};
    auto signature = "0x" + to_hex(key.sign(dendrite_text(identity, peer)));
    return {std::move(identity), std::move(signature)};
}

asio::awaitable<Result<HttpAnswer>> send(SynapseRequest synapse, Peer peer, HttpLimits limits,
                                         std::int64_t now_ns) {
    HttpRequest request{peer.host,
                        peer.port,
                        "POST",
                        std::move(synapse.target),
                        std::move(synapse.headers),
                        std::move(synapse.body)};
    const auto where = authority(peer) + request.target;
    auto answer = co_await network::request(std::move(request), limits);
    if (answer)
        if (auto refusal = refusal_in(*answer, where)) {
            refusal->detail += about_clocks(*answer, now_ns);
            co_return std::move(*refusal);
        }
    co_return answer;
}

HttpLimits limits_of(const Dendrite::Options& options, milliseconds timeout) {
    HttpLimits limits;
    limits.resolve = limits.connect = options.connect_timeout;
    limits.write = limits.read = timeout;
    limits.body_bytes = options.max_answer_bytes;
    return limits;
}

double seconds_of(milliseconds timeout) { return std::chrono::duration<double>(timeout).count(); }

template <class Answer>
Result<Answer> finish(Result<Answer> answer, const HttpAnswer& http, const Peer& peer) {
    if (answer) {
        answer->date = date_of(http);
        return answer;
    }
    return Error{answer.error().code, authority(peer) + ": " + answer.error().detail};
}

}  // namespace

Dendrite::Dendrite(Options options) : options_(std::move(options)) {
    if (!options_.now_ns) options_.now_ns = config::unix_ns;
}

asio::awaitable<Result<PullAnswer>> Dendrite::pull(Keypair key, Peer peer) {
    const auto now_ns = options_.now_ns();
    const auto call = sign_call(key, peer, now_ns);
    const auto timeout = options_.pull_timeout;
    const auto answer =
        co_await send(pull_request(call.identity, peer, seconds_of(timeout), call.signature), peer,
                      limits_of(options_, timeout), now_ns);
    if (!answer) co_return answer.error();
    co_return finish(parse_pull_answer(answer->body, peer.hotkey), *answer, peer);
}

asio::awaitable<Result<SubmitAnswer>> Dendrite::submit(Keypair key, Peer peer, std::string task_id,
                                                       std::string prompt, std::string results) {
    const auto now_ns = options_.now_ns();
    const auto call = sign_call(key, peer, now_ns);
    const auto consent = key.sign(signed_text(now_ns, prompt, peer.hotkey, key.address()));
    Submission submission{std::move(task_id), std::move(results), now_ns, base64_encode(consent)};
    const auto timeout = options_.submit_timeout;
    auto request =
        submit_request(call.identity, peer, seconds_of(timeout), call.signature, submission);
    // While it is judged, which may take minutes, one copy of megabytes is enough.
    std::string().swap(submission.results);
    std::string().swap(prompt);
    auto sending = send(std::move(request), peer, limits_of(options_, timeout), now_ns);
    const auto answer = co_await std::move(sending);
    if (!answer) co_return answer.error();
    co_return finish(parse_submit_answer(answer->body, peer.hotkey), *answer, peer);
}

}  // namespace network
