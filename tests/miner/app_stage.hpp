// The very application that operators run, with a scripted generator, against local validators and
// a local chain.
#pragma once

#include "config/unix_time.hpp"
#include "miner/app.hpp"
#include "miner/mining/named_validators.hpp"
#include "network/base64.hpp"
#include "network/http/client.hpp"
#include "network/simulator/chain_node.hpp"
#include "network/simulator/validator.hpp"
#include "network/wallet/ss58.hpp"
#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "storage/listing.hpp"
#include "storage/report.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/fake_scorer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

namespace tests {

using namespace std::chrono_literals;
using miner::ExitCode;
using network::LocalValidator;

inline network::Task image_task(const std::string& id) {
    return {network::TaskKind::image, id, network::base64_encode(small_png())};
}

// One stage: a miner, its folder, and any number of validators.
struct Stage {
    TemporaryFolder folder;
    config::Settings settings;
    std::shared_ptr<Script> script = std::make_shared<Script>();
    std::shared_ptr<ScorerScript> scorer = std::make_shared<ScorerScript>();  // of score.model
    std::vector<std::unique_ptr<LocalValidator>> validators;
    std::mutex mutex;
    std::vector<std::string> judged;  // task ids whose bytes a validator scored
    std::vector<std::string> lines;
    std::vector<miner::Turn> turns;
    std::function<void()> between_turns;
    std::function<void(const network::Task&)> judging;  // on a validator's thread for that
    std::function<void()> making = [] {};               // called as the model begins to load
    std::optional<std::chrono::milliseconds> device_patience;
    bool keep_running = false;                 // also when all tasks are done
    double time_scale = 0.0001;                // of the validators' durations
    std::chrono::milliseconds clock_lead{0};   // of the validators' clocks over the system's
    std::atomic<std::int64_t> our_lead_ms{0};  // of the miner's
    std::vector<std::uint8_t> hotkeys{1};
    std::set<std::uint8_t> unregistered;
    std::unique_ptr<network::ChainNode> chain;  // if any, it is asked for the validators
    std::vector<miner::Validator> named;        // besides those of the chain

    Stage() {
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        settings.generator.seed = 1;
        settings.schedule.idle = 20ms;
        settings.schedule.failure_delay = 1s;
        settings.schedule.validation_lock = 100ms;
        // Longer than any test waits on a busy machine; tests of silence shorten them.
        settings.schedule.pull_timeout = 60s;
        settings.schedule.submit_timeout = 60s;
        settings.run.grace = 600s;
        script->voxels = {100};
    }

    void add_validator(std::vector<network::Task> tasks,
                       std::vector<LocalValidator::Fault> faults = {}, int fault_every = 1) {
        LocalValidator::Options options;
        options.tasks = std::move(tasks);
        options.time_scale = time_scale;
        options.clock_lead = clock_lead;
        options.faults = std::move(faults);
        options.fault_every = fault_every;
        for (const auto number : hotkeys) options.miners.push_back(key_of(number).address());
        auto judge = [this](const network::Task& task, const std::vector<std::uint8_t>& spz) {
            if (judging) judging(task);
            const std::lock_guard lock(mutex);
            judged.push_back(task.id);
            return network::Evaluation{spz.empty() ? 0.0 : 0.9, ""};
        };
        validators.push_back(LocalValidator::start(key_of(std::uint8_t(100 + validators.size())),
                                                   judge, std::move(options))
                                 .value());
    }

    // A chain with the validators and hotkeys that there are, and blocks of moments.
    void start_chain(std::chrono::milliseconds block_time = 5ms) {
        network::ChainNode::Options options;
        options.block_time = block_time;
        for (const auto& validator : validators) {
            const auto peer = validator->peer();
            options.neurons.push_back({.hotkey = network::ss58_decode(peer.hotkey).value(),
                                       .stake_rao = 5'000'000'000'000,
                                       .validator_permit = true,
                                       .ip = 0x7f000001,
                                       .port = peer.port});
        }
        for (const auto number : hotkeys)
            options.neurons.push_back({.hotkey = key_of(number).public_key()});
        chain = network::ChainNode::start(std::move(options)).value();
        settings.subtensor = {.network = "local", .chain_endpoint = chain->endpoint().url()};
        settings.subtensor.check_blocks = 1;
    }

    ExitCode run() {
        std::vector<miner::Validator> list;
        for (const auto& validator : validators)
            if (!chain) list.push_back({int(list.size()), validator->peer(), 5000, true});
        if (chain) list = named;
        std::vector<miner::Identity> identities;
        for (const auto number : hotkeys) {
            identities.push_back({key_of(number), miner::Schedule(settings.schedule),
                                  unregistered.count(number) == 0});
            identities.back().schedule.set_validators(list);
        }
        config::Logger log(config::Level::info, false, [this](std::string_view line) {
            const std::lock_guard lock(mutex);
            lines.emplace_back(line);
        });
        return miner::run_app(
            {.settings = settings,
             .folder = folder.path(),
             .identities = std::move(identities),
             .make_generator =
                 [this, make = make_fake(script)](const config::Generator& wanted) {
                     making();
                     return make(wanted);
                 },
             .log = log,
             .observer = {.turn = [this](const miner::Turn& turn) { turns.push_back(turn); }},
             .named = named,
             .chain = chain != nullptr,
             .finished =
                 [this] {
                     if (between_turns) between_turns();
                     return !keep_running &&
                            std::all_of(validators.begin(), validators.end(),
                                        [](const auto& v) { return v->drained(); });
                 },
             .clocks = {.unix_ns = [this] { return config::unix_ns() + our_lead_ms * 1'000'000; }},
             .make_predictor = make_fake_predictor(scorer),
             .device_patience = device_patience});
    }

    // Asks the miner to stop once `when` holds; a second signal would end the test program.
    void stop_once(std::function<bool()> when) {
        between_turns = [when = std::move(when), asked = false]() mutable {
            if (asked || !when()) return;
            asked = true;
            ::kill(::getpid(), SIGTERM);
        };
    }

    bool said(const std::string& words) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& line) { return line.find(words) != line.npos; });
    }

    // As an earlier run was told.
    void told(const std::string& hotkey, const std::string& validator, std::int64_t cooldown) {
        const auto database = storage::Database::open(folder.path() / "miner.db").value();
        storage::Journal journal(*database, "0.1", "hash", 1000);
        REQUIRE(journal.contacted(hotkey, validator, true, cooldown, "", 1000).has_value());
    }

    storage::Counts counts() const {
        const auto database =
            storage::Database::open(folder.path() / "miner.db", {.read_only = true}).value();
        return storage::statistics(*database, {}).value().all;
    }

    // What the status page answers to GET `target`, once there is a page; any thread.
    network::HttpAnswer ask_page(const std::string& target) {
        constexpr std::string_view kMark = "status page url=http://127.0.0.1:";
        int port = 0;
        eventually([&] {
            const std::lock_guard lock(mutex);
            for (const std::string& line : lines)
                if (const auto at = line.find(kMark); at != line.npos)
                    port = std::stoi(line.substr(at + kMark.size()));
            return port != 0;
        });
        network::HttpRequest request;
        request.host = "127.0.0.1";
        request.port = std::uint16_t(port);
        request.method = "GET";
        request.target = target;
        const auto answer = tests::run(network::request(std::move(request), {}));
        return answer ? *answer
                      : network::HttpAnswer{.status = 0, .body = answer.error().message()};
    }

    int count_lines(const std::string& event) const {
        return int(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
            return line.find(" " + event + " ") != std::string::npos;
        }));
    }
};

}  // namespace tests
