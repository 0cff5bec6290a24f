// The very application that operators run, with a scripted generator, against local validators.
#include "miner/app.hpp"

#include "miner/named_validators.hpp"
#include "network/base64.hpp"
#include "network/http/client.hpp"
#include "network/local/chain_node.hpp"
#include "network/local/validator.hpp"
#include "network/wallet/ss58.hpp"
#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "storage/listing.hpp"
#include "storage/report.hpp"
#include "tests/miner/serving.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ctime>
#include <fstream>
#include <limits>
#include <mutex>
#include <set>

using namespace std::chrono_literals;
using miner::ExitCode;
using network::LocalValidator;

namespace {

network::Keypair key_of(std::uint8_t number) {
    network::Secret<32> seed;
    seed.bytes()[0] = number;
    return network::Keypair::from_seed(seed);
}

network::Task picture_task(const std::string& id) {
    return {network::TaskKind::image, id, network::base64_encode(tests::small_png())};
}

// One stage: a miner, its folder, and any number of validators.
struct Stage {
    tests::TemporaryFolder folder;
    config::Settings settings;
    std::shared_ptr<tests::Script> script = std::make_shared<tests::Script>();
    std::vector<std::unique_ptr<LocalValidator>> validators;
    std::mutex mutex;
    std::vector<std::string> judged;  // task ids whose bytes a validator scored
    std::vector<std::string> lines;
    std::vector<miner::Turn> turns;
    std::function<void()> between_turns;
    std::function<void()> judging;             // on a validator's thread, before it judges
    std::function<void()> making = [] {};      // called as the model begins to load
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
            if (judging) judging();
            const std::lock_guard lock(mutex);
            judged.push_back(task.id);
            return network::Verdict{spz.empty() ? 0.0 : 0.9, ""};
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
                 [this, make = tests::make_fake(script)](const config::Generator& wanted) {
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
             .clocks = {.unix_ns = [this] { return miner::unix_ns() + our_lead_ms * 1'000'000; }}});
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
        tests::eventually([&] {
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

}  // namespace

TEST_CASE("every task is pulled, generated, submitted and answered") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.add_validator({picture_task("b")});
    CHECK(stage.run() == ExitCode::ok);
    const auto counts = stage.counts();
    CHECK(counts.generations == 2);
    CHECK(counts.passed_at_once == 2);
    CHECK(counts.accepted == 2);
    CHECK(counts.mean_score.value() == Approx(0.9));
    CHECK(stage.count_lines("submitted") == 2);
    CHECK(stage.count_lines("feedback") == 2);
    for (const auto& validator : stage.validators) {
        CHECK(validator->tally().bad_signatures == 0);
        CHECK(validator->tally().bad_nonces == 0);
        CHECK(validator->tally().accepted == 1);
    }
}

TEST_CASE("several hotkeys share one generator and each has its own statistics") {
    Stage stage;
    stage.hotkeys = {1, 2, 3};
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f"}) tasks.push_back(picture_task(id));
    // Long enough that nobody has a second task before the others had their first.
    stage.time_scale = 0.01;
    stage.add_validator(tasks);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.script->sketches == 6);
    CHECK(stage.validators[0]->tally().accepted == 6);
    CHECK(stage.validators[0]->tally().bad_signatures == 0);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto statistics = storage::statistics(*database, {}).value();
    REQUIRE(statistics.by_hotkey.size() == 3);
    for (const auto& group : statistics.by_hotkey) CHECK(group.counts.accepted == 2);
}

TEST_CASE("an unregistered hotkey only waits while the others mine") {
    Stage stage;
    stage.hotkeys = {1, 2};
    stage.unregistered = {1};
    stage.add_validator({picture_task("a"), picture_task("b")});
    CHECK(stage.run() == ExitCode::ok);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto contacts = storage::contacts(*database, "").value();
    REQUIRE(contacts.size() == 1);
    CHECK(contacts[0].hotkey == key_of(2).address());
    CHECK(stage.validators[0]->tally().accepted == 2);
}

