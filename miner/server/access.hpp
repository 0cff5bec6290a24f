// Who may ask what. Pure.
#pragma once

#include "config/result.hpp"
#include "network/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace miner {

// "127.0.0.1:8080" or "[::1]:8080", as the setting http.listen has it.
struct ListenAddress {
    std::string host;  // without brackets
    std::uint16_t port = 0;

    bool loopback() const;
};
ListenAddress parse_listen(std::string_view text);

class Access {
public:
    // Health is told to everyone. All else wants the token; without one, whoever reaches us on
    // loopback is let in, and beyond it nothing but /generate is answered. With `signing` a
    // signature would do, which is judged elsewhere: whoever comes here is let in by the token
    // alone.
    Access(std::string token, bool loopback, bool signing = false)
        : token_(std::move(token)), loopback_(loopback), signing_(signing) {}

    // The refusal, or nothing. `path` is the request's without its query.
    std::optional<network::ServerReply> refuse(const network::ServerRequest& request,
                                               std::string_view path) const;

private:
    bool shows_token(const network::ServerRequest& request) const;

    std::string token_;
    bool loopback_, signing_;
};

}  // namespace miner
