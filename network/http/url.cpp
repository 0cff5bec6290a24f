#include "network/http/url.hpp"

#include "network/errc.hpp"
#include "network/http/client.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

namespace network {
namespace {

constexpr std::size_t kMostBytes = 8 << 10;  // signed addresses of storage services are long

config::Error refused(std::string_view text, std::string_view why) {
    return config::fail(Errc::malformed,
                        "address '" + std::string(text.substr(0, 200)) + "': " + std::string(why));
}

}  // namespace

config::Result<HttpUrl> parse_http_url(std::string_view text) {
    if (text.size() > kMostBytes) return refused(text, "too long");
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed) return refused(text, parsed.error().message());
    HttpUrl url;
    const std::string_view scheme = parsed->scheme();
    if (scheme != "http" && scheme != "https") return refused(text, "not http or https");
    url.tls = scheme == "https";
    if (parsed->has_userinfo()) return refused(text, "names a user");
    url.host = parsed->host_address();
    if (url.host.empty()) return refused(text, "names no host");
    url.port = parsed->has_port() ? parsed->port_number() : std::uint16_t(url.tls ? 443 : 80);
    if (url.port == 0) return refused(text, "port 0");
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

std::string to_text(const HttpUrl& url) {
    return (url.tls ? "https://" : "http://") + authority(url.host, url.port) + url.target;
}

}  // namespace network
