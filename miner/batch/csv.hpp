// Comma-separated values (RFC 4180), as spreadsheets write them, those with semicolons for commas
// among them. Pure; any thread.
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

struct CsvRow {
    std::size_t line = 1;  // on which it begins
    std::vector<std::string> fields;
};

struct CsvLimits {
    std::size_t rows = 100'001;
    std::size_t fields = 256;     // of a row
    std::size_t bytes = 1 << 16;  // of a field
};

// What stands between the fields of a table with this first line: a semicolon where there are some
// and no comma, as spreadsheets write it where the comma is the decimal one.
char csv_separator(std::string_view text);

// Rows end with LF or CRLF; a field in quotes may hold commas, line ends, and quotes as "". Rows
// of which all fields are blank are left out. Fails with BatchErrc::bad_list for a quote that is
// not closed, for text behind a closing one and for a NUL, and with too_large; the detail begins
// with the line.
config::Result<std::vector<CsvRow>> parse_csv(std::string_view text, const CsvLimits& limits = {},
                                              char separator = ',');

}  // namespace miner
