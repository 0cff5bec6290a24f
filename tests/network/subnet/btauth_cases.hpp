// The recorded requests of btauth.json, as a server gets them.
#pragma once

#include "network/http/message.hpp"
#include "network/wallet/keypair.hpp"
#include "tests/support/vectors.hpp"

#include <boost/json/value.hpp>

#include <string>

namespace tests {

inline network::ServerRequest btauth_request(const boost::json::value& entry) {
    const auto body = base64(entry, "body_base64");
    network::ServerRequest request;
    request.method = text(entry, "method");
    request.target = text(entry, "path");
    request.body.assign(body.begin(), body.end());
    for (const auto& header : entry.at("headers").as_object())
        request.headers.emplace_back(header.key(), std::string(header.value().as_string()));
    return request;
}

inline network::Keypair btauth_key(std::string_view who) {
    const auto digits = text(vectors("btauth.json").at("keys").at(who), "seed").substr(2);
    return network::Keypair::from_seed(network::Secret<32>(exactly<32>(from_hex(digits))));
}

}  // namespace tests
