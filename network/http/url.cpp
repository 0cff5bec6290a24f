#include "network/http/url.hpp"

#include "config/veil.hpp"
#include "network/errc.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace network {
namespace {

constexpr std::size_t kMostBytes = 8 << 10;  // signed addresses of storage services are long

config::Error refused(std::string_view text, std::string_view why) {
    return config::fail(Errc::malformed, "address '" + config::veiled(text).substr(0, 200) +
                                             "': " + std::string(why));
}

// RFC 3986, 6.2.2.1: schemes and hosts are the same in any letter case.
std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = char(c + 32);
    return out;
}

// Of a URL or an authority, in one way of writing each address; empty for what is no host.
template <class Parsed>
std::string host_of(const Parsed& parsed) {
    switch (parsed.host_type()) {
        case boost::urls::host_type::ipv4:
            return parsed.host_ipv4_address().to_string();
        case boost::urls::host_type::ipv6:
            return parsed.host_ipv6_address().to_string();
        case boost::urls::host_type::name: {
            auto name = lower(parsed.host_address());  // %2F is "/" by now
            return is_host_name(name) ? name : std::string();
        }
        default:
            return {};
    }
}

// `usual` where none is said, as in "http://host" and "http://host:/"; nothing for one that is
// none. Boost's own port_number() of 99999 is 34463.
template <class Parsed>
std::optional<std::uint16_t> port_of(const Parsed& parsed, std::uint16_t usual) {
    const std::string_view text = parsed.port();
    if (text.empty()) return usual;
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && port != 0 ? std::optional(port) : std::nullopt;
}

}  // namespace

std::string authority(const std::string& host, std::uint16_t port) {
    // The zone of a link-local address means something on this machine alone.
    const std::string name = host.substr(0, host.find('%'));
    const bool v6 = name.find(':') != name.npos;
    return (v6 ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

std::string host_field(const std::string& host, std::uint16_t port, bool tls) {
    auto field = authority(host, port);
    if (port == (tls ? 443 : 80)) field.erase(field.rfind(':'));
    return field;
}

bool is_host_name(std::string_view text) {
    const auto allowed = [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '.' || c == '_';
    };
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), allowed);
}

config::Result<HttpUrl> parse_http_url(std::string_view text) {
    if (text.size() > kMostBytes) return refused(text, "too long");
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed) return refused(text, parsed.error().message());
    HttpUrl url;
    const auto scheme = lower(parsed->scheme());
    if (scheme != "http" && scheme != "https") return refused(text, "not http or https");
    url.tls = scheme == "https";
    if (parsed->has_userinfo()) return refused(text, "names a user");
    url.host = host_of(*parsed);
    if (url.host.empty()) return refused(text, "names no host");
    const auto port = port_of(*parsed, url.tls ? 443 : 80);
    if (!port) return refused(text, "the port is not from 1 to 65535");
    url.port = *port;
    const std::string_view target = parsed->encoded_target();
    url.target = target.empty() ? "/" : std::string(target);
    if (url.target.front() != '/') url.target.insert(0, "/");
    return url;
}

config::Result<HttpUrl> redirected(const HttpUrl& base, std::string_view location) {
    if (location.size() > kMostBytes) return refused(location, "too long");
    const auto base_text = to_text(base);
    const auto from = boost::urls::parse_uri(base_text);
    const auto to = boost::urls::parse_uri_reference(location);
    if (!from || !to) return refused(location, "no address");
    boost::urls::url resolved;
    if (!boost::urls::resolve(*from, *to, resolved)) return refused(location, "no address");
    auto url = parse_http_url(std::string_view(resolved.data(), resolved.size()));
    if (url && base.tls && !url->tls) return refused(location, "leads from https down to http");
    return url;
}

std::optional<HostAndPort> parse_host(std::string_view text) {
    if (text.size() > kMostBytes) return std::nullopt;
    const auto parsed = boost::urls::parse_authority({text.data(), text.size()});
    if (!parsed || parsed->has_userinfo()) return std::nullopt;
    auto host = host_of(*parsed);
    const auto port = port_of(*parsed, 0);
    if (host.empty() || !port) return std::nullopt;
    return HostAndPort{std::move(host), *port};
}

std::string shown(const HttpUrl& url) { return config::veiled(to_text(url)); }

std::string to_text(const HttpUrl& url) {
    return (url.tls ? "https://" : "http://") + authority(url.host, url.port) + url.target;
}

}  // namespace network
