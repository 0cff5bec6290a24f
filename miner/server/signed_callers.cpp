#include "miner/server/signed_callers.hpp"

#include "config/durable_file.hpp"
#include "miner/runtime/lanes.hpp"
#include "miner/server/request.hpp"
#include "network/errc.hpp"
#include "network/subnet/btauth.hpp"
#include "network/subnet/dendrite_auth.hpp"
#include "network/wallet/ss58.hpp"
#include "storage/errc.hpp"
#include "storage/high_mark.hpp"

#include <algorithm>
#include <chrono>

namespace miner {
namespace {

using network::ServerReply;
using network::ServerRequest;
using network::Verifier;

constexpr double kRaoPerTao = 1e9;
constexpr std::chrono::nanoseconds kClockStep = std::chrono::seconds(1);

std::filesystem::path floor_file(const std::filesystem::path& folder) {
    return folder / "signed_calls";
}

bool has(const std::vector<std::string>& list, std::string_view hotkey) {
    return std::find(list.begin(), list.end(), hotkey) != list.end();
}

std::optional<config::Error> bad_address(std::string_view key,
                                         const std::vector<std::string>& list) {
    for (const auto& hotkey : list)
        if (const auto decoded = network::ss58_decode(hotkey); !decoded)
            return config::fail(network::Errc::bad_address,
                                std::string(key) + ": " + hotkey + ": " + decoded.error().detail);
    return std::nullopt;
}

ServerReply later(std::string words) {
    auto reply = words_reply(503, std::move(words));
    reply.headers.emplace_back("retry-after", "5");
    return reply;
}

ServerReply reply_to(const network::AuthRefusal& refusal) {
    auto reply = words_reply(refusal.status(), refusal.why);
    if (reply.status == 429) reply.headers.emplace_back("retry-after", "5");
    return reply;
}

}  // namespace

config::Result<std::unique_ptr<SignedCallers>> SignedCallers::open(Options options) {
    const auto& http = options.http;
    if (http.signed_ == "none") return std::unique_ptr<SignedCallers>();
    if (options.receivers.empty())
        return config::fail(network::Errc::malformed,
                            "http.signed: callers sign for a hotkey of ours, and none is known");
    if (auto wrong = bad_address("http.allow", http.allow)) return *wrong;
    if (auto wrong = bad_address("http.deny", http.deny)) return *wrong;
    if (const auto made = config::make_folders(options.folder); !made)
        return config::fail(storage::Errc::cannot_open,
                            options.folder.string() + ": " + made.error().code.message());
    auto lock = InstanceLock::take(options.folder, "signed_calls.lock");
    if (!lock && lock.error().code == boost::system::errc::device_or_resource_busy)
        return config::Error{lock.error().code,
                             "http.signed: another miner takes signed calls in " +
                                 options.folder.string() +
                                 ", and neither would know what the other has taken: stop it, or "
                                 "choose another folder with --storage.path"};
    if (!lock) return config::fail(storage::Errc::cannot_open, lock.error().message());
    const auto kept = storage::read_mark(floor_file(options.folder));
    if (!kept) return kept.error();
    return std::unique_ptr<SignedCallers>(
        new SignedCallers(std::move(options), std::move(*lock), *kept));
}

SignedCallers::SignedCallers(Options options, InstanceLock lock,
                             std::optional<std::int64_t> newest_nonce_ns)
    : options_(std::move(options)), lock_(std::move(lock)), begun_(options_.clocks.boot()) {
    // Without the file nothing is known of earlier runs: whatever was signed until now may be old.
    if (!newest_nonce_ns)
        start_floor_ns_ = Verifier::start_floor(start_ns(), Verifier::Options().ahead);
    open_verifiers(newest_nonce_ns ? *newest_nonce_ns : *start_floor_ns_);
}

std::int64_t SignedCallers::start_ns() const {
    const std::chrono::nanoseconds since = options_.clocks.boot() - begun_;
    return options_.clocks.unix_ns() - since.count();
}

void SignedCallers::open_verifiers(std::int64_t floor_ns) {
    verifiers_.clear();
    const auto& http = options_.http;
    for (const auto& receiver : options_.receivers) {
        Verifier::Options rules;
        rules.receiver = receiver;
        rules.floor_ns = floor_ns;
        rules.deny = {http.deny.begin(), http.deny.end()};
        rules.allow = {http.allow.begin(), http.allow.end()};
        rules.min_stake = http.min_stake;
        if (needs_subnet())
            rules.standing = [this](const std::string& hotkey) { return standing(hotkey); };
        verifiers_.emplace_back(std::move(rules));
    }
}

SignedCallers::~SignedCallers() { disk_.join(); }

bool SignedCallers::needs_subnet() const { return options_.http.signed_ == "validators"; }

bool SignedCallers::signs(const ServerRequest& request) {
    return network::is_btauth(request.headers) || network::is_dendrite(request.headers);
}

// A clock that was ahead at the start and was set right since: the start was earlier, then.
// Verifiers that have accepted nothing have nothing to remember either.
void SignedCallers::follow_clock() {
    if (!start_floor_ns_) return;
    if (std::any_of(verifiers_.begin(), verifiers_.end(),
                    [](const Verifier& verifier) { return verifier.newest_nonce_ns() > 0; })) {
        start_floor_ns_.reset();
        return;
    }
    const auto floor_ns = Verifier::start_floor(start_ns(), Verifier::Options().ahead);
    if (floor_ns > *start_floor_ns_ - kClockStep.count()) return;
    start_floor_ns_ = floor_ns;
    open_verifiers(floor_ns);
}

std::variant<network::Caller, network::AuthRefusal> SignedCallers::verify(
    const ServerRequest& request) {
    follow_clock();
    const auto now_ns = options_.clocks.unix_ns();
    const bool older = !network::is_btauth(request.headers);
    const auto named = network::find_header(
        request.headers, older ? "bt_header_axon_hotkey" : "X-Bittensor-Receiver");
    if (named || !older) {
        const auto& ours = options_.receivers;
        const auto found = std::find(ours.begin(), ours.end(), named.value_or(""));
        // One that is none of ours is refused by whichever.
        const auto at = found == ours.end() ? 0 : found - ours.begin();
        return verifiers_[std::size_t(at)].verify(request, now_ns);
    }
    std::optional<network::AuthRefusal> refusal;
    for (auto& verifier : verifiers_) {
        auto verdict = verifier.verify(request, now_ns);
        if (std::holds_alternative<network::Caller>(verdict)) return verdict;
        auto& refused = std::get<network::AuthRefusal>(verdict);
        // What is wrong with it for the one whom it was signed for says more than that the others
        // cannot read it.
        if (!refusal || refused.fault != network::AuthFault::bad_signature)
            refusal = std::move(refused);
    }
    return *std::move(refusal);
}

std::optional<Verifier::Standing> SignedCallers::standing(const std::string& hotkey) const {
    const auto key = network::ss58_decode(hotkey);
    const auto* neuron = key && subnet_ ? subnet_->find(*key) : nullptr;
    if (!neuron) return std::nullopt;
    return Verifier::Standing{neuron->validator_permit, double(neuron->stake_rao) / kRaoPerTao};
}

std::optional<ServerReply> SignedCallers::screen(const ServerRequest& request,
                                                 std::string_view path) const {
    const auto hotkey = network::claimed_hotkey(request.headers);
    const auto& http = options_.http;
    const bool chosen = has(http.allow, hotkey) && !has(http.deny, hotkey);
    if (!chosen && path != "/generate")
        return words_reply(403, "whoever signs may call /generate, and hotkeys of http.allow all");
    if (!chosen && http.signed_ == "listed")
        return words_reply(403, "only hotkeys of http.allow are served");
    if (!chosen && needs_subnet() && !subnet_) return later("the subnet is not known yet");
    const auto refusal = verifiers_.front().screen(request);  // all have the same rules
    if (!refusal) return std::nullopt;
    return reply_to(*refusal);
}

asio::awaitable<std::optional<ServerReply>> SignedCallers::refuse(const ServerRequest& request) {
    const auto verdict = verify(request);
    if (const auto* refusal = std::get_if<network::AuthRefusal>(&verdict))
        co_return reply_to(*refusal);
    const auto nonce = std::get<network::Caller>(verdict).nonce_ns;
    const auto file = floor_file(options_.folder);
    // References alone: g++ 12 destroys twice what a lambda inside co_await holds by value.
    const auto kept =
        co_await run_on(disk_, [&file, &nonce] { return storage::raise_mark(file, nonce); });
    if (!kept) co_return later("the nonce cannot be kept: " + kept.error().message());
    co_return std::nullopt;
}

}  // namespace miner
