#include "miner/cli/moment.hpp"

#include "miner/cli/parse_number.hpp"

#include <cctype>

namespace miner {
namespace {

using Clock = std::chrono::system_clock;

std::int64_t unix_ms(Clock::time_point time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// "90m", "7d": so long before `now`.
std::optional<std::int64_t> parse_span(std::string_view text, Clock::time_point now) {
    constexpr std::string_view kUnits = "smhdw";
    constexpr std::int64_t kSeconds[] = {1, 60, 3'600, 86'400, 604'800};
    constexpr std::int64_t kLongest = 100LL * 366 * 86'400;
    if (text.empty()) return std::nullopt;
    const auto unit = kUnits.find(text.back());
    const auto count = parse_number<std::int64_t>(text.substr(0, text.size() - 1));
    if (unit == std::string_view::npos || !count || *count < 0 ||
        *count > kLongest / kSeconds[unit]) {
        return std::nullopt;
    }
    return unix_ms(now) - *count * kSeconds[unit] * 1'000;
}

// "2026-11-23", "2026-11-23T14:00", with seconds and a Z or without, in UTC.
std::optional<std::int64_t> parse_date(std::string_view text) {
    if (text.ends_with('Z')) text.remove_suffix(1);
    constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:dd";
    if (text.size() != 10 && text.size() != 16 && text.size() != 19) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit = std::isdigit(static_cast<unsigned char>(text[i]));
        const bool blank_for_t = kPattern[i] == 'T' && text[i] == ' ';
        if (kPattern[i] == 'd' ? !digit : (text[i] != kPattern[i] && !blank_for_t))
            return std::nullopt;
    }
    const auto part = [&](std::size_t at, std::size_t size) {
        return at < text.size() ? *parse_number<int>(text.substr(at, size)) : 0;
    };
    const std::chrono::year_month_day date{std::chrono::year(part(0, 4)),
                                           std::chrono::month(unsigned(part(5, 2))),
                                           std::chrono::day(unsigned(part(8, 2)))};
    const int hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const auto time = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                      std::chrono::minutes(minute) + std::chrono::seconds(second);
    return unix_ms(time);
}

}  // namespace

std::optional<std::int64_t> parse_moment(std::string_view text, Clock::time_point now) {
    const auto span = parse_span(text, now);
    return span ? span : parse_date(text);
}

}  // namespace miner
