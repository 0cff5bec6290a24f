// A model hub on loopback, for tests of its client.
#pragma once

#include "network/simulator/at_once.hpp"
#include "network/simulator/faulty_server.hpp"
#include "weights/hub.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <string>
#include <utility>

namespace tests {

// Runs `use(hub)`, a coroutine, against what `far` answers beneath `path`, whole unless it says
// otherwise, and returns what it returns.
template <class Far, class Use>
auto with_hub(Far& far, Use use, std::string token = {}, const std::string& path = "/hub/") {
    boost::asio::io_context io{1};
    auto handler = network::at_once<network::FaultyServer::Answer>(
        [&](const network::ServerRequest& request) { return far(request); });
    auto server = network::FaultyServer::listen(io, "127.0.0.1", 0, std::move(handler), {}).value();
    const auto endpoint = "http://127.0.0.1:" + std::to_string(server->port()) + path;
    weights::Hub hub({.endpoint = network::parse_http_url(endpoint).value(),
                      .token = std::move(token),
                      .tls = nullptr,
                      .connections = 3,
                      .segment_bytes = 128,
                      .tries = 3,
                      .backoff = {.first = std::chrono::milliseconds(1)}});
    auto result = boost::asio::co_spawn(io, use(hub), boost::asio::use_future);
    boost::asio::co_spawn(
        io, [&]() -> boost::asio::awaitable<void> { co_await server->run(); },
        [](std::exception_ptr) {});
    while (result.wait_for(std::chrono::seconds(0)) != std::future_status::ready) io.run_one();
    server->stop();
    io.run();
    return result.get();
}

inline std::string header(const network::ServerRequest& request, const char* name) {
    const auto value = network::find_header(request.headers, name);
    return value ? std::string(*value) : "";
}

// `content`, or the range of it that the request asks for.
inline network::ServerReply by_ranges(const std::string& content,
                                      const network::ServerRequest& request) {
    const auto range = header(request, "range");
    if (range.empty()) return {.status = 200, .headers = {}, .body = content};
    const auto first = std::stoul(range.substr(6)),
               last = std::stoul(range.substr(range.find('-') + 1));
    return {.status = 206,
            .headers = {{"content-range", "bytes " + std::to_string(first) + "-" +
                                              std::to_string(last) + "/" +
                                              std::to_string(content.size())}},
            .body = content.substr(first, last - first + 1)};
}

}  // namespace tests
