// Text from outside on its way to a terminal, JSON, Prometheus and CSV.
#include "config/escape.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/hostile.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    for (const auto& safe :
         {config::printable(text), config::printable_lines(text), config::quoted(text),
          config::json_quoted(text, config::kWhole), config::label(text), config::csv_field(text)})
        fuzz::require(!tests::steers(safe));
    const auto once = config::printable(text, config::kWhole);
    fuzz::require(config::printable(once, config::kWhole) == once);
    for (const std::size_t most : {2, 7, 30})
        fuzz::require(config::columns(config::shortened(once, most)) <= most);
    const auto json = config::json_text(boost::json::serialize(boost::json::string(text)));
    fuzz::require(!tests::steers(json));
    boost::system::error_code error;
    const auto same = boost::json::parse(json, error);
    fuzz::require(!error && same.is_string());
    boost::json::parse(config::json_quoted(text, config::kWhole), error);
    fuzz::require(!error);
    return 0;
}
