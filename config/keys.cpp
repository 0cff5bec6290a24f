#include "config/keys.hpp"

#include "config/escape.hpp"
#include "config/veil.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <type_traits>

namespace config {
namespace {

constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kLongestList = 256;
constexpr std::size_t kEcho = 80;  // bytes of a wrong value that a fault repeats

template <class T>
constexpr bool kIsDuration = std::is_same_v<T, seconds> || std::is_same_v<T, milliseconds>;
template <class T>
constexpr bool kIsInteger = std::is_same_v<T, int> || std::is_same_v<T, std::int64_t>;
template <class T>
using Target = std::remove_pointer_t<std::decay_t<T>>;

// Calls fn with the pointer to the key's value.
template <class Fn>
auto with_field(const Key& key, Settings& settings, Fn fn) {
    return std::visit(fn, key.field(settings));
}

std::string number_text(double value) {
    // Limits are whole numbers more often than not; large ones must not come out as 1e+06.
    if (value == std::floor(value) && std::abs(value) < 1e17)
        return fmt::format("{}", std::int64_t(value));
    return fmt::format("{}", value);
}

std::string echo(const Value& value) {
    return std::visit(
        [](const auto& v) -> std::string {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<T, std::string>) {
                return quoted(veiled(v), kEcho);
            } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
                return fmt::format("a list of {}", v.size());
            } else {
                return fmt::format("{}", v);
            }
        },
        value);
}

std::string wrong(const Key& key, const Value& value, std::string_view how) {
    return fmt::format("{} {}: give {}", key.secret ? "the value" : echo(value), how,
                       expectation_of(key));
}

std::optional<double> number_of(const Value& value) {
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return double(*whole);
    if (const auto* real = std::get_if<double>(&value)) return *real;
    return std::nullopt;
}

std::optional<std::string> out_of_range(const Key& key, const Value& value, double number) {
    if (!std::isfinite(number)) return wrong(key, value, "is no number to work with");
    if (number < key.least) return wrong(key, value, "is too small");
    if (number > key.most) return wrong(key, value, "is too large");
    return std::nullopt;
}

std::optional<std::string> wrong_text(const Key& key, const std::string& text) {
    if (text.size() > kLongestText) return wrong(key, text, "is too long");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(text.begin(), text.end(), control))
        return wrong(key, text, "has control characters");
    const bool chosen =
        std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end();
    if (!key.choices.empty() && !chosen) return wrong(key, text, "is not among the choices");
    if (key.shape && !key.shape->fits(text)) return wrong(key, text, "does not fit");
    return std::nullopt;
}

template <class Duration>
std::optional<std::string> assign_duration(const Key& key, const Value& value, Duration& target) {
    const auto number = number_of(value);
    if (!number) return wrong(key, value, "is no number");
    if (auto fault = out_of_range(key, value, *number)) return fault;
    if constexpr (std::is_same_v<Duration, seconds>) {
        if (*number != std::floor(*number)) return wrong(key, value, "is no whole number");
        target = seconds(std::int64_t(*number));
    } else {
        target = milliseconds(std::llround(*number * 1000));
    }
    return std::nullopt;
}

template <class T>
std::optional<std::string> assign_to(const Key& key, const Value& value, T& target) {
    if constexpr (kIsDuration<T>) {
        return assign_duration(key, value, target);
    } else if constexpr (kIsInteger<T>) {
        const auto* whole = std::get_if<std::int64_t>(&value);
        if (!whole) return wrong(key, value, "is no whole number");
        if (auto fault = out_of_range(key, value, double(*whole))) return fault;
        target = T(*whole);
    } else if constexpr (std::is_same_v<T, double>) {
        const auto number = number_of(value);
        if (!number) return wrong(key, value, "is no number");
        if (auto fault = out_of_range(key, value, *number)) return fault;
        target = *number;
    } else if constexpr (std::is_same_v<T, bool>) {
        const auto* flag = std::get_if<bool>(&value);
        if (!flag) return wrong(key, value, "is neither true nor false");
        target = *flag;
    } else if constexpr (std::is_same_v<T, std::string>) {
        const auto* text = std::get_if<std::string>(&value);
        if (!text) return wrong(key, value, "is no text in quotes");
        if (auto fault = wrong_text(key, *text)) return fault;
        target = *text;
    } else {
        const auto* list = std::get_if<std::vector<std::string>>(&value);
        if (!list) return wrong(key, value, "is no list");
        if (list->size() > kLongestList) return wrong(key, value, "entries is too long");
        for (const std::string& entry : *list) {
            if (auto fault = wrong_text(key, entry)) return fault;
        }
        target = *list;
    }
    return std::nullopt;
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
        text.remove_prefix(1);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
        text.remove_suffix(1);
    return text;
}

