#include "config/shapes.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <string>

namespace config {
namespace {

constexpr double kLargestFactor = 100;

bool only(std::string_view text, std::string_view alphabet) {
    return text.find_first_not_of(alphabet) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kHostName =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

// 35 bytes in base58; the checksum is looked at where the address is used.
bool is_address(std::string_view text) {
    return text.size() >= 46 && text.size() <= 48 && only(text, kBase58);
}

bool is_port(std::string_view text) {
    int port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_ip(int family, std::string_view text) {
    unsigned char bytes[sizeof(in6_addr)];
    return ::inet_pton(family, std::string(text).c_str(), bytes) == 1;
}

// "::1" of "[::1]"; empty when there are no brackets.
std::string_view in_brackets(std::string_view text) {
    if (!text.starts_with('[') || !text.ends_with(']') || text.size() < 3) return {};
    return text.substr(1, text.size() - 2);
}

// "name", "1.2.3.4" or "[::1]".
bool is_host(std::string_view text) {
    if (text.starts_with('[')) return is_ip(AF_INET6, in_brackets(text));
    return !text.empty() && text.size() <= 253 && only(text, kHostName);
}

// Port 0: any free one.
bool is_listen(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return false;
    const auto host = text.substr(0, colon), port = text.substr(colon + 1);
    if (!is_port(port) && port != "0") return false;
    if (!host.starts_with('[')) return is_ip(AF_INET, host);
    // Of a link's own address, as in [fe80::1%eth0], the zone says on which link.
    const auto inner = in_brackets(host);
    const auto zone = inner.find('%');
    return is_ip(AF_INET6, inner.substr(0, zone)) &&
           (zone == inner.npos ||
            (zone + 1 < inner.size() && only(inner.substr(zone + 1), kHostName)));
}

bool is_token(std::string_view text) {
    return text.size() >= 16 && text.size() <= 256 &&
           only(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=");
}

bool is_validator(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto at = text.find('@');
    const auto colon = text.rfind(':');
    if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) return false;
    return is_address(text.substr(0, at)) && is_host(text.substr(at + 1, colon - at - 1)) &&
           is_port(text.substr(colon + 1));
}

bool is_url(std::string_view text, std::initializer_list<std::string_view> schemes) {
    for (const std::string_view scheme : schemes) {
        if (!text.starts_with(scheme)) continue;
        std::string_view authority = text.substr(scheme.size());
        authority = authority.substr(0, authority.find_first_of("/?#"));
        const auto colon = authority.rfind(':');
        const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
        if (!has_port) return is_host(authority);
        return is_host(authority.substr(0, colon)) && is_port(authority.substr(colon + 1));
    }
    return false;
}

// A name and a password may stand before the host.
bool is_socket_url(std::string_view text) {
    const auto begin = text.find("://"), at = text.find('@');
    if (begin == text.npos || at == text.npos || text.find_first_of("/?#", begin + 3) < at)
        return is_url(text, {"ws://", "wss://"});
    return is_url(std::string(text.substr(0, begin + 3)) += text.substr(at + 1),
                  {"ws://", "wss://"});
}

bool is_hash(std::string_view text) {
    return text.size() == 66 && text.starts_with("0x") &&
           only(text.substr(2), "0123456789abcdefABCDEF");
}

bool is_network(std::string_view text) {
    constexpr std::array<std::string_view, 5> kNames{"finney", "test", "archive", "latent-lite",
                                                     "local"};
    return std::find(kNames.begin(), kNames.end(), text) != kNames.end() || is_socket_url(text);
}

bool is_one_device(std::string_view text) {
    if (text == "cpu" || text == "cuda") return true;
    if (!text.starts_with("cuda:")) return false;
    const std::string_view number = text.substr(5);
    return !number.empty() && number.size() <= 2 && only(number, kDigits);
}

bool is_device(std::string_view text) {
    return text == "auto" || text == "none" || is_one_device(text);
}

bool is_operation(std::string_view text) {
    constexpr std::array<std::string_view, 3> kFilters{"detail", "edge_enhance", "smooth"};
    constexpr std::array<std::string_view, 4> kEnhancers{"sharpness", "contrast", "brightness",
                                                         "color"};
    if (std::find(kFilters.begin(), kFilters.end(), text) != kFilters.end()) return true;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view name = text.substr(0, colon), number = text.substr(colon + 1);
    double factor = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), factor);
    return std::find(kEnhancers.begin(), kEnhancers.end(), name) != kEnhancers.end() &&
           error == std::errc{} && end == number.data() + number.size() && factor >= 0 &&
           factor <= kLargestFactor;
}

}  // namespace

const Shape kValidatorShape{
    "HOTKEY@HOST:PORT, with the validator's SS58 address, or +HOTKEY@HOST:PORT", is_validator};
const Shape kAddressShape{"an SS58 address of 46 to 48 characters, or nothing",
                          [](std::string_view text) { return text.empty() || is_address(text); }};
const Shape kHotkeyShape{"an SS58 address of 46 to 48 characters", is_address};
const Shape kNameShape{"a name without slashes", [](std::string_view text) {
                           return !text.empty() && text != "." && text != ".." &&
                                  text.find('/') == std::string_view::npos;
                       }};
const Shape kPathShape{"a path", [](std::string_view text) { return !text.empty(); }};
const Shape kNetworkShape{"finney, test, archive, latent-lite, local, or a ws:// or wss:// URL",
                          is_network};
const Shape kUrlShape{"a URL such as wss://host:443, or nothing",
                      [](std::string_view text) { return text.empty() || is_socket_url(text); }};
const Shape kHashShape{"0x and 64 hexadecimal digits, or nothing",
                       [](std::string_view text) { return text.empty() || is_hash(text); }};
const Shape kHttpShape{"a URL such as https://host", [](std::string_view text) {
                           return is_url(text, {"http://", "https://"});
                       }};
const Shape kServiceShape{"a URL such as http://127.0.0.1:1234, or nothing",
                          [](std::string_view text) {
                              return text.empty() || is_url(text, {"http://", "https://"});
                          }};
const Shape kKeyShape{
    "1 to 512 visible ASCII characters without spaces, or nothing", [](std::string_view text) {
        return text.size() <= 512 &&
               std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
    }};
const Shape kListenShape{
    "ADDRESS:PORT with an IP address, as in 127.0.0.1:8080 or [::]:8080, or nothing",
    [](std::string_view text) { return text.empty() || is_listen(text); }};
const Shape kTokenShape{"16 to 256 letters, digits or any of - . _ ~ + / =, or nothing",
                        [](std::string_view text) { return text.empty() || is_token(text); }};
const Shape kDeviceShape{"auto, cpu, cuda, one GPU as in cuda:1, or none", is_device};
const Shape kOneDeviceShape{"cpu, cuda, or one GPU as in cuda:1", is_one_device};
const Shape kSomeDeviceShape{"auto, cpu, cuda, or one GPU as in cuda:1", [](std::string_view text) {
                                 return text == "auto" || is_one_device(text);
                             }};
const Shape kOperationShape{
    "sharpness, contrast, brightness or color with a factor from 0 to 100 as in sharpness:3.5, or "
    "detail, edge_enhance or smooth",
    is_operation};

}  // namespace config
