// One event as one line, for people or for programs. What comes from outside (validators, files)
// may stand in a value: it is escaped and cut, so that it can neither forge a line nor steer a
// terminal. Keys in addresses are veiled (config/veil.hpp).
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace config {

enum class Level { trace, debug, info, warn, error };

std::string_view name_of(Level level);  // "info"

// A name and a value of an event. Only what stands here can be logged: a secret has no conversion
// to any of it.
struct LogField {
    std::string_view name;  // a literal
    std::variant<std::string, std::int64_t, std::uint64_t, double, bool> value;

    template <class T>
    requires std::convertible_to<const T&, std::string_view> LogField(std::string_view n,
                                                                      const T& v)
        : name(n), value(std::string(std::string_view(v))) {}

    template <class T>
    requires std::is_arithmetic_v<T> LogField(std::string_view n, T v) : name(n) {
        if constexpr (std::is_same_v<T, bool>) {
            value = v;
        } else if constexpr (std::is_floating_point_v<T>) {
            value = double(v);
        } else if constexpr (std::is_unsigned_v<T>) {
            value = std::uint64_t(v);
        } else {
            value = std::int64_t(v);
        }
    }

    // In whole milliseconds; the name says so: "ms", "wait_ms".
    template <class Rep, class Period>
    LogField(std::string_view n, std::chrono::duration<Rep, Period> v)
        : name(n),
          value(std::int64_t(std::chrono::duration_cast<std::chrono::milliseconds>(v).count())) {}
};

struct LogEvent {
    std::chrono::system_clock::time_point time;
    Level level = Level::info;
    std::string_view event;  // "sparse", "retry successful": what operators grep for
    std::span<const LogField> fields;
};

// 2026-11-23 14:02:11.123 INFO  sparse task=4f1c attempt=1 gaussians=97000      (local time, no
// newline)
std::string text_line(const LogEvent& event);

// {"time":"2026-11-23T14:02:11.123Z","level":"info","event":"sparse","task":"4f1c","attempt":1}
// (UTC, no newline)
std::string json_line(const LogEvent& event);

}  // namespace config