TEST_CASE("each outcome of the gate arrives in the statistics") {
    Stage stage;
    stage.add_validator({picture_task("dense"), picture_task("saved"), picture_task("better"),
                         picture_task("hopeless")});
    stage.script->voxels = {100, 50, 100, 50, 60, 50, 40};
    CHECK(stage.run() == ExitCode::ok);
    const auto counts = stage.counts();
    CHECK(counts.generations == 4);
    CHECK(counts.passed_at_once == 1);
    CHECK(counts.retry_passed == 1);
    CHECK(counts.retry_improved == 1);
    CHECK(counts.rejected == 1);
    CHECK(counts.retries == 3);
    CHECK(counts.submissions == 3);
    CHECK(stage.validators[0]->tally().skips == 1);  // the empty result, without penalty
}

TEST_CASE("a prompt is made like a picture, with its own retry") {
    Stage stage;
    stage.add_validator({{network::TaskKind::text, "t", "a red chair"}});
    stage.script->voxels = {50, 100};
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().retry_passed == 1);
    CHECK(stage.counts().skipped == 0);
    CHECK(stage.script->prompts == std::vector<std::string>{"a red chair", "a red chair"});
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto statistics = storage::statistics(*database, {}).value();
    REQUIRE(statistics.by_route.size() == 1);
    CHECK(statistics.by_route[0].name == "prompt");
    CHECK(stage.validators[0]->tally().accepted == 1);
}

TEST_CASE("each attempt's health is kept, also of one that was not fit") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.script->dull = {true, false};
    stage.settings.gate.min_opacity_spread = 0.01;
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().retry_passed == 1);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto row = storage::list_tasks(*database, 1).value().at(0).row;
    const auto story = storage::task_story(*database, row).value();
    REQUIRE(story.attempts.size() == 2);
    const auto& unfit = story.attempts[0].attempt;
    CHECK(unfit.outcome == "unhealthy");
    CHECK(unfit.error.find("gate.min_opacity_spread") != std::string::npos);
    CHECK(unfit.opacity_spread == Approx(0).margin(1e-6));
    const auto& fit = story.attempts[1].attempt;
    CHECK(fit.opacity_spread > 0.1);
    CHECK(fit.invisible == 0);
    CHECK(fit.non_finite == 0);
    CHECK(fit.identity_rotations == 0);
    CHECK(fit.extent == Approx(1).epsilon(1e-2));
}

TEST_CASE("what the export leaves too few Gaussians of is not submitted") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.settings.export_.min_opacity = 0.89;  // leaves the last fortieth
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().rejected == 1);
    CHECK(stage.validators[0]->tally().skips == 1);
    CHECK(stage.count_lines("rejected") == 1);
}

TEST_CASE("prompts by way of pictures and prompts as they are can be told apart afterwards") {
    int asked = 0;
    tests::LoopbackPeer service([&](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, ++asked == 1 ? tests::picture_answer(tests::small_png())
                                         : std::string(tests::kNoPicture));
    });
    Stage stage;
    stage.settings.picture_service.url = "http://127.0.0.1:" + std::to_string(service.port());
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f"})
        tasks.push_back({network::TaskKind::text, id, "a red chair"});
    stage.add_validator(tasks);
    CHECK(stage.run() == ExitCode::ok);
    const auto database =
        storage::Database::open(stage.folder.path() / "miner.db", {.read_only = true}).value();
    const auto routes = storage::statistics(*database, {}).value().by_route;
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].name == "prompt");
    CHECK(routes[0].counts.generations == 5);
    CHECK(routes[1].name == "prompt_via_picture");
    CHECK(routes[1].counts.generations == 1);
    CHECK(routes[1].counts.accepted == 1);
    // After three failures in a row the last two were not even asked for.
    CHECK(service.connections() == 4);
    CHECK(stage.count_lines("not drawn") == 5);
}

