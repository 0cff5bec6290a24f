// Addresses as they may be shown. An endpoint's key is part of its URL (?apikey=KEY, /v3/KEY,
// user:password@): whoever prints an address, or words that may hold one, prints it by this
// function.
#pragma once

#include <string>
#include <string_view>

namespace config {

// `text` with *** for what may be a secret in each URL in it: names and passwords, parts of the
// path that are not known words, values of the query, fragments. Scheme, host and port stay. What
// holds no URL comes out as it is.
std::string veiled(std::string_view text);

}  // namespace config
