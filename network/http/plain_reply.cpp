// By itself, so that the rules of requests can be fuzzed without what sends replies.
#include "network/http/reply.hpp"

#include <utility>

namespace network {

ServerReply plain_reply(unsigned status, std::string text) {
    return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text)};
}

}  // namespace network
