// miner check: everything that would stop mining, before it does.
#include "miner/check/chain.hpp"
#include "miner/check/device.hpp"
#include "miner/check/machine.hpp"
#include "miner/check/reach.hpp"
#include "miner/check/scorer.hpp"
#include "miner/check/trial.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/mining/named_validators.hpp"
#include "miner/runtime/signals.hpp"
#include "network/run_alone.hpp"
#include "network/tls.hpp"

#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <unistd.h>

namespace miner {
namespace {

namespace asio = boost::asio;

// Says each finding as it comes: a generation takes a while.
class Report {
public:
    explicit Report(bool json) : json_(json), colour_(::isatty(STDOUT_FILENO) == 1) {}

    void add(Finding finding) {
        if (!json_) {
            fmt::print("{}", render_finding(finding, colour_));
            std::fflush(stdout);
        }
        findings_.push_back(std::move(finding));
    }
    void add(Findings findings) {
        for (auto& finding : findings) add(std::move(finding));
    }

    ExitCode finish() const {
        fmt::print("{}", json_ ? render_findings_json(findings_) + "\n"
                               : render_verdict(findings_, colour_));
        return would_mine(findings_) ? ExitCode::ok : ExitCode::no_go;
    }

private:
    bool json_, colour_;
    Findings findings_;
};

template <class T>
T run(asio::awaitable<T> task) {
    asio::io_context io{1};
    return network::run_alone(io, std::move(task));
}

// Whom the chain names; nothing when it cannot be asked.
std::optional<std::vector<network::Peer>> peers_on_chain(const config::Settings& settings,
                                                         const std::vector<std::string>& hotkeys,
                                                         Report& report) {
    auto endpoints = network::endpoints(settings.subtensor);
    if (!endpoints) {
        report.add({Finding::State::fail, "chain", endpoints.error().message(),
                    "see subtensor.network and subtensor.chain_endpoint"});
        return std::nullopt;
    }
    network::RpcOptions rpc;
    rpc.endpoints = std::move(*endpoints);
    rpc.tls = network::Tls::system();
    auto chain = run(check_chain(settings, hotkeys, std::move(rpc)));
    report.add(std::move(chain.findings));
    if (!chain.is_read) return std::nullopt;
    return std::move(chain.validators);
}

void check_network(const config::Settings& settings, const std::vector<std::string>& hotkeys,
                   Report& report) {
    // As in mining: named validators are asked instead of those on the chain, or besides them.
    const auto named = named_validators(settings.validators);
    if (!named)
        report.add({Finding::State::fail, "validators", named.error().message(),
                    "write validators as HOTKEY@HOST:PORT"});
    std::vector<network::Peer> peers;
    bool is_known = true;  // who there is to ask
    if (!named || named->asks_chain()) {
        auto listed = peers_on_chain(settings, hotkeys, report);
        is_known = listed.has_value();
        if (listed) peers = std::move(*listed);
    } else {
        report.add({Finding::State::ok, "chain", "not asked: validators are named", ""});
    }
    if (named)
        for (const auto& validator : named->list) peers.push_back(validator.peer);
    if (is_known || !peers.empty()) {
        const auto probes = run(probe(peers, settings.schedule.connect_timeout));
        report.add(check_answers(peers, probes));
        report.add(check_protocol(probes));
        report.add(check_clock_skew(probes));
    }
    if (!settings.picture_service.url.empty())
        report.add(run(
            check_picture_service(settings.picture_service, settings.schedule.connect_timeout)));
}

// The validator's networks, where they are to share that GPU with the model.
generator::MemoryNeed scorer_need_on(int gpu, const config::Settings& settings,
                                     const AskDevices& ask_devices) {
    const auto& score = settings.score;
    if (score.model.empty() || score.model == config::kEmbeddedScorer ||
        settings.candidates.most < 2)
        return {};
    config::Generator there;
    there.device = score.device;
    const auto report = ask_devices.look(there);
    return report && report->choice.gpu == gpu ? ask_devices.scorer_need(score)
                                               : generator::MemoryNeed{};
}

void check_devices(const config::Settings& settings, const AskDevices& ask_devices,
                   Report& report) {
    auto one = settings.generator;
    for (const auto& device : device_names(settings.generator)) {
        one.device = device;
        const auto seen = ask_devices.look(one);
        report.add(check_device(seen));
        if (!seen || !seen->choice.gpu || !seen->memory) continue;
        const auto need = ask_devices.model_need(one);
        if (!need) {
            report.add({Finding::State::fail, "model", need.error().message(),
                        "see generator.model in `miner config --print`"});
            continue;
        }
        const auto scorer = scorer_need_on(*seen->choice.gpu, settings, ask_devices);
        report.add(check_fit({*need + scorer, *seen->memory, one.dtype == "fp32", scorer}));
    }
}

}  // namespace

ExitCode check_command(const CommandLine& line, const MakeGenerator& make_generator,
                       const AskDevices& ask_devices) {
    const Interrupt interrupt("stopped before all was looked at");
    auto settings = line.loaded.settings;
    // A miner may be rotating the log file beside us, and what matters is printed anyway.
    if (line.loaded.is_preset("log.file")) settings.log.file = "none";
    if (line.loaded.is_preset("log.console")) settings.log.console = settings.debug;
    const auto folder = config::storage_folder(settings);
    auto log = open_log(settings, folder);
    if (!log) return ExitCode::storage;

    Report report(line.check.json);
    for (const auto& warning : line.loaded.warnings)
        report.add({Finding::State::warn, "settings", warning, "see `miner config --print`"});
    std::vector<std::string> addresses;
    const bool person = ::isatty(STDIN_FILENO) == 1 && !line.check.json;
    report.add(check_hotkeys(
        settings.wallet, network::ask_password(settings.wallet.password_fd, person), addresses));
    report.add(check_storage(folder, settings.storage));
    report.add(check_memory(free_memory()));
    check_devices(settings, ask_devices, report);
    report.add(check_scorer(settings.score, settings.candidates));
    report.add(check_clock_source());
    check_network(settings, addresses, report);
    if (!line.check.quick) report.add(check_generation(settings, make_generator, *log));
    return report.finish();
}

}  // namespace miner
