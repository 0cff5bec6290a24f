#include "config/log_line.hpp"

#include "config/escape.hpp"
#include "config/veil.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace config {
namespace {

int milliseconds_of(std::chrono::system_clock::time_point time) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch();
    return int(((since.count() % 1000) + 1000) % 1000);
}

std::tm seconds_of(std::chrono::system_clock::time_point time, bool local) {
    const std::time_t whole =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
    return local ? fmt::localtime(whole) : fmt::gmtime(whole);
}

std::string text_value(const LogField& field) {
    return std::visit(
        [](const auto& value) -> std::string {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
                const auto shown = veiled(value);
                return is_plain(shown) && shown.size() <= 2000 ? shown : config::quoted(shown);
            } else {
                return fmt::format("{}", value);
            }
        },
        field.value);
}

std::string json_value(const LogField& field) {
    return std::visit(
        [](const auto& value) -> std::string {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::string>) {
                return json_quoted(veiled(value));
            } else if constexpr (std::is_same_v<T, double>) {
                return std::isfinite(value) ? fmt::format("{}", value) : "null";
            } else {
                return fmt::format("{}", value);
            }
        },
        field.value);
}

}  // namespace

std::string_view name_of(Level level) {
    switch (level) {
        case Level::trace:
            return "trace";
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "info";
}

std::string text_line(const LogEvent& event) {
    constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR"};
    std::string line =
        fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} {} {}", seconds_of(event.time, true),
                    milliseconds_of(event.time), kNames[int(event.level)], event.event);
    for (const LogField& field : event.fields) {
        fmt::format_to(std::back_inserter(line), " {}={}", field.name, text_value(field));
    }
    return line;
}

// By hand: Boost.JSON writes 0.5 as 5E-1, leaves bytes that are no UTF-8 as they are, and would
// build an object for each line of the log.
std::string json_line(const LogEvent& event) {
    std::string line =
        fmt::format(R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}","event":{})",
                    seconds_of(event.time, false), milliseconds_of(event.time),
                    name_of(event.level), json_quoted(event.event));
    for (const LogField& field : event.fields) {
        fmt::format_to(std::back_inserter(line), ",{}:{}", json_quoted(field.name),
                       json_value(field));
    }
    return line += '}';
}

}  // namespace config