TEST_CASE("what the model does not take is skipped with the empty result and counted as such") {
    const bool prompts = GENERATE(true, false);
    Stage stage;
    (prompts ? stage.script->takes_prompts : stage.script->takes_pictures) = false;
    const network::Task text{network::TaskKind::text, "t", "a red chair"};
    stage.add_validator({prompts ? text : picture_task("p")});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().skipped == 1);
    CHECK(stage.counts().generations == 0);
    CHECK(stage.script->sketches == 0);
    CHECK(stage.validators[0]->tally().skips == 1);
    const auto said = prompts ? "this model makes no splats from prompts"
                              : "this model makes no splats from pictures";
    CHECK(std::any_of(stage.lines.begin(), stage.lines.end(),
                      [&](const auto& line) { return line.find(said) != line.npos; }));
}

TEST_CASE("a picture that is none becomes an empty result, and the miner goes on") {
    Stage stage;
    stage.add_validator({{network::TaskKind::image, "x", "!!! no base64"},
                         {network::TaskKind::image, "y", "bm90IGEgcGljdHVyZQ=="},
                         picture_task("z")});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().errors == 2);
    CHECK(stage.counts().passed_at_once == 1);
}

TEST_CASE("a picture in base64 that only Python would read is worked like any other") {
    const auto plain = picture_task("a").prompt;
    std::string lines;
    for (std::size_t at = 0; at < plain.size(); at += 76) lines += plain.substr(at, 76) + "\n";
    Stage stage;
    stage.add_validator({{network::TaskKind::image, "lines", lines},
                         {network::TaskKind::image, "padding", plain.substr(0, plain.find('='))},
                         {network::TaskKind::image, "uri", "data:image/png;base64," + plain}});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().errors == 0);
    CHECK(stage.validators[0]->tally().accepted == 3);
    CHECK(stage.count_lines("base64") == (plain.ends_with('=') ? 3 : 2));
}

TEST_CASE("when the answer to a submission is lost, nothing is generated or taken twice") {
    Stage stage;
    // The third request is the first submission or a pull after it; the validator handles it and
    // cuts the line.
    stage.add_validator({picture_task("a"), picture_task("b"), picture_task("c")},
                        {LocalValidator::Fault::drop}, 2);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().faults >= 1);
    CHECK(stage.script->sketches == 3);
    std::multiset<std::string> judged(stage.judged.begin(), stage.judged.end());
    CHECK(judged == std::multiset<std::string>{"a", "b", "c"});
    CHECK(stage.counts().generations == 3);
}

TEST_CASE("a validator that refuses, hangs, drips or talks nonsense costs time, not tasks") {
    using enum LocalValidator::Fault;
    const auto fault = GENERATE(refuse, timeout, garbage, slow);
    Stage stage;
    if (fault == timeout)
        stage.settings.schedule.pull_timeout = stage.settings.schedule.submit_timeout = 1s;
    // Each fourth request, that is the second submission and whatever comes later.
    stage.add_validator({picture_task("a"), picture_task("b"), picture_task("c")}, {fault}, 4);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().faults >= 1);
    CHECK(stage.script->sketches == 3);
    CHECK(stage.validators[0]->tally().accepted == 3);
    CHECK(stage.counts().passed_at_once == 3);
}

TEST_CASE("a signal lets the task at hand finish within the grace period") {
    Stage stage;
    stage.add_validator({picture_task("a"), picture_task("b")});
    stage.script->held = true;
    std::thread killer([&] {
        tests::eventually([&] { return stage.script->sketches > 0; });
        ::kill(::getpid(), SIGTERM);
        tests::eventually([&] {
            const std::lock_guard lock(stage.mutex);
            return stage.count_lines("stopping") == 1;
        });
        stage.script->held = false;
    });
    CHECK(stage.run() == ExitCode::ok);
    killer.join();
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.script->sketches == 1);
    CHECK(stage.counts().passed_at_once == 1);
    CHECK(stage.count_lines("stopping") == 1);
}

