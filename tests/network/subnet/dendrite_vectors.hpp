// What was recorded of the SDK's requests and answers, and how its values are read.
#pragma once

#include "tests/support/vectors.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

namespace tests {

inline const boost::json::object& dendrite() { return vectors("dendrite.json"); }

inline std::string lower(std::string_view name) {
    std::string text(name);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return text;
}

}  // namespace tests
