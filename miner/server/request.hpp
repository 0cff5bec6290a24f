// A request's target taken apart, and the replies that every route needs. Pure.
#pragma once

#include "config/result.hpp"
#include "network/http/message.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

struct RouteRequest {
    std::string method;
    std::vector<std::string> path;  // decoded segments: "/api/tasks/7" is api, tasks, 7
    std::map<std::string, std::string> query;

    bool is(std::initializer_list<std::string_view> segments) const;
};

// Nothing when the target is malformed.
std::optional<RouteRequest> read_request(std::string method, std::string_view target);

// The path without the query, percent-encoding undone as read_request does: "/%67enerate" is
// "/generate". As it came when it is malformed.
std::string path_of(std::string_view target);

// A whole number from `least` to `most`; nothing for anything else.
std::optional<std::int64_t> read_number(std::string_view text, std::int64_t least,
                                        std::int64_t most);
// Likewise one with decimals: "0.6".
std::optional<double> read_decimal(std::string_view text, double least, double most);

// Rows of the database are below this, so that every reader of JSON has them whole.
inline constexpr std::int64_t kLargestRow = std::int64_t(1) << 53;

network::ServerReply not_found();
network::ServerReply wrong_value(std::string_view what);          // 400 about a parameter
network::ServerReply failure(const config::Error& error);         // of the database or the disk
network::ServerReply busy_reply(std::string words, int after_s);  // 503 with Retry-After
network::ServerReply words_reply(unsigned status, std::string words);  // {"error": words}
network::ServerReply json_reply(unsigned status, std::string json);
network::ServerReply json_reply(unsigned status, const boost::json::object& object);
network::ServerReply bytes_reply(std::string bytes, std::string_view type);

}  // namespace miner
