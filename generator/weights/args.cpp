#include "generator/weights/args.hpp"

#include "generator/weights/files.hpp"
#include "generator/weights/refused.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace generator {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxBytes = 1 << 20;

std::optional<std::int64_t> as_integer(const json::value& value) {
    if (const auto* number = value.if_int64()) return *number;
    return std::nullopt;  // beyond 2^63 is no size of anything
}

std::optional<double> as_number(const json::value& value) {
    if (const auto* number = value.if_double()) return *number;
    if (const auto* number = value.if_int64()) return double(*number);
    if (const auto* number = value.if_uint64()) return double(*number);
    return std::nullopt;
}

std::string shortened(const json::value& value) {
    auto text = json::serialize(value);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    return text;
}

template <class T>
std::string range(T least, T most) {
    std::ostringstream out;
    out << "between " << least << " and " << most;
    return out.str();
}

}  // namespace

Args::Args(json::object object, std::string where)
    : object_(std::move(object)), where_(std::move(where)) {}

Args Args::parse(const Bytes& bytes, std::string where) {
    if (bytes.data.size() > kMaxBytes) refuse(Errc::bad_checkpoint, where + ": larger than 1 MiB");
    json::error_code code;
    json::parse_options options;
    options.max_depth = 16;
    auto value = json::parse(bytes.text(), code, {}, options);
    if (code) refuse(Errc::bad_checkpoint, where + ": no JSON (" + code.message() + ")");
    if (!value.is_object()) refuse(Errc::bad_checkpoint, where + ": no JSON object");
    return Args(std::move(value.get_object()), std::move(where));
}

void Args::refuse_key(std::string_view key, const std::string& why) const {
    refuse(Errc::bad_checkpoint, where_ + ": '" + std::string(key) + "' " + why);
}

bool Args::has(std::string_view key) const {
    if (!asked_.contains(key)) asked_.emplace(key);
    const auto* value = object_.if_contains(key);
    return value && !value->is_null();
}

const json::value& Args::at(std::string_view key) const {
    if (!has(key)) refuse_key(key, "is missing");
    return object_.at(key);
}

std::int64_t Args::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
    const auto& value = at(key);
    const auto number = as_integer(value);
    if (!number || *number < least || *number > most) {
        refuse_key(key,
                   "is " + shortened(value) + ", which is no whole number " + range(least, most));
    }
    return *number;
}

std::int64_t Args::integer_or(std::string_view key, std::int64_t absent, std::int64_t least,
                              std::int64_t most) const {
    return has(key) ? integer(key, least, most) : absent;
}

double Args::number(std::string_view key, double least, double most) const {
    const auto& value = at(key);
    const auto number = as_number(value);
    if (!number || !(*number >= least && *number <= most)) {
        refuse_key(key, "is " + shortened(value) + ", which is no number " + range(least, most));
    }
    return *number;
}

double Args::number_or(std::string_view key, double absent, double least, double most) const {
    return has(key) ? number(key, least, most) : absent;
}

bool Args::flag_or(std::string_view key, bool absent) const {
    if (!has(key)) return absent;
    const auto& value = at(key);
    if (!value.is_bool()) refuse_key(key, "is " + shortened(value) + ", neither true nor false");
    return value.get_bool();
}

std::string Args::text(std::string_view key) const {
    const auto& value = at(key);
    if (!value.is_string()) refuse_key(key, "is " + shortened(value) + ", which is no text");
    return std::string(value.get_string());
}

std::vector<std::int64_t> Args::integers(std::string_view key, std::size_t most_entries,
                                         std::int64_t least, std::int64_t most) const {
    const auto& value = at(key);
    if (!value.is_array() || value.get_array().size() > most_entries) {
        refuse_key(key, "is no list of at most " + std::to_string(most_entries) + " entries");
    }
    std::vector<std::int64_t> result;
    for (const auto& entry : value.get_array()) {
        const auto number = as_integer(entry);
        if (!number || *number < least || *number > most) {
            refuse_key(key, "holds " + shortened(entry) + ", which is no whole number " +
                                range(least, most));
        }
        result.push_back(*number);
    }
    return result;
}

std::vector<double> Args::numbers(std::string_view key, std::size_t most_entries, double least,
                                  double most) const {
    const auto& value = at(key);
    if (!value.is_array() || value.get_array().size() > most_entries) {
        refuse_key(key, "is no list of at most " + std::to_string(most_entries) + " entries");
    }
    std::vector<double> result;
    for (const auto& entry : value.get_array()) {
        const auto number = as_number(entry);
        if (!number || !(*number >= least && *number <= most)) {
            refuse_key(key,
                       "holds " + shortened(entry) + ", which is no number " + range(least, most));
        }
        result.push_back(*number);
    }
    return result;
}

Args Args::object(std::string_view key) const {
    const auto& value = at(key);
    if (!value.is_object()) refuse_key(key, "is no object");
    return Args(value.get_object(), where_ + ": " + std::string(key));
}

void Args::expect(std::string_view key, std::initializer_list<std::string_view> known) const {
    if (!has(key)) return;
    const auto value = text(key);
    if (std::find(known.begin(), known.end(), value) == known.end()) {
        refuse_key(key, "is '" + value.substr(0, 60) + "', which is not supported");
    }
}

void Args::expect(std::string_view key, bool known) const {
    if (flag_or(key, known) != known) {
        refuse_key(key,
                   std::string("is ") + (known ? "false" : "true") + ", which is not supported");
    }
}

void Args::expect_no_others(const std::vector<std::string_view>& harmless) const {
    for (const auto& [key, value] : object_) {
        if (value.is_null() || asked_.contains(std::string_view(key)) ||
            std::find(harmless.begin(), harmless.end(), key) != harmless.end())
            continue;
        refuse(Errc::bad_checkpoint,
               where_ + ": '" + std::string(key).substr(0, 60) +
                   "' is not known here: the network would be another than its file says");
    }
}

}  // namespace generator
