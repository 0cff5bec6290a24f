// What a server of the OpenAI images API answers, which is not trusted. Pure; any thread.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace network {

// The bytes of the picture file in {"data": [{"b64_json": "..."}]}. Fails with malformed, saying
// what is missing. Depth and memory are bounded (network/json_fields.hpp).
config::Result<std::vector<std::uint8_t>> picture_in_answer(std::string_view body);

}  // namespace network
