// The application against the rehearsal's chain, which does all that chains do.
#include "miner/rehearsal/chain.hpp"

#include "miner/app.hpp"
#include "network/base64.hpp"
#include "tests/network/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <mutex>

using namespace std::chrono_literals;
using network::LocalValidator;

namespace {

using tests::key_of;

struct Rehearsal {
    tests::TemporaryFolder folder;
    config::Settings settings;
    std::vector<std::unique_ptr<LocalValidator>> validators;
    std::mutex mutex;
    std::vector<std::string> lines;

    // Two validators with so many tasks between them.
    Rehearsal(int tasks, std::vector<std::string> faults) {
        // Elsewhere a machine that stands still would be taken for a chain that stalls.
        if (std::find(faults.begin(), faults.end(), "stall") != faults.end())
            settings.subtensor.stale = 2s;
        settings.rehearse.tasks = tasks;
        settings.rehearse.faults = std::move(faults);
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        settings.schedule.idle = 20ms;
        settings.schedule.failure_delay = 1s;
        for (int i = 0; i < 2; ++i) {
            LocalValidator::Options options;
            options.time_scale = settings.rehearse.time_scale;
            for (int task = i; task < tasks; task += 2)
                options.tasks.push_back({network::TaskKind::image, std::to_string(task),
                                         network::base64_encode(tests::small_png())});
            auto judge = [](const network::Task&, const std::vector<std::uint8_t>&) {
                return network::Evaluation{0.9, ""};
            };
            validators.push_back(
                LocalValidator::start(key_of(std::uint8_t(100 + i)), judge, std::move(options))
                    .value());
        }
    }

    miner::ExitCode run() {
        config::Logger log(config::Level::info, false, [this](std::string_view line) {
            const std::lock_guard lock(mutex);
            lines.emplace_back(line);
        });
        const std::vector<network::PublicKey> hotkeys{key_of(1).public_key()};
        const auto chain =
            miner::RehearsalChain::start(settings, {hotkeys, validators}, log).value();
        settings.subtensor.network = "local";
        settings.subtensor.chain_endpoint = chain->url();
        auto script = std::make_shared<tests::Script>();
        script->voxels = {100};
        std::vector<miner::Identity> identities;
        identities.push_back({key_of(1), miner::Schedule(settings.schedule)});
        return miner::run_app({.settings = settings,
                               .folder = folder.path(),
                               .identities = std::move(identities),
                               .make_generator = tests::make_fake(script),
                               .log = log,
                               .chain = true,
                               .finished = [&] {
                                   return chain->faults_done() &&
                                          std::all_of(
                                              validators.begin(), validators.end(),
                                              [](const auto& each) { return each->drained(); });
                               }});
    }

    int count(const std::string& event) const {
        return int(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
            return line.find(event) != std::string::npos;
        }));
    }
};

}  // namespace

TEST_CASE("a miner comes back from everything that the rehearsal's chain does") {
    Rehearsal rehearsal(2, {"deregister", "disconnect", "stall", "upgrade", "move"});
    CHECK(rehearsal.run() == miner::ExitCode::ok);
    CHECK(rehearsal.count(" chain fault what=") == 5);
    CHECK(rehearsal.count(" chain fault not noticed ") == 0);
    CHECK(rehearsal.count(" not registered ") == 1);
    CHECK(rehearsal.count(" registered hotkey") == 3);  // at the start, not, and again
    CHECK(rehearsal.count(" chain connected ") >= 3);   // at the start, once cut, once stalled
    CHECK(rehearsal.count(" runtime upgraded ") == 1);
    for (const auto& validator : rehearsal.validators) CHECK(validator->tally().accepted == 1);
}

TEST_CASE("the same fault may come twice") {
    Rehearsal rehearsal(2, {"upgrade", "upgrade"});
    CHECK(rehearsal.run() == miner::ExitCode::ok);
    CHECK(rehearsal.count(" chain fault what=upgrade") == 2);
    CHECK(rehearsal.count(" runtime upgraded ") == 2);
    for (const auto& validator : rehearsal.validators) CHECK(validator->tally().accepted == 1);
}

TEST_CASE("without faults a rehearsal's chain has nothing to wait for") {
    Rehearsal rehearsal(2, {});
    CHECK(rehearsal.run() == miner::ExitCode::ok);
    CHECK(rehearsal.count(" chain fault ") == 0);
    CHECK(rehearsal.count(" chain connected ") == 1);
}
