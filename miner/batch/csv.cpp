#include "miner/batch/csv.hpp"

#include "miner/batch/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace miner {
namespace {

bool is_blank(const std::string& field) {
    return field.find_first_not_of(" \t\r\f\v") == field.npos;
}

class Reader {
public:
    Reader(std::string_view text, const CsvLimits& limits, char separator)
        : text_(text), limits_(limits), separator_(separator), ends_{separator, '\n'} {}

    config::Result<std::vector<CsvRow>> read() {
        if (text_.find('\0') != text_.npos)
            return config::fail(BatchErrc::bad_list, "it holds a NUL, and is no text");
        while (at_ < text_.size()) {
            CsvRow row{line_, {}};
            if (auto wrong = read_row(row)) return *wrong;
            if (std::all_of(row.fields.begin(), row.fields.end(), is_blank)) continue;
            if (rows_.size() == limits_.rows)
                return config::fail(BatchErrc::too_large,
                                    fmt::format("more than {} lines", limits_.rows));
            rows_.push_back(std::move(row));
        }
        return std::move(rows_);
    }

private:
    using Wrong = std::optional<config::Error>;

    Wrong fault(BatchErrc code, std::size_t line, const std::string& what) const {
        return config::fail(code, fmt::format("line {}: {}", line, what));
    }

    Wrong read_row(CsvRow& row) {
        for (;;) {
            if (row.fields.size() == limits_.fields)
                return fault(BatchErrc::too_large, row.line,
                             fmt::format("more than {} fields", limits_.fields));
            auto& field = row.fields.emplace_back();
            if (at_ < text_.size() && text_[at_] == '"') {
                if (auto wrong = read_quoted(field)) return wrong;
            } else {
                const auto end = std::min(text_.find_first_of(ends_, at_), text_.size());
                field = text_.substr(at_, end - at_);
                at_ = end;
                if (at_ == text_.size() || text_[at_] == '\n')
                    if (field.ends_with('\r')) field.pop_back();
            }
            if (field.size() > limits_.bytes)
                return fault(BatchErrc::too_large, row.line,
                             fmt::format("a field of more than {} bytes", limits_.bytes));
            if (ends_row()) return std::nullopt;
            if (text_[at_] != separator_)
                return fault(BatchErrc::bad_list, line_,
                             "text behind a closing quote; a quote within quotes is written twice");
            ++at_;
        }
    }

    // Takes the end of the line, if that is what comes.
    bool ends_row() {
        if (text_.substr(at_).starts_with("\r\n")) ++at_;
        if (at_ < text_.size() && text_[at_] != '\n') return false;
        if (at_ < text_.size()) ++at_;
        ++line_;
        return true;
    }

    Wrong read_quoted(std::string& field) {
        const auto begin = line_;
        ++at_;
        for (;;) {
            const auto end = text_.find('"', at_);
            if (end == text_.npos)
                return fault(BatchErrc::bad_list, begin, "a quote is not closed");
            const auto piece = text_.substr(at_, end - at_);
            for (const char c : piece) line_ += c == '\n' ? 1 : 0;
            field += piece;
            at_ = end + 1;
            if (at_ == text_.size() || text_[at_] != '"') return std::nullopt;
            field += '"';
            ++at_;
        }
    }

    const std::string_view text_;
    const CsvLimits limits_;
    const char separator_;
    const std::string ends_;  // of a field without quotes
    std::size_t at_ = 0, line_ = 1;
    std::vector<CsvRow> rows_;
};

}  // namespace

char csv_separator(std::string_view text) {
    const auto header = text.substr(0, text.find('\n'));
    const bool semicolons = header.find(';') != header.npos && header.find(',') == header.npos;
    return semicolons ? ';' : ',';
}

config::Result<std::vector<CsvRow>> parse_csv(std::string_view text, const CsvLimits& limits,
                                              char separator) {
    return Reader(text, limits, separator).read();
}

}  // namespace miner
