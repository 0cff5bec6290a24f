#include "network/subnet/verify.hpp"

#include "network/subnet/btauth.hpp"
#include "network/subnet/dendrite_auth.hpp"
#include "network/wallet/ss58.hpp"

#include <algorithm>
#include <cassert>

namespace network {
namespace {

constexpr std::chrono::seconds kDendriteWindow{4};
constexpr std::size_t kLongestUuid = 64;

AuthRefusal refuse(AuthFault fault, std::string why) { return {fault, std::move(why)}; }

constexpr const char* kBeforeStart = "signed before this server started; sign it anew";
constexpr const char* kUnsigned = "the request is not signed";
constexpr const char* kBusy = "too many requests at once; try again in a while";

}  // namespace

Verifier::Verifier(Options options) : options_(std::move(options)), seen_(options_.nonces) {
    assert(!options_.receiver.empty());
}

std::int64_t Verifier::start_floor(std::int64_t now_ns, std::chrono::nanoseconds ahead) {
    return now_ns + ahead.count();
}

std::variant<Caller, AuthRefusal> Verifier::verify(const ServerRequest& request,
                                                   std::int64_t now_ns) {
    if (is_btauth(request.headers)) return verify_btauth(request, now_ns);
    if (is_dendrite(request.headers) && options_.allow_dendrite)
        return verify_dendrite(request, now_ns);
    return refuse(AuthFault::malformed, kUnsigned);
}

std::optional<AuthRefusal> Verifier::screen(const ServerRequest& request) const {
    const auto hotkey = claimed_hotkey(request.headers);
    if (hotkey.empty() || (!is_btauth(request.headers) && !options_.allow_dendrite))
        return refuse(AuthFault::malformed, kUnsigned);
    return refuse_unauthorised(std::string(hotkey));
}

std::variant<Caller, AuthRefusal> Verifier::verify_btauth(const ServerRequest& request,
                                                          std::int64_t now_ns) {
    auto read = read_btauth(request.headers);
    if (auto* refusal = std::get_if<AuthRefusal>(&read)) return std::move(*refusal);
    const auto& head = std::get<BtauthHead>(read);

    if (head.receiver.empty() && !options_.allow_unbound)
        return refuse(AuthFault::wrong_receiver, "the request names no receiver");
    if (!head.receiver.empty() && head.receiver != options_.receiver)
        return refuse(AuthFault::wrong_receiver, "signed for another receiver");
    if (head.nonce_ns < now_ns - options_.max_age.count())
        return refuse(AuthFault::stale, "signed too long ago; is the clock right?");
    if (head.nonce_ns > now_ns + options_.ahead.count())
        return refuse(AuthFault::stale, "signed in the future; is the clock right?");
    if (head.nonce_ns <= options_.floor_ns) return refuse(AuthFault::stale, kBeforeStart);
    if (auto refusal = refuse_unauthorised(head.hotkey)) return *std::move(refusal);
    if (!holds(head, request))
        return refuse(AuthFault::bad_signature, "the signature is not this hotkey's");

    const auto seen_key = head.hotkey + "/" + std::to_string(head.nonce_ns);
    if (seen_.find(seen_key, now_ns))
        return refuse(AuthFault::replayed, "this nonce was used before");
    if (!seen_.has_room(head.hotkey, now_ns)) return refuse(AuthFault::busy, kBusy);
    const Caller caller{head.hotkey, head.key, head.scheme, Caller::Protocol::btauth,
                        head.nonce_ns};
    accept(caller, seen_key, head.nonce_ns + options_.max_age.count());
    return caller;
}

std::variant<Caller, AuthRefusal> Verifier::verify_dendrite(const ServerRequest& request,
                                                            std::int64_t now_ns) {
    for (const char* header :
         {"bt_header_dendrite_hotkey", "bt_header_dendrite_nonce", "bt_header_dendrite_uuid",
          "bt_header_dendrite_signature", "computed_body_hash", "timeout"})
        if (count_headers(request.headers, header) > 1)
            return refuse(AuthFault::malformed,
                          std::string(header) + " stands there more than once");
    const DendriteHead head(request.headers);
    if (!head.sound) return refuse(AuthFault::malformed, "a number in the headers is none");
    if (!head.uuid || head.uuid->empty() || head.uuid->size() > kLongestUuid)
        return refuse(AuthFault::malformed, "bt_header_dendrite_uuid is missing or too long");
    const auto expected = options_.body_hash ? options_.body_hash(request) : empty_body_hash();
    if (head.hash != expected)
        return refuse(AuthFault::malformed, "computed_body_hash is not that of the request");
    const auto named = find_header(request.headers, "bt_header_axon_hotkey");
    if (named && *named != options_.receiver)
        return refuse(AuthFault::wrong_receiver, "signed for another receiver");
    if (head.hotkey)
        if (auto refusal = refuse_unauthorised(std::string(*head.hotkey)))
            return *std::move(refusal);
    if (head.nonce && *head.nonce <= options_.floor_ns)
        return refuse(AuthFault::stale, kBeforeStart);

    const auto seen_key = head.caller();
    const DendriteRules rules{.window = kDendriteWindow,
                              .ahead = options_.ahead,
                              .longest_timeout = options_.longest_timeout,
                              .old_versions_too = true};
    const auto last = seen_.find(seen_key, now_ns);
    if (auto refusal = check_dendrite(head, options_.receiver, last, now_ns, rules))
        return *std::move(refusal);
    const std::string hotkey(*head.hotkey);
    if (!last && !seen_.has_room(hotkey, now_ns)) return refuse(AuthFault::busy, kBusy);
    const Caller caller{hotkey, *ss58_decode(hotkey), Scheme::sr25519, Caller::Protocol::dendrite,
                        *head.nonce};
    // Until its first nonce could no longer be a first nonce.
    const auto lasts = kDendriteWindow + options_.longest_timeout;
    accept(caller, seen_key,
           std::max(now_ns, *head.nonce) + std::chrono::nanoseconds(lasts).count());
    return caller;
}

std::optional<AuthRefusal> Verifier::refuse_unauthorised(const std::string& hotkey) const {
    if (options_.deny.contains(hotkey))
        return refuse(AuthFault::not_allowed, "this hotkey is not served");
    if (!options_.standing || options_.allow.contains(hotkey)) return std::nullopt;
    const auto standing = options_.standing(hotkey);
    if (!standing) return refuse(AuthFault::not_allowed, "this hotkey is not in the subnet");
    if (options_.need_permit && !standing->permit)
        return refuse(AuthFault::not_allowed, "this hotkey has no validator's permit");
    if (standing->stake < options_.min_stake)
        return refuse(AuthFault::not_allowed, "this hotkey has too little stake");
    return std::nullopt;
}

void Verifier::accept(const Caller& caller, const std::string& seen_key, std::int64_t until_ns) {
    seen_.remember(seen_key, caller.hotkey, caller.nonce_ns, until_ns);
    newest_ns_ = std::max(newest_ns_, caller.nonce_ns);
}

}  // namespace network
