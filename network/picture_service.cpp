#include "network/picture_service.hpp"

#include "config/escape.hpp"
#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/http/status_words.hpp"
#include "network/http/timeout.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using config::fail;
using config::Result;

using Bytes = std::vector<std::uint8_t>;

// {"data": [{"b64_json": "..."}]}; nothing when it is not.
const json::string* picture_in(const json::value& answer) {
    const auto* root = answer.if_object();
    const auto* data = root ? root->if_contains("data") : nullptr;
    const auto* list = data ? data->if_array() : nullptr;
    const auto* first = list && !list->empty() ? list->front().if_object() : nullptr;
    const auto* text = first ? first->if_contains("b64_json") : nullptr;
    return text ? text->if_string() : nullptr;
}

}  // namespace

asio::awaitable<Result<Bytes>> PictureService::make(std::string prompt) {
    const auto side = std::to_string(options_.side);
    json::object body{
        {"prompt", prompt}, {"n", 1}, {"size", side + "x" + side}, {"response_format", "b64_json"}};
    if (!options_.model.empty()) body["model"] = options_.model;
    const auto& endpoint = options_.endpoint;
    HttpRequest request{
        .host = endpoint.host,
        .port = endpoint.port,
        .method = "POST",
        .target = endpoint.target == "/" ? "/v1/images/generations" : endpoint.target,
        .headers = {{"Content-Type", "application/json"}},
        .body = config::json_text(json::serialize(body))};
    if (!options_.token.empty())
        request.headers.emplace_back("Authorization", "Bearer " + options_.token);
    if (endpoint.tls) request.tls = options_.tls;
    HttpLimits limits;
    limits.write = limits.read = options_.deadline;
    limits.body_bytes = options_.picture_bytes / 3 * 4 + (64 << 10);
    const auto where = shown(endpoint);

    // Each phase has a limit of its own; together they would take longer than the deadline.
    auto call = network::request(std::move(request), limits);
    auto in_time = co_await with_timeout(std::move(call), options_.deadline);
    if (!in_time)
        co_return fail(Errc::read_timeout,
                       where + ": no picture within " +
                           std::to_string(options_.deadline.count() / 1000.0).substr(0, 5) + " s");
    const auto answer = std::move(*in_time);
    if (!answer) co_return answer.error();
    if (answer->status != 200)
        co_return fail(Errc::bad_status,
                       where + ": " + status_words(answer->status, answer->headers));
    boost::system::error_code error;
    const auto parsed = json::parse(answer->body, error, {}, {.max_depth = 8});
    const auto* text = error ? nullptr : picture_in(parsed);
    if (!text) co_return fail(Errc::malformed, where + ": no data[0].b64_json in its answer");
    auto picture = base64_decode_loosely(*text);
    if (!picture || picture->bytes.empty())
        co_return fail(Errc::malformed, where + ": data[0].b64_json is no base64 of a picture");
    co_return std::move(picture->bytes);
}

}  // namespace network
