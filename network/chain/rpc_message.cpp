#include "network/chain/rpc_message.hpp"

#include "config/escape.hpp"
#include "network/errc.hpp"
#include "network/json_fields.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace network {
namespace {

namespace json = boost::json;
using config::fail;
using config::Result;

constexpr std::size_t kLongestWords = 200;
constexpr std::size_t kLongestName = 200;  // of a subscription

// Gateways before a node say in JSON what others say by HTTP's status.
Errc meaning_of(std::int64_t code) {
    if (code == 429 || code == -32005 || code == -32029) return Errc::throttled;
    return code == 401 || code == 402 || code == 403 ? Errc::unauthorized : Errc::node_error;
}

config::Error node_error(const json::value& error) {
    const auto* object = error.if_object();
    const auto* message = object ? object->if_contains("message") : nullptr;
    const auto* code = object ? object->if_contains("code") : nullptr;
    const auto* data = object ? object->if_contains("data") : nullptr;
    const auto shown = [](std::string_view words) {
        return config::printable(words, kLongestWords);
    };
    std::string words =
        message && message->is_string() ? shown(message->get_string()) : "no reason given";
    if (data && data->is_string()) words += ": " + shown(data->get_string());
    if (!code || !code->is_int64()) return fail(Errc::node_error, words);
    return fail(meaning_of(code->get_int64()), words + fmt::format(" ({})", code->get_int64()));
}

// Whole numbers, and texts that are no longer than names are.
bool is_name(const json::value& subscription) {
    const auto* text = subscription.if_string();
    return text ? text->size() <= kLongestName : subscription.is_int64();
}

// Takes the item out of it.
Result<RpcMessage> notice(json::value& parameters) {
    auto* object = parameters.if_object();
    const auto* subscription = object ? object->if_contains("subscription") : nullptr;
    auto* item = object ? object->if_contains("result") : nullptr;
    if (!subscription || !item || !is_name(*subscription)) {
        return fail(Errc::malformed, "a notification without subscription or result");
    }
    return RpcMessage(RpcNotice{json::serialize(*subscription), std::move(*item)});
}

}  // namespace

std::string rpc_request(std::uint64_t id, std::string_view method, const json::array& parameters) {
    return json::serialize(
        json::object{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", parameters}});
}

Result<std::string> subscription_name(const json::value& answer) {
    if (is_name(answer)) return json::serialize(answer);
    return fail(Errc::malformed, "a subscription whose name is none");
}

std::optional<std::uint64_t> block_number(const json::value& header) {
    const auto* object = header.if_object();
    const auto* text = object ? object->if_contains("number") : nullptr;
    if (!text || !text->is_string()) return std::nullopt;
    const std::string_view digits = text->get_string();
    if (!digits.starts_with("0x")) return std::nullopt;
    std::uint32_t number = 0;
    const auto [end, error] =
        std::from_chars(digits.data() + 2, digits.data() + digits.size(), number, 16);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

Result<RpcMessage> parse_rpc_message(std::string_view text) {
    auto message = JsonMessage::parse(text);
    if (!message) return message.error();
    auto& fields = message->fields();
    const auto* version = fields.if_contains("jsonrpc");
    if (!version || *version != "2.0") return fail(Errc::malformed, "not JSON-RPC 2.0");
    if (fields.contains("method")) {
        auto* parameters = fields.if_contains("params");
        if (!parameters) return fail(Errc::malformed, "a notification without params");
        return notice(*parameters);
    }
    const auto* id = fields.if_contains("id");
    if (!id || !id->is_int64() || id->get_int64() < 0) {
        const auto* error = fields.if_contains("error");
        return fail(Errc::malformed,
                    "an answer whose id is none of ours" +
                        (error ? ": " + node_error(*error).detail : std::string()));
    }
    const auto number = std::uint64_t(id->get_int64());
    if (const auto* error = fields.if_contains("error"); error && !error->is_null())
        return RpcMessage(RpcAnswer{number, node_error(*error)});
    // It may be tens of megabytes, which an assignment would copy to the storage of its target.
    if (auto* result = fields.if_contains("result"))
        return RpcMessage(RpcAnswer{number, std::move(*result)});
    return fail(Errc::malformed, "an answer with neither result nor error");
}

}  // namespace network
