// Header fields between Beast and our own values. Private to http/.
#pragma once

#include "network/http/message.hpp"

#include <boost/beast/http/fields.hpp>

namespace network {

inline HttpHeaders headers_of(const boost::beast::http::fields& fields) {
    HttpHeaders headers;
    for (const auto& field : fields)
        headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    return headers;
}

}  // namespace network
