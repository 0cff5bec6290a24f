// What a server of the OpenAI images API answers.
#pragma once

#include "network/base64.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace tests {

inline std::string http_ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string picture_answer(const std::vector<std::uint8_t>& file) {
    return http_ok(R"({"created":1,"data":[{"b64_json":")" + network::base64_encode(file) +
                   R"("}]})");
}

inline const char* const kNoPicture = "HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n";

}  // namespace tests
