// A function that answers at once, as a handler of a server whose handlers may take their time.
#pragma once

#include "network/http/message.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <utility>

namespace network {

// `answer` makes an Answer, or what one begins with, of a `const ServerRequest&`.
template <class Answer, class Function>
std::function<boost::asio::awaitable<Answer>(ServerRequest)> at_once(Function answer) {
    return [answer = std::move(answer)](ServerRequest request) -> boost::asio::awaitable<Answer> {
        Answer made{answer(request)};
        co_return made;
    };
}

}  // namespace network