TEST_CASE("a signal while the model loads ends the miner in order, before any task") {
    const int number = GENERATE(SIGTERM, SIGINT);
    Stage stage;
    stage.add_validator({picture_task("a")});
    std::atomic<bool> loading = false, stopping = false;
    stage.making = [&] {
        loading = true;
        CHECK(tests::eventually([&] { return stopping.load(); }));
    };
    std::thread killer([&] {
        tests::eventually([&] { return loading.load(); });
        ::kill(::getpid(), number);
        tests::eventually([&] {
            const std::lock_guard lock(stage.mutex);
            return stage.count_lines("stopping") == 1;
        });
        stopping = true;
    });
    CHECK(stage.run() == ExitCode::ok);
    killer.join();
    CHECK(stage.count_lines("stopping") == 1);
    CHECK(stage.validators[0]->tally().handed_out == 0);
    const tests::Outsider database(stage.folder.path() / "miner.db");
    CHECK(database.number("SELECT ended_at IS NOT NULL FROM runs") == 1);
}

TEST_CASE("when the grace is over the task is handed back, and the next run does it") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.script->delay = 60s;
    stage.settings.run.grace = 0s;
    std::thread killer([&] {
        tests::eventually([&] { return stage.script->sketches > 0; });
        ::kill(::getpid(), SIGINT);
    });
    CHECK(stage.run() == ExitCode::ok);
    killer.join();
    CHECK(stage.counts().generations == 0);
    CHECK(stage.count_lines("handed back") == 1);
    stage.script->delay = 0ms;
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.counts().generations == 1);
    CHECK(stage.validators[0]->tally().accepted == 1);
}

TEST_CASE("a lost GPU ends the process with its own code, and nothing is submitted for the task") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.script->voxels = {-1};
    stage.script->failure = generator::Errc::device_lost;
    CHECK(stage.run() == ExitCode::device_lost);
    CHECK(stage.validators[0]->tally().submissions == 0);
}

TEST_CASE("a second miner on the same folder is refused") {
    Stage first;
    first.add_validator({picture_task("a")});
    ExitCode second_code = ExitCode::ok;
    first.between_turns = [&] {
        first.between_turns = {};
        Stage second;
        second.add_validator({picture_task("b")});
        config::Logger log(config::Level::error, false, [](std::string_view) {});
        second_code = miner::run_app({.settings = second.settings,
                                      .folder = first.folder.path(),
                                      .identities = {},
                                      .make_generator = tests::make_fake(second.script),
                                      .log = log});
    };
    CHECK(first.run() == ExitCode::ok);
    CHECK(second_code == ExitCode::another_instance);
}

TEST_CASE("a damaged database stops the start with a clear message") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    std::ofstream(stage.folder.path() / "miner.db") << std::string(8192, 'x');
    CHECK(stage.run() == ExitCode::storage);
    CHECK(stage.count_lines("cannot start") == 1);
    CHECK(stage.validators[0]->tally().pulls == 0);
}

TEST_CASE("a finished result waits on the disk; when it is gone it is made anew") {
    const bool gone = GENERATE(false, true);
    Stage stage;
    stage.add_validator({picture_task("a")}, {LocalValidator::Fault::refuse}, 2);
    stage.stop_once([&] { return stage.count_lines("submit failed") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.script->sketches == 1);
    CHECK(stage.validators[0]->tally().accepted == 0);

    // The same validator, without the fault, hands the task out again.
    stage.between_turns = {};
    stage.validators.clear();
    stage.add_validator({picture_task("a")});
    if (gone) std::filesystem::remove_all(stage.folder.path() / "assets");
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.script->sketches == (gone ? 2 : 1));
    CHECK(stage.counts().generations == 1);
}

