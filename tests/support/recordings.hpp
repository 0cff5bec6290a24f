// Recorded answers of the chain's nodes: gzipped files in the folder `chain` inside or beside the
// one of the vectors. A missing or broken file throws, which fails the test that asked.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// A file's text, unpacked: "metadata_v14.hex.gz".
std::string unpacked(std::string_view file);

// A file of hexadecimal text.
std::vector<std::uint8_t> recorded_bytes(std::string_view file);

// A file of answers by method and parameters. Cached; stays alive until the program ends.
const boost::json::object& recorded(std::string_view file);

// The "result" of the first answer to `method` whose parameters, as JSON text, contain
// `parameter`.
const boost::json::value& recorded_result(std::string_view file, std::string_view method,
                                          std::string_view parameter = "");

}  // namespace tests
