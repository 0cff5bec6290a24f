#include "network/http/status_words.hpp"

#include <boost/beast/http/status.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <string_view>

namespace network {
namespace {

constexpr std::size_t kMostDigits = 9;  // of seconds: 30 years
constexpr std::size_t kLongestDate = 40;
constexpr std::size_t kLongestHost = 300;
constexpr std::size_t kLongestLocation = 8 << 10;

// RFC 9110, 10.2.3: seconds, or a date. Nothing when it is neither.
std::string words_of_delay(std::string_view value) {
    if (value.empty()) return {};
    if (value.find_first_not_of("0123456789") == value.npos)
        return value.size() > kMostDigits ? std::string() : std::string(value) + " s";
    const bool printable =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    const bool date = printable && value.size() <= kLongestDate && value.ends_with(" GMT");
    return date ? std::string(value) : std::string();
}

// What a URL consists of is printable ASCII by its grammar.
std::string words_of_location(std::string_view value) {
    if (value.size() > kLongestLocation) return "nowhere";
    const auto url = boost::urls::parse_uri_reference({value.data(), value.size()});
    if (!url) return "nowhere";
    if (!url->has_authority()) return "another path of the same server";
    const std::string_view scheme = url->scheme(), place = url->encoded_host_and_port();
    return (scheme.empty() ? "//" : std::string(scheme) + "://") +
           std::string(place.substr(0, kLongestHost));
}

}  // namespace

std::string status_words(unsigned status, const HttpHeaders& headers) {
    namespace http = boost::beast::http;
    auto words = "HTTP " + std::to_string(status);
    if (const auto known = http::int_to_status(status); known != http::status::unknown)
        words += " " + std::string(http::obsolete_reason(known));
    if (const auto location = find_header(headers, "location"); location && status / 100 == 3)
        words += ", leads to " + words_of_location(*location);
    if (const auto delay = find_header(headers, "retry-after"))
        if (const auto text = words_of_delay(*delay); !text.empty())
            words += ", retry after " + text;
    return words;
}

}  // namespace network