TEST_CASE("a cool-down outlasts the process that was told it") {
    Stage stage;
    stage.time_scale = 0.2;  // a minute
    stage.add_validator({picture_task("a"), picture_task("b")});
    const auto& validator = *stage.validators[0];
    stage.stop_once([&] { return !stage.turns.empty(); });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(validator.tally().accepted == 1);
    CHECK(validator.tally().pulls == 1);
    CHECK(stage.count_lines("cooling down") == 0);

    // Many a chance to ask.
    stage.stop_once([looks = 0]() mutable { return ++looks > 50; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(validator.tally().pulls == 1);
    CHECK(validator.tally().cooldown_violations == 0);
    CHECK(stage.count_lines("cooling down") == 1);
}

TEST_CASE("a cool-down that is over, or another's, holds nobody back") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    const auto ours = key_of(1).address(), theirs = stage.validators[0]->peer().hotkey;
    const std::int64_t now = std::time(nullptr);
    stage.told(ours, theirs, now - 1);
    stage.told(ours, key_of(99).address(), now + 3600);
    stage.told(key_of(2).address(), theirs, now + 3600);
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.count_lines("cooling down") == 0);
}

TEST_CASE("a validator that said never is asked again after a day, restarts or not") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.told(key_of(1).address(), stage.validators[0]->peer().hotkey,
               std::numeric_limits<std::int64_t>::max());
    stage.stop_once([&] { return stage.count_lines("cooling down") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(std::any_of(stage.lines.begin(), stage.lines.end(), [](const auto& line) {
        return line.find("cooling down validators=1 longest_s=86400") != std::string::npos;
    }));
    CHECK(stage.validators[0]->tally().pulls == 0);
}

TEST_CASE("no validator is asked during its cool-down, however far apart the clocks are") {
    Stage stage;
    stage.clock_lead = GENERATE(-3s, 3s, -3600s);
    CAPTURE(stage.clock_lead.count());
    stage.time_scale = 0.005;
    stage.add_validator({picture_task("a"), picture_task("b")});
    CHECK(stage.run() == ExitCode::ok);
    const auto tally = stage.validators[0]->tally();
    CHECK(tally.cooldown_violations == 0);
    CHECK(tally.pulls == 2);
    CHECK(tally.accepted == 2);
    CHECK(stage.count_lines("pull failed") == 0);
    if (stage.clock_lead == -3600s) CHECK(stage.count_lines("clocks differ") == 1);
}

TEST_CASE("a clock that is corrected by an hour, either way, is noticed at once") {
    const auto lead = GENERATE(3600s, -3600s);
    Stage stage;
    stage.time_scale = 0.005;
    stage.our_lead_ms = std::chrono::milliseconds(lead).count();
    // Ahead, the second pull finds nobody; behind, the first is refused for what it signed.
    stage.add_validator({picture_task("a"), picture_task("b")},
                        lead > 0s ? std::vector{LocalValidator::Fault::refuse}
                                  : std::vector<LocalValidator::Fault>(),
                        3);
    const auto begun = std::chrono::steady_clock::now();
    stage.between_turns = [&, stopped = false]() mutable {
        if (stage.count_lines("pull failed") + stage.count_lines("submit failed") > 0)
            stage.our_lead_ms = 0;
        if (stopped || std::chrono::steady_clock::now() - begun < 300s) return;
        stopped = true;  // rather than wait for an hour
        ::kill(::getpid(), SIGTERM);
    };
    CHECK(stage.run() == ExitCode::ok);
    const auto tally = stage.validators[0]->tally();
    CHECK(tally.accepted == 2);
    CHECK(tally.cooldown_violations == 0);
    if (lead < 0s) CHECK(stage.said(" s ahead of ours)"));
}

TEST_CASE("stopped while its result is judged and started again, it has one score for it") {
    Stage stage;
    stage.time_scale = 0.01;
    stage.settings.run.grace = 0s;
    stage.settings.schedule.validation_lock = 2s;
    std::atomic<bool> begun = false, done = false;
    stage.judging = [&] {
        begun = true;
        tests::eventually([&] { return done.load(); });
    };
    stage.add_validator({picture_task("a"), picture_task("b")});
    const auto& validator = *stage.validators[0];
    stage.stop_once([&] { return begun.load(); });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.count_lines("submit failed") == 1);
    CHECK(validator.tally().accepted == 0);

    // It waits; meanwhile the validator makes up its mind.
    stage.stop_once([] { return false; });
    bool waits = false;
    std::thread judge([&] {
        waits = tests::eventually([&] {
            const std::lock_guard lock(stage.mutex);
            return stage.count_lines("cooling down") == 1;
        });
        done = true;
    });
    CHECK(stage.run() == ExitCode::ok);
    judge.join();
    CHECK(waits);
    const auto tally = validator.tally();
    CHECK(tally.submissions == 2);
    CHECK(tally.without_effect == 0);
    CHECK(tally.accepted == 2);
    CHECK(stage.script->sketches == 2);
    const auto counts = stage.counts();
    CHECK(counts.submissions == 2);
    CHECK(counts.accepted == 1);  // of the other nobody told
    CHECK(counts.zero_scores == 0);
}

