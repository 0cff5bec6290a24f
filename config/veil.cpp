#include "config/veil.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace config {
namespace {

constexpr std::string_view kVeil = "***";
constexpr std::size_t kTooShortForAKey = 4;

bool all_of(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == text.npos;
}

// Parts of paths that say which service or network is meant, and versions: "v1", "v3.1".
bool is_known_word(std::string_view part) {
    constexpr std::array<std::string_view, 28> kWords{
        "archive",  "bittensor", "chain",   "finney",    "generate", "generations", "health",
        "http",     "https",     "images",  "jsonrpc",   "latest",   "mainnet",     "model",
        "models",   "network",   "node",    "openai",    "public",   "ready",       "resolve",
        "revision", "rpc",       "service", "subtensor", "testnet",  "websocket",   "wss"};
    if (part.starts_with('v') && all_of(part.substr(1), "0123456789.")) return true;
    return std::find(kWords.begin(), kWords.end(), part) != kWords.end();
}

bool is_harmless(std::string_view part) {
    return part.size() <= kTooShortForAKey || is_known_word(part);
}

// Each part between `separator`s by itself.
template <class Show>
void append_parts(std::string& out, std::string_view text, char separator, Show show) {
    for (;;) {
        const auto end = text.find(separator);
        show(text.substr(0, end));
        if (end == text.npos) return;
        out += separator;
        text.remove_prefix(end + 1);
    }
}

// host:port/path?query#fragment, perhaps with user:password@ in front. A password may hold any
// character, also those that end a host: the last @ of all counts.
void append_address(std::string& out, std::string_view rest) {
    if (const auto at = rest.rfind('@'); at != rest.npos) {
        out.append(kVeil) += '@';
        rest.remove_prefix(at + 1);
    }
    const auto host = rest.substr(0, rest.find_first_of("/?#"));
    out += host;
    rest.remove_prefix(host.size());
    const auto path = rest.substr(0, rest.find_first_of("?#"));
    append_parts(out, path, '/',
                 [&](std::string_view part) { out += is_harmless(part) ? part : kVeil; });
    rest.remove_prefix(path.size());
    if (rest.starts_with('?')) {
        out += '?';
        const auto query =
            rest.substr(1, rest.find('#') == rest.npos ? rest.npos : rest.find('#') - 1);
        append_parts(out, query, '&', [&](std::string_view part) {
            const auto equals = part.find('=');
            if (equals != part.npos) out += part.substr(0, equals + 1);
            const auto value = equals == part.npos ? part : part.substr(equals + 1);
            out += value.size() <= kTooShortForAKey ? value : kVeil;
        });
        rest.remove_prefix(1 + query.size());
    }
    if (!rest.empty()) out.append("#").append(kVeil);
}

// An address whose scheme was forgotten.
bool looks_like_address(std::string_view token) {
    const auto at = token.rfind('@');
    const bool has_password = at != token.npos && token.substr(0, at).find(':') != token.npos;
    const auto query = token.find('?');
    return has_password || (query != token.npos && token.find('=', query) != token.npos);
}

void append_token(std::string& out, std::string_view token) {
    constexpr std::string_view kEnds = ".,:;)]}";  // of a sentence, not of an address
    const auto last = token.find_last_not_of(kEnds);
    const auto size = last == token.npos ? 0 : last + 1;
    const auto address = token.substr(0, size);
    if (const auto scheme = address.find("://"); scheme != address.npos) {
        out += address.substr(0, scheme + 3);
        append_address(out, address.substr(scheme + 3));
    } else if (looks_like_address(address)) {
        append_address(out, address);
    } else {
        out += address;
    }
    out += token.substr(size);
}

bool ends_token(char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>';
}

}  // namespace

std::string veiled(std::string_view text) {
    std::string out;
    if (text.find("://") == text.npos && text.find('@') == text.npos && text.find('?') == text.npos)
        return out.assign(text);
    while (!text.empty()) {
        const auto end = std::find_if(text.begin(), text.end(), ends_token);
        append_token(out, text.substr(0, std::size_t(end - text.begin())));
        text.remove_prefix(std::size_t(end - text.begin()));
        if (text.empty()) break;
        out += text.front();
        text.remove_prefix(1);
    }
    return out;
}

}  // namespace config
