#include "miner/server/request.hpp"

#include "config/escape.hpp"
#include "storage/errc.hpp"

#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>

namespace miner {

bool RouteRequest::is(std::initializer_list<std::string_view> segments) const {
    return std::equal(path.begin(), path.end(), segments.begin(), segments.end());
}

std::optional<RouteRequest> read_request(std::string method, std::string_view target) {
    const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
    if (!url) return std::nullopt;
    RouteRequest request{.method = std::move(method)};
    for (const auto segment : url->segments()) request.path.push_back(segment);
    for (const auto param : url->params()) request.query[param.key] = param.value;
    return request;
}

std::string path_of(std::string_view target) {
    const auto path = target.substr(0, target.find('?'));
    const auto url = boost::urls::parse_origin_form({path.data(), path.size()});
    return url ? url->path() : std::string(path);
}

std::optional<std::int64_t> read_number(std::string_view text, std::int64_t least,
                                        std::int64_t most) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (value < least || value > most) return std::nullopt;
    return value;
}

std::optional<double> read_decimal(std::string_view text, double least, double most) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (!(value >= least && value <= most)) return std::nullopt;  // no number is not either
    return value;
}

network::ServerReply not_found() { return words_reply(404, "there is nothing at this path"); }

network::ServerReply wrong_value(std::string_view what) {
    return words_reply(400, std::string(what) + ": not a value that is taken here");
}

network::ServerReply failure(const config::Error& error) {
    const bool missing = error.code == storage::Errc::missing;
    return words_reply(missing ? 404 : 503, error.message());
}

network::ServerReply busy_reply(std::string words, int after_s) {
    auto reply = words_reply(503, std::move(words));
    reply.headers.emplace_back("retry-after", std::to_string(after_s));
    return reply;
}

network::ServerReply words_reply(unsigned status, std::string words) {
    return json_reply(status, boost::json::object{{"error", std::move(words)}});
}

network::ServerReply json_reply(unsigned status, std::string json) {
    return {status, {{"content-type", "application/json"}}, config::json_text(std::move(json))};
}

network::ServerReply json_reply(unsigned status, const boost::json::object& object) {
    return json_reply(status, boost::json::serialize(object) + "\n");
}

network::ServerReply bytes_reply(std::string bytes, std::string_view type) {
    return {200, {{"content-type", std::string(type)}}, std::move(bytes)};
}

}  // namespace miner