TEST_CASE("the status page answers while tasks are done, and ends with the miner") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.add_validator({picture_task("a"), picture_task("b")});
    stage.script->held = true;
    std::string health, tasks;
    const auto ask = [](std::uint16_t port, const char* target) {
        network::HttpRequest request;
        request.host = "127.0.0.1";
        request.port = port;
        request.method = "GET";
        request.target = target;
        const auto answer = tests::run(network::request(std::move(request), {}));
        return answer ? answer->body : answer.error().message();
    };
    std::thread visitor([&] {
        tests::eventually([&] { return stage.script->sketches > 0; });
        std::unique_lock lock(stage.mutex);
        const auto lines = stage.lines;
        lock.unlock();
        const std::string_view mark = "status page url=http://127.0.0.1:";
        for (const std::string& line : lines) {
            const auto at = line.find(mark);
            if (at == line.npos) continue;
            const auto port = std::uint16_t(std::stoi(line.substr(at + mark.size())));
            health = ask(port, "/health");
            tasks = ask(port, "/api/tasks");
        }
        stage.script->held = false;
    });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    CHECK(health.find("\"status\":\"healthy\"") != std::string::npos);
    CHECK(tasks.find("\"task_id\":\"a\"") != std::string::npos);
    CHECK(stage.validators[0]->tally().accepted == 2);
}

TEST_CASE("tasks go to other miners, and to those that are left when one of them dies") {
    tests::Serving dying, slow;
    dying.script->voxels = {100, 100, -1};
    dying.script->failure = generator::Errc::device_lost;
    slow.script->delay = 100ms;
    for (auto* server : {&dying, &slow}) {
        server->settings.http.queue = 5;
        server->start();
    }
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {dying.url(), slow.url()};
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"})
        tasks.push_back(picture_task(id));
    for (int i = 0; i < 3; ++i)
        stage.add_validator({tasks.begin() + 2 * i, tasks.begin() + 2 * i + (i < 2 ? 2 : 4)});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(dying.wait() == ExitCode::device_lost);
    tests::Serving::stop_all({&slow});
    int accepted = 0;
    for (const auto& validator : stage.validators) accepted += validator->tally().accepted;
    CHECK(accepted == 8);
    CHECK(stage.counts().passed_at_once == 8);
    CHECK(dying.script->finished == 2);
    CHECK(slow.script->finished == 6);
    CHECK(stage.count_lines("station failed") >= 1);  // for each task that it had
    CHECK(stage.script->sketches == 0);
}

