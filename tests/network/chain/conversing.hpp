// What tests of the connection to the chain share: options with which no busy machine is too slow,
// and a talk beside the connection it goes over.
#pragma once

#include "network/chain/rpc.hpp"
#include "network/errc.hpp"
#include "tests/network/chain/scripted_node.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <utility>
#include <vector>

namespace tests {

inline network::RpcOptions rpc_to(std::vector<network::Endpoint> endpoints) {
    network::RpcOptions options;
    options.endpoints = std::move(endpoints);
    options.limits.socket.connect = options.limits.socket.handshake = std::chrono::seconds(20);
    options.limits.request = options.limits.greeting = std::chrono::seconds(20);
    options.backoff = {.first = std::chrono::milliseconds(1),
                       .longest = std::chrono::milliseconds(5)};
    return options;
}

// Runs `talk` beside the connection it talks over.
inline void converse(network::RpcOptions options,
                     std::function<boost::asio::awaitable<void>(network::Rpc&)> talk) {
    boost::asio::io_context io{1};
    network::Rpc rpc(io.get_executor(), std::move(options));
    std::exception_ptr failure;
    boost::asio::co_spawn(io, rpc.run(), [&](std::exception_ptr error) {
        if (error) failure = error;
    });
    boost::asio::co_spawn(io, talk(rpc), [&](std::exception_ptr error) {
        if (error) failure = error;
        rpc.stop();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

inline network::Errc failure(const network::Rpc::Answer& answer) {
    REQUIRE_FALSE(answer.has_value());
    INFO(answer.error().message());
    REQUIRE(answer.error().code.category() == network::error_category());
    return network::Errc(answer.error().code.value());
}

// Answers a call with its name.
inline ScriptedNode::Script echo() {
    return [](const json::object& request) -> std::vector<std::string> {
        if (request.at("method") == "chain_subscribeNewHeads") return {};
        return {answer_to(request, request.at("method"))};
    };
}

}  // namespace tests
