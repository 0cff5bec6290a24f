#include "miner/check/reach.hpp"

#include "config/unix_time.hpp"
#include "miner/generation/text_to_image_client.hpp"
#include "network/await_all.hpp"
#include "network/http/client.hpp"
#include "network/http/date.hpp"
#include "network/http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace miner {
namespace {

namespace asio = boost::asio;
using State = Finding::State;
using std::chrono::milliseconds;

constexpr std::size_t kAtOnce = 32;
// Cool-downs are counted by the validator's own clock; what is signed goes by ours. A nonce is good
// for 4 s and the call's timeout with the older protocol, and for 10 s back and 2 s ahead with the
// newer: beyond 1 s, which is as exactly as whole seconds tell, half of what may come is used up.
constexpr double kWorthALook_s = 1, kTooMuch_s = 4;

double unix_now() { return double(config::unix_ns()) / 1e9; }

// An axon's answer to a path that it does not know: "Synapse name '' not found. Available synapses
// ['Synapse', 'PullTask', 'SubmitResults', 'GetVersion']".
bool lists_pull(std::string_view body) {
    const auto list = body.find("Available synapses");
    return list != body.npos && body.find("'PullTask'", list) != body.npos;
}

asio::awaitable<void> ask(network::Peer peer, milliseconds limit, Probe& result) {
    network::HttpRequest request{peer.host, peer.port, "GET", "/", {}, {}};
    network::HttpLimits limits;
    limits.resolve = limits.connect = limits.write = limits.read = limit;
    limits.body_bytes = 64 << 10;
    const auto begun = std::chrono::steady_clock::now();
    const double asked = unix_now();
    const auto answer = co_await network::request(std::move(request), limits);
    const double heard = unix_now();
    result.took =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
    result.answered = answer.has_value();
    if (!answer) {
        result.error = answer.error().message();
        co_return;
    }
    result.hands_out_tasks = lists_pull(answer->body);
    const auto date = network::find_header(answer->headers, "date");
    const auto theirs = date ? network::parse_http_date(*date) : std::nullopt;
    // The second was cut off, half a one on average; ours is that in the middle of the exchange.
    if (theirs) result.lead_s = double(*theirs) + 0.5 - (asked + heard) / 2;
}

}  // namespace

asio::awaitable<std::vector<Probe>> probe(std::vector<network::Peer> peers, milliseconds limit) {
    std::vector<Probe> probes(peers.size());
    for (std::size_t first = 0; first < peers.size(); first += kAtOnce) {
        std::vector<asio::awaitable<void>> asked;
        for (std::size_t i = first; i < std::min(first + kAtOnce, peers.size()); ++i)
            asked.push_back(ask(peers[i], limit, probes[i]));
        co_await network::await_all(std::move(asked));
    }
    co_return probes;
}

Finding check_answers(const std::vector<network::Peer>& peers, const std::vector<Probe>& probes) {
    if (peers.empty())
        return {State::fail, "validators", "none is known",
                "name some: --validators HOTKEY@HOST:PORT"};
    std::size_t answered = 0;
    milliseconds slowest{0};
    std::string silent;
    for (std::size_t i = 0; i < probes.size(); ++i) {
        if (probes[i].answered) {
            ++answered;
            slowest = std::max(slowest, probes[i].took);
        } else if (silent.empty()) {
            silent = "silent is " + peers[i].hotkey + ": " + probes[i].error;
        }
    }
    const auto found =
        fmt::format("{} of {} answer{}", answered, peers.size(),
                    answered > 0 ? fmt::format(", the slowest in {} ms", slowest.count()) : "");
    if (answered == 0)
        return {State::fail, "validators", found,
                "see whether this machine may open connections outward; " + silent};
    // Some always are: their operators stop them, or shut out who is not registered.
    if (2 * answered < peers.size()) return {State::warn, "validators", found, silent};
    return {State::ok, "validators", found, ""};
}

Finding check_protocol(const std::vector<Probe>& probes) {
    const auto answered = std::count_if(probes.begin(), probes.end(),
                                        [](const auto& probe) { return probe.answered; });
    const auto pulled = std::count_if(probes.begin(), probes.end(),
                                      [](const auto& probe) { return probe.hands_out_tasks; });
    const auto found =
        fmt::format("{} of {} that answer hand{} out tasks (PullTask, the protocol of 2025)",
                    pulled, answered, pulled == 1 ? "s" : "");
    if (pulled > 0) return {State::ok, "protocol", found, ""};
    return {State::fail, "protocol", found,
            "name a validator that does with --validators; where the subnet holds competitions, as "
            "17 has since November 2025, nobody hands out tasks to miners: see README"};
}

Finding check_clock_skew(const std::vector<Probe>& probes) {
    std::vector<double> leads;
    for (const auto& probe : probes)
        if (probe.lead_s) leads.push_back(*probe.lead_s);
    if (leads.empty())
        return {State::warn, "clock", "no validator told its time",
                "see that a time server keeps this clock"};
    const auto middle = leads.begin() + std::ptrdiff_t(leads.size() / 2);
    std::nth_element(leads.begin(), middle, leads.end());
    const double lead = *middle;
    const auto found = fmt::format("{:.1f} s {} that of {} validators", std::abs(lead),
                                   lead > 0 ? "behind" : "ahead of", leads.size());
    const char* remedy =
        "set the clock and keep it by a time server (chrony or systemd-timesyncd): validators "
        "refuse what is signed at another time";
    if (std::abs(lead) > kTooMuch_s) return {State::fail, "clock", found, remedy};
    if (std::abs(lead) > kWorthALook_s) return {State::warn, "clock", found, remedy};
    return {State::ok, "clock", found, ""};
}

asio::awaitable<Finding> check_picture_service(config::PictureService settings,
                                               milliseconds limit) {
    const auto what = std::string("picture service");
    const auto service = TextToImageClient::options(settings);
    if (!service)
        co_return Finding{State::fail, what, service.error().message(),
                          "see picture_service.url in `miner config --print`"};
    if (!*service) co_return Finding{State::ok, what, "none is named: prompts go as they are", ""};
    const auto& endpoint = (*service)->endpoint;
    network::HttpRequest request{endpoint.host, endpoint.port, "GET", "/", {}, {}, {}};
    request.tls = (*service)->tls;
    network::HttpLimits limits;
    limits.resolve = limits.connect = limits.handshake = limits.write = limits.read = limit;
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = co_await network::request(std::move(request), limits);
    const auto took =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
    if (!answer)
        co_return Finding{State::warn, what, answer.error().message(),
                          "start it, or empty picture_service.url; until then prompts go to the "
                          "model as they are"};
    co_return Finding{State::ok, what,
                      fmt::format("{} answers in {} ms", network::shown(endpoint), took.count()),
                      ""};
}

}  // namespace miner
