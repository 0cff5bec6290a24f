#include "network/subnet/dendrite_auth.hpp"

#include "network/hex.hpp"
#include "network/wallet/hash.hpp"
#include "network/wallet/ss58.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace network {
namespace {

constexpr std::int64_t kFirstVersionOfWindow = 7'002'000;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto* end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, number);
    if (status != std::errc() || stop != end || text.empty()) return std::nullopt;
    return number;
}

double seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string fault_of_hex(std::string_view digits) {
    const auto at = digits.find_first_not_of("0123456789abcdefABCDEF");
    if (at == digits.npos) return "Invalid signature";
    return std::string("Invalid hex string: InvalidHexCharacter { c: '") + digits[at] +
           "', index: " + std::to_string(at) + " }";
}

template <class... Numbers>
std::string printed(const char* format, Numbers... numbers) {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), format, numbers...);
    return text.data();
}

// Of a caller's first nonce.
std::optional<AuthRefusal> check_age(const DendriteHead& head, std::int64_t now_ns,
                                     const DendriteRules& rules) {
    const double age_s = (static_cast<double>(now_ns) - static_cast<double>(*head.nonce)) / 1e9;
    double timeout_s = head.timeout_s.value_or(0);
    if (rules.longest_timeout) timeout_s = std::min(timeout_s, seconds(*rules.longest_timeout));
    const double allowed_s = seconds(rules.window) + timeout_s;
    const bool has_window =
        rules.old_versions_too || head.version.value_or(0) >= kFirstVersionOfWindow;
    if (has_window && age_s >= allowed_s) {
        return AuthRefusal{AuthFault::stale,
                           printed("Nonce is too old: acceptable delta is %.2f seconds but request "
                                   "was %.2f seconds old",
                                   allowed_s, age_s)};
    }
    return std::nullopt;
}

}  // namespace

const std::string& empty_body_hash() {
    static const std::string hash = to_hex(sha3_256({}));
    return hash;
}

DendriteHead::DendriteHead(const HttpHeaders& headers) {
    const auto number = [&](std::string_view name, auto& target) {
        const auto text = find_header(headers, name);
        if (!text) return;
        target = parse_number<typename std::decay_t<decltype(target)>::value_type>(*text);
        if (!target) sound = false;
    };
    number("timeout", timeout_s);
    if (timeout_s && !std::isfinite(*timeout_s)) sound = false;
    number("bt_header_dendrite_nonce", nonce);
    number("bt_header_dendrite_version", version);
    hotkey = find_header(headers, "bt_header_dendrite_hotkey");
    uuid = find_header(headers, "bt_header_dendrite_uuid");
    signature = find_header(headers, "bt_header_dendrite_signature");
    hash = find_header(headers, "computed_body_hash");
}

std::string DendriteHead::caller() const {
    return std::string(hotkey.value_or("None")) + ":" + std::string(uuid.value_or("None"));
}

bool is_dendrite(const HttpHeaders& headers) {
    return find_header(headers, "bt_header_dendrite_hotkey") ||
           find_header(headers, "bt_header_dendrite_nonce");
}

std::optional<AuthRefusal> check_dendrite(const DendriteHead& head, const std::string& receiver,
                                          std::optional<std::int64_t> last, std::int64_t now_ns,
                                          const DendriteRules& rules) {
    const auto refuse = [](AuthFault fault, std::string why) {
        return AuthRefusal{fault, std::move(why)};
    };
    if (!head.hotkey)
        return refuse(AuthFault::malformed, "No SS58 formatted address or public key provided.");
    const auto key = ss58_decode(*head.hotkey);
    if (!key) return refuse(AuthFault::malformed, "Invalid SS58 address: " + key.error().detail);
    if (!head.nonce) return refuse(AuthFault::malformed, "Missing Nonce");
    if (rules.ahead && *head.nonce > now_ns + rules.ahead->count())
        return refuse(AuthFault::stale, "Nonce is from the future");
    if (last && *head.nonce <= *last)
        return refuse(AuthFault::replayed, "Nonce is too old, a newer one was last processed");
    if (!last)
        if (auto stale = check_age(head, now_ns, rules)) return stale;

    const auto said = head.signature.value_or("");
    if (said.empty()) return refuse(AuthFault::bad_signature, "Missing Signature");
    if (!said.starts_with("0x"))
        return refuse(AuthFault::bad_signature, "Invalid signature format. Expected hex string.");
    Signature signature;
    if (!from_hex(said, signature))
        return refuse(AuthFault::bad_signature, fault_of_hex(said.substr(2)));
    const auto message = std::to_string(*head.nonce) + "." + std::string(*head.hotkey) + "." +
                         receiver + "." + std::string(head.uuid.value_or("None")) + "." +
                         std::string(head.hash.value_or("None"));
    if (!network::verify(*key, message, signature) || !head.hash || !head.uuid)
        return refuse(AuthFault::bad_signature,
                      "Signature mismatch with " + message + " and " + std::string(said));
    return std::nullopt;
}

}  // namespace network
