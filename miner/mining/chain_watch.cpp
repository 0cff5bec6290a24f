#include "miner/mining/chain_watch.hpp"

#include "config/durable_file.hpp"
#include "config/places.hpp"
#include "config/veil.hpp"
#include "config/whole_file.hpp"
#include "miner/mining/named_validators.hpp"
#include "network/chain/announce.hpp"
#include "network/chain/metagraph_file.hpp"
#include "network/errc.hpp"
#include "network/first_of.hpp"
#include "network/hex.hpp"
#include "network/wallet/hash.hpp"
#include "network/wallet/ss58.hpp"

#include <fmt/format.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>

namespace miner {
namespace {

using network::AxonAddress;
using network::Errc;

constexpr double kRaoPerTao = 1e9;
constexpr std::chrono::hours kWarnAgain{1};
constexpr int kUnservedToLeave = 3;                  // looks in a row
constexpr std::uint64_t kBlocksBetweenRequests = 2;  // of validator_failed()
constexpr std::uint64_t kMostAhead = 50;             // blocks, of the newest one
constexpr std::chrono::minutes kAnnouncementLimit{2};
constexpr std::size_t kMostFileBytes = 64 << 20;

std::string remedy(int netuid) { return fmt::format("btcli subnet register --netuid {}", netuid); }

}  // namespace

std::vector<Validator> validators_of(const network::Metagraph& metagraph,
                                     const config::Schedule& schedule,
                                     std::span<const network::PublicKey> ours) {
    const auto owner = network::ss58_decode(schedule.owner_hotkey);
    std::vector<Validator> validators;
    for (const auto& neuron : metagraph.neurons()) {
        const bool is_owner = owner && neuron.hotkey == *owner;
        if (!neuron.validator_permit && !is_owner && !schedule.reference) continue;
        if (std::find(ours.begin(), ours.end(), neuron.hotkey) != ours.end()) continue;
        const bool serving = neuron.axon.state == AxonAddress::State::usable;
        Validator validator;
        validator.uid = neuron.uid;
        validator.peer = {network::ss58_encode(neuron.hotkey), serving ? neuron.axon.host : "",
                          serving ? neuron.axon.port : std::uint16_t(0)};
        validator.stake = double(neuron.stake_rao) / kRaoPerTao;
        validator.serving = serving;
        validators.push_back(std::move(validator));
    }
    return validators;
}

ChainWatch::ChainWatch(Services services)
    : s_(std::move(services)),
      standings_(s_.identities.size()),
      refresh_event_(s_.chain.rpc().executor()),
      announcement_event_(s_.chain.rpc().executor()),
      unserved_(s_.pauses) {
    if (!s_.now) s_.now = [] { return std::chrono::steady_clock::now(); };
}

// Written into the file: a key in the URL must not be, but another key is perhaps another network.
std::string ChainWatch::network_name() const {
    const auto url = config::chain_url(s_.settings.subtensor);
    const auto shown = config::veiled(url);
    if (shown == url) return url;
    const auto digest =
        network::blake2b_256({reinterpret_cast<const std::uint8_t*>(url.data()), url.size()});
    return shown + " " + network::to_hex({digest.data(), 8});
}

void ChainWatch::restore() {
    const auto text = config::read_whole_file(file(), kMostFileBytes);
    if (!text && text.error().code == boost::system::errc::no_such_file_or_directory) return;
    using Unpacked = config::Result<std::optional<network::Metagraph>>;
    auto metagraph = text ? network::unpack_metagraph(
                                {reinterpret_cast<const std::uint8_t*>(text->data()), text->size()},
                                network_name(), std::uint16_t(s_.settings.netuid),
                                network::allows_private(s_.settings.subtensor))
                          : Unpacked(config::fail(Errc::io, text.error().code.message()));
    if (!metagraph) {
        s_.log.warn("metagraph file ignored", {{"file", file().string()},
                                               {"error", metagraph.error().detail},
                                               {"hint", "the chain is asked instead"}});
        return;
    }
    if (!*metagraph) return;
    s_.log.info("metagraph of an earlier run", {{"block", (*metagraph)->block()}});
    take(std::move(**metagraph));
}

asio::awaitable<void> ChainWatch::run() {
    using namespace asio::experimental::awaitable_operators;
    note_hindrance();
    co_await (keep_looking() && keep_announcing());
}

asio::awaitable<void> ChainWatch::keep_looking() {
    while (!s_.stop.asked()) {
        const auto connection = s_.chain.rpc().connection();
        const auto looked = co_await s_.stop.unless_asked(look());
        if (!looked) break;
        if (*looked) {
            note_success();
            co_await s_.stop.unless_asked(until_due());
        } else {
            note_failure(looked->error());
            co_await s_.stop.sleep(pause_after(looked->error(), connection));
        }
    }
}

asio::awaitable<config::Result<void>> ChainWatch::look() {
    const auto view = co_await s_.chain.now();
    if (!view) co_return view.error();
    note_runtime(*view->runtime);
    const auto looked = co_await look_closely(*view);
    if (!looked) co_return looked.error();
    // What is asked for may be answered by a node that is behind the one that tells new blocks, or
    // ahead of it. One that says to be far ahead is wrong, and its block would be waited for.
    const auto head = s_.chain.rpc().head();
    looked_at_ = std::clamp(view->block, head, head + kMostAhead);
    co_return config::Result<void>();
}

asio::awaitable<config::Result<void>> ChainWatch::look_closely(network::ChainView view) {
    const auto netuid = std::uint16_t(s_.settings.netuid);
    const auto refresh = std::uint64_t(s_.settings.subtensor.refresh_blocks);
    const bool due = refresh_requested_ || !seen_chain_ || view.block < metagraph_->block() ||
                     view.block >= metagraph_->block() + refresh;
    if (!due) {
        for (std::size_t i = 0; i < s_.identities.size(); ++i) {
            const auto uid = co_await s_.chain.uid(view, netuid, s_.identities[i].key.public_key());
            if (!uid) co_return uid.error();
            note_registration(i, *uid);
        }
        co_return config::Result<void>();
    }
    refresh_requested_ = false;
    auto metagraph =
        co_await s_.chain.metagraph(view, netuid, network::allows_private(s_.settings.subtensor));
    if (!metagraph) {
        refresh_requested_ = true;
        co_return metagraph.error();
    }
    take(std::move(*metagraph));
    seen_chain_ = true;
    // What note_registration() asks for has just been read; what failed meanwhile, perhaps not.
    const bool requested_meanwhile = refresh_requested_;
    for (std::size_t i = 0; i < s_.identities.size(); ++i) {
        const auto* neuron = metagraph_->find(s_.identities[i].key.public_key());
        note_registration(i, neuron ? std::optional(neuron->uid) : std::nullopt);
    }
    refresh_requested_ = requested_meanwhile;
    announcement_due_ = true;
    announcement_event_.happen();
    co_await keep();
    co_return config::Result<void>();
}

void ChainWatch::take(network::Metagraph metagraph) {
    const bool first = metagraph_ == nullptr;
    metagraph_ = std::make_shared<const network::Metagraph>(std::move(metagraph));
    if (s_.subnet) s_.subnet(metagraph_);
    std::vector<network::PublicKey> ours;
    for (const auto& who : s_.identities) ours.push_back(who.key.public_key());
    const auto validators =
        joined(validators_of(*metagraph_, s_.settings.schedule, ours), s_.named);
    for (auto& who : s_.identities) who.schedule.set_validators(validators);
    if (first && s_.first_validators) s_.first_validators();
    const auto& schedule = s_.settings.schedule;
    const auto asked = std::size_t(std::count_if(
        validators.begin(), validators.end(),
        [&](const Validator& validator) { return may_be_asked(validator, schedule); }));
    note_validators(asked);
}

void ChainWatch::note_validators(std::size_t asked) {
    const auto level = asked == validators_seen_ ? config::Level::debug : config::Level::info;
    s_.log.event(level, "metagraph",
                 {{"netuid", s_.settings.netuid},
                  {"block", metagraph_->block()},
                  {"neurons", metagraph_->neurons().size()},
                  {"validators", asked}});
    validators_seen_ = asked;
    if (asked > 0 || s_.identities.empty()) {
        warned_nobody_.reset();
    } else if (worth_warning(warned_nobody_)) {
        s_.log.warn("no validator to ask", {{"netuid", s_.settings.netuid},
                                            {"reason", nobody_to_ask()},
                                            {"hint", "it goes on by itself when there is one"}});
    }
}

asio::awaitable<bool> ChainWatch::until_due() {
    auto& rpc = s_.chain.rpc();
    const auto next = looked_at_ + std::uint64_t(s_.settings.subtensor.check_blocks);
    co_await network::first_of(rpc.wait_for(next), until_requested());
    co_return true;
}

asio::awaitable<void> ChainWatch::until_requested() {
    while (!refresh_requested_) co_await refresh_event_.wait();
    const auto read_at = std::min(metagraph_->block(), looked_at_);
    co_await s_.chain.rpc().wait_for(read_at + kBlocksBetweenRequests);
}

void ChainWatch::validator_failed() {
    refresh_requested_ = true;
    refresh_event_.happen();
}

asio::awaitable<void> ChainWatch::keep() {
    const auto bytes = network::pack_metagraph(*metagraph_, network_name());
    const auto path = file();
    const auto kept =
        co_await run_on(s_.lanes.db, [&] { return config::write_durably(path, bytes); });
    if (!kept && !keep_failed_) {
        s_.log.warn("metagraph not kept", {{"error", kept.error().message()},
                                           {"hint", "the next start will wait for the chain"}});
    }
    keep_failed_ = !kept;
}

// Beside the looks: an extrinsic that gets into no block is waited for for minutes.
asio::awaitable<void> ChainWatch::keep_announcing() {
    const auto& axon = s_.settings.axon;
    if (!axon.announce) co_return;
    const auto entry = network::axon_entry(axon.external_ip, std::uint16_t(axon.external_port));
    if (!entry) {
        s_.log.warn("axon not announced",
                    {{"error", entry.error().message()},
                     {"remedy", "set axon.external_ip and axon.external_port"}});
        co_return;
    }
    while (!s_.stop.asked()) co_await s_.stop.unless_asked(announce_all(*entry));
}

asio::awaitable<bool> ChainWatch::announce_all(network::AxonEntry entry) {
    while (!announcement_due_) co_await announcement_event_.wait();
    announcement_due_ = false;
    for (std::size_t i = 0; i < s_.identities.size(); ++i) co_await announce(i, entry);
    co_return true;
}

asio::awaitable<void> ChainWatch::announce(std::size_t index, network::AxonEntry entry) {
    const auto& who = s_.identities[index];
    auto& standing = standings_[index];
    if (!who.registered || s_.now() < standing.announced_after) co_return;
    const auto done = co_await network::announce_axon(
        s_.chain, who.key, std::uint16_t(s_.settings.netuid), entry, kAnnouncementLimit);
    if (done) {
        standing.unannounced.after_success();
        standing.warned_unannounced.reset();
        if (*done == network::Announced::already) co_return;
        const auto& axon = s_.settings.axon;
        s_.log.info(
            "axon announced",
            {{"hotkey", who.hotkey()}, {"ip", axon.external_ip}, {"port", axon.external_port}});
    } else if (done.error().code != Errc::cancelled) {
        const auto pause = standing.unannounced.after_failure(0);
        standing.announced_after = s_.now() + pause;
        const bool is_news = worth_warning(standing.warned_unannounced);
        s_.log.event(
            is_news ? config::Level::warn : config::Level::debug, "axon not announced",
            {{"hotkey", who.hotkey()}, {"error", done.error().message()}, {"again_ms", pause}});
    }
}

void ChainWatch::note_runtime(const network::Runtime& runtime) {
    if (spec_version_ != 0 && spec_version_ != runtime.spec_version) {
        s_.log.info("runtime upgraded", {{"from", spec_version_}, {"to", runtime.spec_version}});
    }
    spec_version_ = runtime.spec_version;
}

bool ChainWatch::worth_warning(std::optional<Time>& warned) const {
    const auto now = s_.now();
    if (warned && now - *warned < kWarnAgain) return false;
    warned = now;
    return true;
}

void ChainWatch::note_registration(std::size_t index, std::optional<std::uint16_t> uid) {
    auto& who = s_.identities[index];
    auto& standing = standings_[index];
    if (uid) {
        const bool news = !standing.known || !who.registered;
        if (!who.registered) validator_failed();  // its validators may be of long ago
        who.registered = true;
        standing.known = true;
        standing.warned_missing.reset();
        if (news) s_.log.info("registered", {{"hotkey", who.hotkey()}, {"uid", *uid}});
        return;
    }
    const bool had_place = standing.known && who.registered;
    who.registered = false;
    standing.known = true;
    if (!worth_warning(standing.warned_missing)) return;
    s_.log.warn(
        "not registered",
        {{"hotkey", who.hotkey()},
         {"netuid", s_.settings.netuid},
         {"reason", had_place ? "a newcomer took its uid" : "the subnet does not know this hotkey"},
         {"remedy", remedy(s_.settings.netuid)},
         {"hint", "nothing is asked for meanwhile; it goes on by itself"}});
}

Hindrance ChainWatch::hindrance() const {
    const int netuid = s_.settings.netuid;
    if (s_.identities.empty()) return {};  // nobody mines here
    if (knows_nobody())
        return {
            "no validator is known yet: the chain has not been read (subtensor.network, "
            "subtensor.chain_endpoint)",
            trouble_};
    if (std::none_of(s_.identities.begin(), s_.identities.end(),
                     [](const Identity& who) { return who.registered; }))
        return {fmt::format("no hotkey is registered on subnet {}: {}", netuid, remedy(netuid)),
                {}};
    return {nobody_to_ask(), {}};
}

// Empty: there is somebody, or nobody knows yet.
std::string ChainWatch::nobody_to_ask() const {
    const int netuid = s_.settings.netuid;
    if (!metagraph_ || validators_seen_ != 0u) return {};
    if (metagraph_->neurons().empty())
        return fmt::format("there is no subnet {} on this chain: see netuid and subtensor.network",
                           netuid);
    return fmt::format(
        "no validator of subnet {} can be asked: none has a permit, an address and "
        "schedule.min_stake",
        netuid);
}

void ChainWatch::note_hindrance() {
    auto now = hindrance();
    if (now == last_hindrance_ || !s_.hindered) return;
    last_hindrance_ = now;
    s_.hindered(std::move(now));
}

void ChainWatch::note_success() {
    if (warned_failure_) s_.log.info("chain read again", {{"url", s_.chain.rpc().url()}});
    read_since_ = true;
    unserved_.after_success();
    warned_failure_.reset();
    warned_lost_.reset();
    trouble_.clear();
    note_hindrance();
}

void ChainWatch::note_failure(const config::Error& error) {
    if (error.code == Errc::cancelled) return;
    trouble_ = error.message();
    note_hindrance();
    if (!worth_warning(warned_failure_)) return;
    s_.log.warn("chain not read", {{"error", error.message()},
                                   {"hint", metagraph_ ? "the last metagraph is used meanwhile"
                                                       : "mining begins when it answers"}});
}

// Where there was no connection, or another one, nobody was asked in vain: looks wait for one, and
// whoever makes it waits ever longer. What the chain lacks none of its nodes has.
std::chrono::milliseconds ChainWatch::pause_after(const config::Error& error,
                                                  std::uint64_t connection) {
    auto& rpc = s_.chain.rpc();
    if (connection == 0 || rpc.connection() != connection) return s_.pauses.first;
    const auto pause = unserved_.after_failure(0);
    const bool is_enough =
        error.code == Errc::read_timeout || unserved_.failures() >= kUnservedToLeave;
    if (is_enough && error.code != Errc::not_in_runtime) rpc.leave(error);
    return pause;
}

void ChainWatch::connection(const network::RpcNews& news) {
    if (!news.lost) {
        // Once is enough of nodes that are left and taken again, as none of them answers.
        const auto level = read_since_ ? config::Level::info : config::Level::debug;
        s_.log.event(level, "chain connected", {{"url", news.url}});
        read_since_ = false;
        return;
    }
    if (knows_nobody()) {
        trouble_ = news.lost->message();
        note_hindrance();
    }
    const auto level = worth_warning(warned_lost_) ? config::Level::warn : config::Level::debug;
    s_.log.event(level, "chain lost",
                 {{"url", news.url},
                  {"error", news.lost->message()},
                  {"remedy", network::remedy(*news.lost)},
                  {"hint", knows_nobody() ? "no validator is known until a node answers"
                                          : "the validators that are known are asked meanwhile"},
                  {"again_ms", news.pause}});
}

}  // namespace miner
