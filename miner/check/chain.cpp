#include "miner/check/chain.hpp"

#include "miner/mining/chain_watch.hpp"
#include "network/chain/subtensor.hpp"
#include "network/wallet/ss58.hpp"

#include <fmt/format.h>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <iterator>

namespace miner {
namespace {

namespace asio = boost::asio;
using State = Finding::State;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSlow{2'000};

std::chrono::milliseconds since(Clock::time_point begun) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
}

Finding chain_finding(const network::Rpc& rpc, const network::ChainView& view,
                      std::chrono::milliseconds latency) {
    const auto found = fmt::format("{}, block {}, runtime {}, answers in {} ms", rpc.url(),
                                   view.block, view.runtime->spec_version, latency.count());
    if (latency > kSlow)
        return {State::warn, "chain", found,
                "a nearer node answers sooner: --subtensor.chain_endpoint"};
    return {State::ok, "chain", found, ""};
}

asio::awaitable<Finding> registration(network::Subtensor& chain, network::ChainView view,
                                      int netuid, std::string hotkey) {
    const auto what = "registration";
    const auto key = network::ss58_decode(hotkey);
    if (!key) co_return Finding{State::fail, what, key.error().message(), "see the hotkey"};
    const auto uid = co_await chain.uid(view, std::uint16_t(netuid), *key);
    if (!uid) co_return Finding{State::fail, what, uid.error().message(), "try again in a while"};
    if (!*uid)
        co_return Finding{
            State::fail, what, fmt::format("{} is not registered on subnet {}", hotkey, netuid),
            fmt::format("its owner registers it: btcli subnet register --netuid {}", netuid)};
    co_return Finding{State::ok, what,
                      fmt::format("{} has uid {} on subnet {}", hotkey, **uid, netuid), ""};
}

// Those that Schedule would ask.
std::vector<network::Peer> whom_to_ask(const network::Metagraph& metagraph,
                                       const config::Schedule& schedule,
                                       const std::vector<std::string>& hotkeys) {
    std::vector<network::PublicKey> ours;
    for (const auto& hotkey : hotkeys)
        if (const auto key = network::ss58_decode(hotkey)) ours.push_back(*key);
    std::vector<network::Peer> peers;
    for (const auto& validator : validators_of(metagraph, schedule, ours))
        if (may_be_asked(validator, schedule)) peers.push_back(validator.peer);
    return peers;
}

// The connections that failed, of which a check says more than "no answer in time".
class Losses {
public:
    void note(const network::RpcNews& news) {
        if (news.lost) lost_.push_back(*news.lost);
        // A pause comes when each node has had its turn: what refused once is not asked again.
        all_failed_ = all_failed_ || (news.lost && news.pause.count() > 0);
    }
    bool all_failed() const { return all_failed_; }

    // One finding a node. With another node that answers they are worth a look, no more.
    Findings findings(State state) const {
        Findings findings;
        for (const auto& error : lost_)
            findings.push_back(
                {state, "chain node", error.message(), std::string(network::remedy(error))});
        return findings;
    }

private:
    std::vector<config::Error> lost_;
    bool all_failed_ = false;
};

void add(Findings& findings, Findings more) {
    findings.insert(findings.end(), std::make_move_iterator(more.begin()),
                    std::make_move_iterator(more.end()));
}

asio::awaitable<void> ask(network::Rpc& rpc, const Losses& losses, const config::Settings& settings,
                          const std::vector<std::string>& hotkeys, ChainReport& report) {
    network::Subtensor chain(rpc);
    auto view = co_await chain.now();
    while (!view && rpc.connected() && !losses.all_failed()) {
        rpc.leave(view.error());  // it shows blocks, and answers nothing
        view = co_await chain.now();
    }
    add(report.findings, losses.findings(view ? State::warn : State::fail));
    if (!view) {
        const bool known = losses.all_failed();
        report.findings.push_back({State::fail, "chain",
                                   known ? "no node can be used" : view.error().message(),
                                   "see subtensor.network and subtensor.chain_endpoint"});
        co_return;
    }
    // Connecting and reading the metadata happen once; what counts is a question after that.
    const auto begun = Clock::now();
    view = co_await chain.now();
    if (!view) {
        report.findings.push_back({State::fail, "chain", view.error().message(),
                                   std::string(network::remedy(view.error()))});
        co_return;
    }
    report.findings.push_back(chain_finding(rpc, *view, since(begun)));
    for (const auto& hotkey : hotkeys)
        report.findings.push_back(co_await registration(chain, *view, settings.netuid, hotkey));
    const auto metagraph = co_await chain.metagraph(*view, std::uint16_t(settings.netuid),
                                                    network::allows_private(settings.subtensor));
    if (!metagraph) {
        report.findings.push_back(
            {State::fail, "subnet", metagraph.error().message(), "try again in a while"});
        co_return;
    }
    report.validators = whom_to_ask(*metagraph, settings.schedule, hotkeys);
    report.is_read = true;
    const auto found = fmt::format("{} neurons, {} validators with an address and {} TAO",
                                   metagraph->neurons().size(), report.validators.size(),
                                   settings.schedule.min_stake);
    if (metagraph->neurons().empty())
        report.findings.push_back({State::fail, "subnet",
                                   fmt::format("there is no subnet {}", settings.netuid),
                                   "see netuid and subtensor.network"});
    else
        report.findings.push_back(
            {report.validators.empty() ? State::fail : State::ok, "subnet", found,
             report.validators.empty() ? "see netuid, subtensor.network and schedule.min_stake"
                                       : ""});
}

asio::awaitable<void> ask_and_stop(network::Rpc& rpc, const Losses& losses,
                                   const config::Settings& settings,
                                   const std::vector<std::string>& hotkeys, ChainReport& report) {
    co_await ask(rpc, losses, settings, hotkeys, report);
    rpc.stop();
}

}  // namespace

asio::awaitable<ChainReport> check_chain(config::Settings settings,
                                         std::vector<std::string> hotkeys,
                                         network::RpcOptions options) {
    using namespace asio::experimental::awaitable_operators;
    ChainReport report;
    Losses losses;
    network::Rpc* running = nullptr;
    options.news = [&, next = std::move(options.news)](const network::RpcNews& news) {
        losses.note(news);
        if (losses.all_failed()) running->stop();
        if (next) next(news);
    };
    network::Rpc rpc(co_await asio::this_coro::executor, std::move(options));
    running = &rpc;
    co_await (rpc.run() && ask_and_stop(rpc, losses, settings, hotkeys, report));
    co_return report;
}

}  // namespace miner