TEST_CASE("while no station can work no task is pulled, and when one can they are done") {
    tests::Serving server;
    server.start();
    const auto url = server.url();
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {url};
    stage.settings.generator.remote_token = "0123456789abcdef";
    stage.add_validator({picture_task("a")});
    stage.script->voxels = {100};
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 1);
    tests::Serving::stop_all({&server});

    Stage alone;
    alone.settings.generator.device = "none";
    alone.settings.generator.remote = {url};  // nobody is there any more
    alone.add_validator({picture_task("a")});
    alone.stop_once([looks = 0]() mutable { return ++looks > 10; });
    CHECK(alone.run() == ExitCode::ok);
    CHECK(alone.validators[0]->tally().pulls == 0);
    CHECK(alone.count_lines("station down") == 1);
}

TEST_CASE("a task that every station failed at is left with its validator and comes again") {
    // Healthy to look at, it hangs up on work; after its rest it does the work like any other.
    tests::Serving server;
    server.start();
    std::atomic<int> calls = 0;
    const tests::LoopbackPeer flaky([&](tests::LoopbackPeer::Socket& socket) {
        const auto request = tests::read_request(socket);
        const bool health = request.starts_with("GET /health ");
        if (!health) ++calls;
        if (!health && calls == 1) return;
        boost::asio::io_context io;
        tests::LoopbackPeer::Socket onward(io);
        onward.connect({boost::asio::ip::make_address("127.0.0.1"), server.port()});
        tests::send(onward, request);
        std::string answer;
        boost::system::error_code error;
        boost::asio::read(onward, boost::asio::dynamic_buffer(answer), error);
        tests::send(socket, answer);
    });
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {"http://127.0.0.1:" + std::to_string(flaky.port())};
    stage.add_validator({picture_task("a")});
    CHECK(stage.run() == ExitCode::ok);
    tests::Serving::stop_all({&server});
    CHECK(stage.count_lines("handed back") == 1);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.validators[0]->tally().submissions == 1);
    CHECK(stage.counts().errors == 0);
}

TEST_CASE("a miner that knows nobody finds its validators on the chain") {
    Stage stage;
    stage.hotkeys = {1, 2};
    stage.add_validator({picture_task("a"), picture_task("b")});
    stage.start_chain();
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 2);
    CHECK(stage.count_lines("chain connected") == 1);
    CHECK(stage.count_lines("registered") == 2);
}

TEST_CASE("a node of another chain than the one that is meant is not believed") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.start_chain();
    stage.settings.subtensor.genesis = "0x" + std::string(64, '0');
    stage.stop_once([&] { return stage.count_lines("chain lost") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().pulls == 0);
    CHECK(std::any_of(stage.lines.begin(), stage.lines.end(), [](const std::string& line) {
        return line.find("a node of another chain") != std::string::npos &&
               line.find("subtensor.genesis") != std::string::npos;
    }));
}

TEST_CASE("validators that the operator names besides are asked too, whatever the chain says") {
    Stage stage;
    stage.add_validator({picture_task("of the chain")});
    stage.add_validator({picture_task("of the operator")});
    stage.add_validator({picture_task("of both")});
    // The chain sends miners who ask the third to where nobody is.
    const auto second = stage.validators[1]->peer(), third = stage.validators[2]->peer();
    stage.start_chain();
    stage.chain->change([&](network::ChainState& state) {
        state.deregister(network::ss58_decode(second.hotkey).value());
        state.move(network::ss58_decode(third.hotkey).value(), 1);
    });
    stage.named = miner::named_validators({"+" + second.hotkey + "@" + network::authority(second),
                                           "+" + third.hotkey + "@" + network::authority(third)})
                      .value()
                      .list;
    CHECK(stage.run() == ExitCode::ok);
    for (const auto& validator : stage.validators) CHECK(validator->tally().accepted == 1);
    CHECK(stage.count_lines("pull failed") == 0);
}