std::vector<std::string> split_list(const std::vector<std::string>& texts) {
    std::vector<std::string> entries;
    for (std::string_view rest : texts) {
        while (true) {
            const auto comma = rest.find(',');
            const std::string_view entry = trimmed(rest.substr(0, comma));
            if (!entry.empty()) entries.emplace_back(entry);
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return entries;
}

std::optional<bool> parse_bool(std::string_view text) {
    std::string word(text);
    for (char& c : word) c = char(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string_view yes : {"true", "yes", "on", "1"}) {
        if (word == yes) return true;
    }
    for (const std::string_view no : {"false", "no", "off", "0"}) {
        if (word == no) return false;
    }
    return std::nullopt;
}

// The value that `text` stands for in the type T, or the text itself if it stands for none.
template <class T>
Value value_from_text(const std::string& text) {
    if constexpr (std::is_same_v<T, bool>) {
        if (const auto flag = parse_bool(trimmed(text))) return *flag;
    } else if constexpr (!std::is_same_v<T, std::string>) {
        if (const auto whole = parse_number<std::int64_t>(trimmed(text))) return *whole;
        if constexpr (!kIsInteger<T>) {
            if (const auto real = parse_number<double>(trimmed(text))) return *real;
        }
    }
    return text;
}

std::string list_text(const std::vector<std::string>& list) {
    std::string text = "[";
    for (const std::string& entry : list) {
        if (text.size() > 1) text += ", ";
        text += json_quoted(veiled(entry), kLongestText);
    }
    return text += ']';
}

}  // namespace

const Key* find_key(std::string_view name) {
    for (const Key& key : keys()) {
        if (key.name == name) return &key;
    }
    return nullptr;
}

std::string flag_of(const Key& key) { return "--" + std::string(key.name); }

std::vector<std::string> variables_of(const Key& key) {
    std::string own = "MINER_";
    for (const char c : key.name)
        own += c == '.' ? '_' : char(std::toupper(static_cast<unsigned char>(c)));
    std::vector<std::string> names{own};
    names.insert(names.end(), key.variables.begin(), key.variables.end());
    return names;
}

std::string type_of(const Key& key) {
    Settings settings;
    return with_field(key, settings, [](auto* target) -> std::string {
        using T = Target<decltype(target)>;
        if constexpr (std::is_same_v<T, bool>) return "true or false";
        if constexpr (kIsInteger<T>) return "whole number";
        if constexpr (std::is_same_v<T, double>) return "number";
        if constexpr (std::is_same_v<T, seconds>) return "whole seconds";
        if constexpr (std::is_same_v<T, milliseconds>) return "seconds";
        if constexpr (std::is_same_v<T, std::string>) return "text";
        return "list of texts";
    });
}

std::string expectation_of(const Key& key) {
    const std::string type = type_of(key);
    const bool list = type.starts_with("list");
    if (!key.choices.empty()) {
        const std::string choices = fmt::format("{}", fmt::join(key.choices, ", "));
        return list ? "a list of any of " + choices : "one of " + choices;
    }
    if (key.shape) return (list ? "a list, each entry " : "") + std::string(key.shape->expected);
    if (type == "true or false") return type;
    if (list) return "a list of texts";
    if (type == "text") return fmt::format("a text of at most {} characters", kLongestText);
    const std::string_view article = type.ends_with("number") ? "a " : "";
    return fmt::format("{}{} from {} to {}", article, type, number_text(key.least),
                       number_text(key.most));
}

std::string value_of(const Key& key, const Settings& settings) {
    // Field points to what it may change; this one only looks.
    Settings copy = settings;
    return with_field(key, copy, [&](auto* target) -> std::string {
        using T = Target<decltype(target)>;
        if constexpr (std::is_same_v<T, std::string>) {
            if (key.secret) return target->empty() ? "\"\"" : "\"(set)\"";
            return json_quoted(veiled(*target), kLongestText);
        }
        if constexpr (std::is_same_v<T, seconds>) return fmt::format("{}", target->count());
        if constexpr (std::is_same_v<T, milliseconds>)
            return number_text(double(target->count()) / 1000);
        if constexpr (std::is_same_v<T, double>) return number_text(*target);
        if constexpr (std::is_same_v<T, bool> || kIsInteger<T>) return fmt::format("{}", *target);
        if constexpr (std::is_same_v<T, std::vector<std::string>>) return list_text(*target);
    });
}

std::optional<std::string> assign(const Key& key, const Value& value, Settings& settings) {
    return with_field(key, settings, [&](auto* target) { return assign_to(key, value, *target); });
}

std::optional<std::string> assign_text(const Key& key, const std::vector<std::string>& texts,
                                       Settings& settings) {
    const Value value = with_field(key, settings, [&](auto* target) -> Value {
        using T = Target<decltype(target)>;
        if constexpr (std::is_same_v<T, std::vector<std::string>>) return split_list(texts);
        return value_from_text<T>(texts.empty() ? std::string{} : texts.back());
    });
    return assign(key, value, settings);
}

std::string settings_hash(const Settings& settings) {
    std::vector<std::string> lines;
    for (const Key& key : keys())
        lines.push_back(std::string(key.name) + '=' + value_of(key, settings) + '\n');
    std::sort(lines.begin(), lines.end());
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const std::string& line : lines) {
        for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    return fmt::format("{:016x}", hash);
}

}  // namespace config
