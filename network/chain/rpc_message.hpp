// JSON-RPC 2.0 as a Substrate node speaks it: one object a message. Pure; any thread. What is read
// came from an untrusted peer: depth and memory are bounded (network/json_fields.hpp).
#pragma once

#include "config/result.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace network {

std::string rpc_request(std::uint64_t id, std::string_view method,
                        const boost::json::array& parameters);

struct RpcAnswer {
    std::uint64_t id = 0;
    // The node's own error is node_error, with its words; throttled or unauthorized when it says
    // so.
    config::Result<boost::json::value> result;
};

struct RpcNotice {
    std::string subscription;  // its id, a text or a number, as JSON text
    boost::json::value item;
};

using RpcMessage = std::variant<RpcAnswer, RpcNotice>;

// What notices of a subscription call it, of the answer that made it. Fails with malformed: neither
// a text of a name's length nor a whole number.
config::Result<std::string> subscription_name(const boost::json::value& answer);

// Which block a header is of, as nodes write it: "0x1a2b". Empty: there is no number, or one that
// no block of the chain has (System.Number is a u32 in its runtime).
std::optional<std::uint64_t> block_number(const boost::json::value& header);

// Fails with malformed, naming what is wrong: no object, another version of JSON-RPC, an id that is
// not one of ours, neither result nor error.
config::Result<RpcMessage> parse_rpc_message(std::string_view text);

}  // namespace network
