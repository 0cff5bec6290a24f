#include "network/subnet/btauth.hpp"

#include "network/hex.hpp"
#include "network/wallet/hash.hpp"
#include "network/wallet/ss58.hpp"

#include <charconv>
#include <limits>

namespace network {
namespace {

constexpr const char* kVersion = "X-Bittensor-Version";
constexpr const char* kHotkey = "X-Bittensor-Hotkey";
constexpr const char* kReceiver = "X-Bittensor-Receiver";
constexpr const char* kNonce = "X-Bittensor-Nonce";
constexpr const char* kCrypto = "X-Bittensor-Crypto";
constexpr const char* kSignature = "X-Bittensor-Signature";

std::string in_upper_case(std::string_view text) {
    std::string result(text);
    for (auto& c : result)
        if (c >= 'a' && c <= 'z') c = char(c - 32);
    return result;
}

AuthRefusal malformed(std::string why) { return {AuthFault::malformed, std::move(why)}; }

// Decimal digits, perhaps with a minus in front, and nothing else.
std::optional<std::int64_t> nonce_of(std::string_view text) {
    std::int64_t nonce = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, nonce);
    if (stop != end || text.empty() || status == std::errc::invalid_argument) return std::nullopt;
    if (status != std::errc::result_out_of_range) return nonce;
    return text.front() == '-' ? std::numeric_limits<std::int64_t>::min()
                               : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

std::string btauth_text(Scheme scheme, std::string_view method, std::string_view target,
                        std::string_view body, std::string_view nonce, std::string_view sender,
                        std::string_view receiver) {
    const auto verb = in_upper_case(method);
    const auto hash =
        to_hex(sha_256({reinterpret_cast<const std::uint8_t*>(body.data()), body.size()}));
    std::string text = "btauth/1\n";
    for (const std::string_view line :
         {name(scheme), std::string_view(verb), target, std::string_view(hash), nonce, sender}) {
        text += line;
        text += '\n';
    }
    text += receiver.empty() ? "-" : receiver;
    return text;
}

HttpHeaders btauth_headers(const Keypair& key, std::string_view receiver, std::string_view method,
                           std::string_view target, std::string_view body, std::int64_t nonce_ns) {
    const auto nonce = std::to_string(nonce_ns);
    const auto text =
        btauth_text(key.scheme(), method, target, body, nonce, key.address(), receiver);
    HttpHeaders headers{{kVersion, "1"}, {kHotkey, key.address()}, {kNonce, nonce}};
    if (!receiver.empty()) headers.emplace_back(kReceiver, receiver);
    if (key.scheme() != Scheme::sr25519) headers.emplace_back(kCrypto, name(key.scheme()));
    headers.emplace_back(kSignature, "0x" + to_hex(key.sign(text)));
    return headers;
}

bool is_btauth(const HttpHeaders& headers) {
    for (const char* header : {kVersion, kHotkey, kNonce, kSignature})
        if (find_header(headers, header)) return true;
    return false;
}

std::variant<BtauthHead, AuthRefusal> read_btauth(const HttpHeaders& headers) {
    for (const char* header : {kVersion, kHotkey, kReceiver, kNonce, kCrypto, kSignature})
        if (count_headers(headers, header) > 1)
            return malformed(std::string(header) + " stands there more than once");
    const auto value = [&](const char* header) { return find_header(headers, header); };
    if (value(kVersion) != "1") return malformed(std::string(kVersion) + " is missing or not 1");
    for (const char* header : {kHotkey, kNonce, kSignature})
        if (value(header).value_or("").empty() && header != std::string_view(kSignature))
            return malformed(std::string(header) + " is missing or empty");

    BtauthHead head;
    head.hotkey = *value(kHotkey);
    head.nonce = *value(kNonce);
    head.receiver = value(kReceiver).value_or("");
    const auto crypto = in_upper_case(value(kCrypto).value_or("sr25519"));
    if (crypto == "ED25519")
        head.scheme = Scheme::ed25519;
    else if (crypto != "SR25519")
        return malformed(std::string(kCrypto) + " is neither sr25519 nor ed25519");
    const auto nonce = nonce_of(head.nonce);
    if (!nonce) return malformed(std::string(kNonce) + " is no decimal number");
    head.nonce_ns = *nonce;
    const auto key = ss58_decode(head.hotkey);
    if (!key) return malformed(std::string(kHotkey) + " is no address of network 42");
    head.key = *key;
    if (!from_hex(value(kSignature).value_or(""), head.signature))
        return malformed(std::string(kSignature) + " is not 64 bytes in hex digits");
    return head;
}

bool holds(const BtauthHead& head, const ServerRequest& request) {
    const auto text = btauth_text(head.scheme, request.method, request.target, request.body,
                                  head.nonce, head.hotkey, head.receiver);
    return verify(head.scheme, head.key, text, head.signature) ||
           verify(head.scheme, head.key, "<Bytes>" + text + "</Bytes>", head.signature);
}

}  // namespace network