TEST_CASE("a validator that goes to another port is found there without a restart") {
    Stage stage;
    stage.time_scale = 0.001;
    stage.add_validator({picture_task("a"), picture_task("b")});
    stage.start_chain();
    stage.between_turns = [&, moved = false]() mutable {
        auto& validator = *stage.validators[0];
        if (moved || validator.tally().accepted != 1) return;
        moved = true;
        const auto port = validator.move().value();
        stage.chain->change([&](network::ChainState& state) {
            state.move(network::ss58_decode(validator.peer().hotkey).value(), port);
        });
    };
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 2);
}

TEST_CASE("cool-downs of an earlier run hold for validators that the chain names") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    stage.start_chain();
    stage.told(key_of(1).address(), stage.validators[0]->peer().hotkey, std::time(nullptr) + 3600);
    stage.stop_once([&] { return stage.count_lines("cooling down") > 0; });
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.count_lines("cooling down") == 1);
    CHECK(stage.validators[0]->tally().pulls == 0);
}

TEST_CASE("a validator that moved is asked at its new place as soon as a pull has failed") {
    Stage stage;
    stage.add_validator({picture_task("a")});
    const auto peer = stage.validators[0]->peer();
    stage.start_chain(100ms);
    stage.settings.subtensor.refresh_blocks = 7'200;  // 12 minutes: no help
    const auto key = network::ss58_decode(peer.hotkey).value();
    stage.chain->change([&](network::ChainState& state) { state.move(key, 1); });
    const auto begun = std::chrono::steady_clock::now();
    stage.between_turns = [&, moved = false, asked = false]() mutable {
        if (!moved && stage.count_lines("pull failed") > 0) {
            moved = true;
            stage.chain->change([&](network::ChainState& state) { state.move(key, peer.port); });
        }
        if (!asked && std::chrono::steady_clock::now() - begun > std::chrono::minutes(8)) {
            asked = true;
            ::kill(::getpid(), SIGTERM);
        }
    };
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.count_lines("pull failed") > 0);
    CHECK(stage.validators[0]->tally().accepted == 1);
}

TEST_CASE("without a validator to ask the miner is unhealthy and says why") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.start_chain();
    stage.hotkeys = {1};
    network::HttpAnswer health, ready;
    std::atomic<bool> seen = false;
    std::thread visitor([&] {
        tests::eventually([&] {
            health = stage.ask_page("/health");
            return health.body.find("can be asked") != std::string::npos;
        });
        ready = stage.ask_page("/ready");
        seen = true;
    });
    stage.keep_running = true;
    stage.stop_once([&] { return seen.load(); });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    CHECK(health.status == 503);
    CHECK(health.body.find("no validator of subnet 17 can be asked") != std::string::npos);
    CHECK(ready.status == 503);
    CHECK(ready.body.find("no validator of subnet 17 can be asked") != std::string::npos);
    CHECK(stage.count_lines("no validator to ask") == 1);
}

TEST_CASE("while the database cannot be written the miner is unhealthy, and then healthy again") {
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.add_validator({picture_task("a")});
    const auto reaches = [&](unsigned status) {
        return tests::eventually([&] { return stage.ask_page("/health").status == status; });
    };
    std::atomic<bool> done = false;
    bool was_well = false, was_ill = false, is_well = false;
    std::string ill;
    std::thread visitor([&] {
        was_well = reaches(200);
        {
            const tests::Outsider::Hold hold(stage.folder.path() / "miner.db");
            was_ill = reaches(503);
            ill = stage.ask_page("/health").body;
        }
        is_well = reaches(200);
        done = true;
    });
    stage.keep_running = true;
    stage.stop_once([&] { return done.load(); });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    CHECK(was_well);
    CHECK(was_ill);
    CHECK(is_well);
    CHECK(ill.find("the database cannot be written") != std::string::npos);
    CHECK(ill.find(stage.folder.path().string()) == std::string::npos);
}
