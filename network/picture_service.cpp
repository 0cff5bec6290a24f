#include "network/picture_service.hpp"

#include "config/escape.hpp"
#include "network/errc.hpp"
#include "network/http/status_words.hpp"
#include "network/http/timeout.hpp"
#include "network/picture_answer.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using config::fail;
using config::Result;

using Bytes = std::vector<std::uint8_t>;

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
    auto picture = picture_in_answer(answer->body);
    if (!picture)
        co_return config::Error{picture.error().code, where + ": " + picture.error().detail};
    co_return std::move(*picture);
}

}  // namespace network
