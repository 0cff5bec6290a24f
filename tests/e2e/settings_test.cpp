// Settings through the real binary: four places, one winner, and all faults at once.
#include "tests/e2e/scene.hpp"
#include "tests/support/paths.hpp"

#include <csignal>
#include <sstream>

#include <pwd.h>
#include <unistd.h>

using namespace tests;
using namespace std::chrono_literals;

namespace {

boost::json::object setting(const Outcome& printed, std::string_view key) {
    const auto page = boost::json::parse(printed.out);
    for (const auto& entry : page.at("settings").as_array())
        if (entry.at("key").as_string() == key) return entry.as_object();
    return {};
}

}  // namespace

TEST_CASE("a wrong configuration lists all its faults at once and exits 2") {
    Scene scene;
    write_text(scene.home() / "wrong.toml",
               "[gate]\nattempts = \"many\"\n[export]\nupp = \"y\"\n[schedule]\nidle = -1\n");
    const auto outcome = scene.ask({"run", "--config", "wrong.toml", "--netuid", "x", "--log.level",
                                    "loud", "--validators", "5Nobody"},
                                   {{"MINER_GATE_FLOOR", "-3"}});
    INFO(outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 2});
    CHECK(outcome.out.empty());
    for (const auto* fault :
         {"gate.attempts", "export.upp", "did you mean export.up", "schedule.idle", "--netuid",
          "--log.level", "--validators", "MINER_GATE_FLOOR", "wrong.toml"})
        CHECK_THAT(outcome.err, contains(fault));
    CHECK_FALSE(fs::exists(scene.home() / "data"));
}

TEST_CASE("a settings file that is broken or missing is named") {
    Scene scene;
    write_text(scene.home() / "broken.toml", "[gate\nattempts = 2\n");
    const auto broken = scene.ask({"--config", "broken.toml"});
    CHECK(broken.exit_status == ProcessExit{.code = 2});
    CHECK_THAT(broken.err, contains("broken.toml"));
    const auto missing = scene.ask({"run", "--config", "missing.toml"});
    CHECK(missing.exit_status == ProcessExit{.code = 2});
    CHECK_THAT(missing.err, contains("missing.toml"));
}

TEST_CASE("an unknown flag or command is answered with the one that was meant") {
    Scene scene;
    const auto flag = scene.ask({"run", "--log.levle", "trace"});
    CHECK(flag.exit_status == ProcessExit{.code = 2});
    CHECK_THAT(flag.err, contains("did you mean --log.level?"));
    const auto command = scene.ask({"rehaerse"});
    CHECK(command.exit_status == ProcessExit{.code = 2});
    CHECK_THAT(command.err, contains("did you mean rehearse?"));
}

TEST_CASE("each place beats the ones before it, and the origin is shown") {
    Scene scene;
    write_text(scene.home() / ".config/miner/miner.toml",
               "[gate]\nmin_gaussians = 1000000\nfloor = 8000\nattempts = 4\n");
    const std::map<std::string, std::string> environment{
        {"MINER_GATE_FLOOR", "9000"}, {"MINER_GATE_ATTEMPTS", "5"}, {"BT_WALLET_NAME", "frosty"}};
    const auto json = scene.ask({"config", "--json", "--gate.attempts", "6"}, environment);
    REQUIRE(json.exit_status == ProcessExit{.code = 0});
    CHECK(setting(json, "gate.min_gaussians").at("value") == 1'000'000);
    CHECK_THAT(setting(json, "gate.min_gaussians").at("origin").as_string().c_str(),
               contains("miner.toml:2"));
    CHECK(setting(json, "gate.floor").at("value") == 9000);
    CHECK(setting(json, "gate.floor").at("origin") == "environment MINER_GATE_FLOOR");
    CHECK(setting(json, "gate.attempts").at("value") == 6);
    CHECK(setting(json, "gate.attempts").at("origin") == "flag --gate.attempts");
    CHECK(setting(json, "wallet.name").at("value") == "frosty");
    CHECK(setting(json, "netuid").at("origin") == "default");

    const auto text = scene.ask({"config", "--print", "--gate.attempts", "6"}, environment);
    CHECK(text.exit_status == ProcessExit{.code = 0});
    for (const auto* part : {"gate.min_gaussians", "miner.toml:2", "environment MINER_GATE_FLOOR",
                             "flag --gate.attempts", "environment BT_WALLET_NAME", "default"})
        CHECK_THAT(text.out, contains(part));
}

TEST_CASE("the page about settings is what the binary prints") {
    Scene scene;
    const auto page = scene.ask({"config", "--markdown"});
    CHECK(page.exit_status == ProcessExit{.code = 0});
    CHECK((page.out == read_text(tests::project_path("ops/docs/settings.md"))));
}

TEST_CASE("help names commands and exit codes, and the version has a number") {
    Scene scene;
    const auto help = scene.ask({"--help"});
    CHECK(help.exit_status == ProcessExit{.code = 0});
    for (const auto* word : {"run", "rehearse", "generate", "stats", "inspect", "config"})
        CHECK_THAT(help.out, contains(word));
    const auto run = scene.ask({"run", "--help"});
    CHECK(run.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(help.out + run.out, contains("130"));
    const std::string line =
        "miner [0-9]+\\.[0-9]+\\.[0-9]+ \\(commit ([0-9a-f]{12}(-dirty)?|unknown)\\)\n";
    CHECK_THAT(scene.ask({"--version"}).out, Catch::Matchers::Matches(line));
    const auto version = scene.ask({"version"}).out;
    CHECK_THAT(version.substr(0, version.find('\n') + 1), Catch::Matchers::Matches(line));
    for (const auto* part : {"\nlibtorch 2.", "\nCUDA ", "\nGPU architectures ", "\ntorch: ",
                             "\nattention, convolution, products, norms: ", "\nrendering: "})
        CHECK_THAT(version, contains(part));
    const auto json = boost::json::parse(scene.ask({"version", "--json"}).out);
    CHECK(json.at("libtorch").as_string().starts_with("2."));
    CHECK(json.at("kernels").as_object().contains("rendering"));
}

TEST_CASE("without validators the chain is asked for them, and waited for when it is away") {
    Scene scene;
    Process miner(scene.mining({"--subtensor.network", "ws://127.0.0.1:1"}));
    REQUIRE(miner.await_text("chain lost", kPatience));
    CHECK(miner.signal(SIGTERM));
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    CHECK_THAT(miner.err(), contains("ws://127.0.0.1:1"));
}

TEST_CASE("how much is logged, and how, is as the flags say") {
    Scene scene;
    scene.add_validator({});
    const auto mine = [&](Scene::Words more) {
        fs::remove_all(scene.storage());
        Process miner(scene.mining(std::move(more)));
        const auto up = "SELECT count(*) FROM validators WHERE calls > 0";
        CHECK(comes_true([&] { return scene.number(up) > 0 || miner.wait(0ms); }));
        miner.signal(SIGTERM);
        CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
        return Outcome{{}, miner.out(), miner.err()};
    };
    const auto quiet = mine({"--log.level", "error"});
    CHECK(quiet.err.empty());
    CHECK(scene.log().empty());

    const auto debug = mine({"--log.level", "error", "--logging.debug"});
    CHECK_THAT(debug.err, contains(" starting "));
    CHECK_THAT(scene.log(), contains(" starting "));

    const auto json = mine({"--log.json", "--log.file", "other.log"});
    CHECK_FALSE(fs::exists(scene.storage() / "miner.log"));
    std::istringstream lines(json.err);
    int events = 0;
    for (std::string line; std::getline(lines, line); ++events)
        CHECK(boost::json::parse(line).as_object().contains("event"));
    CHECK(events > 2);
}

TEST_CASE("a reader that has had enough is no error") {
    Scene scene;
    // Long enough that the pipe is closed while it is written.
    const auto outcome =
        run_to_end({.program = "/bin/sh",
                    .arguments = {"-c", "{ '" + tests::miner_binary() +
                                            "' config --markdown; echo $? >&2; } | true"},
                    .environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", scene.home().string()}},
                    .input = {},
                    .folder = {},
                    .largest_file = {}},
                   kPatience);
    CHECK(outcome.err == "0\n");
}

TEST_CASE("variables of other programs reach the settings that name them") {
    Scene scene;
    const auto json = scene.ask({"config", "--json"}, {{"HF_ENDPOINT", "https://mirror.example"},
                                                       {"HF_HUB_OFFLINE", "1"},
                                                       {"OPENAI_API_KEY", "sk-secret"}});
    REQUIRE(json.exit_status == ProcessExit{.code = 0});
    CHECK(setting(json, "weights.endpoint").at("value") == "https://mirror.example");
    CHECK(setting(json, "weights.endpoint").at("origin") == "environment HF_ENDPOINT");
    CHECK(setting(json, "weights.offline").at("value") == true);
    CHECK(setting(json, "weights.offline").at("origin") == "environment HF_HUB_OFFLINE");
    CHECK(setting(json, "picture_service.key").at("origin") == "environment OPENAI_API_KEY");
    CHECK(json.out.find("sk-secret") == std::string::npos);
    const auto wrong = scene.ask({"config"}, {{"HF_HUB_OFFLINE", "maybe"}});
    CHECK(wrong.exit_status == ProcessExit{.code = 2});
    CHECK_THAT(wrong.err, contains("HF_HUB_OFFLINE"));
}

TEST_CASE("without HOME the user database tells where home is, and no folder is called ~") {
    Scene scene;
    const passwd* entry = ::getpwuid(::getuid());
    REQUIRE(entry);
    const std::string home = GENERATE("", "relative");
    const auto outcome = scene.ask({"backup", "copy.db"}, {{"HOME", home}, {"XDG_DATA_HOME", ""}});
    CHECK_THAT(outcome.out + outcome.err,
               contains(std::string(entry->pw_dir) + "/.local/share/miner/miner.db"));
    CHECK_FALSE(fs::exists(scene.home() / "~"));
}

TEST_CASE("an IPv6 address to listen on is taken as the message recommends it") {
    Scene scene;
    const auto json = scene.ask({"config", "--json", "--http.listen", "[::]:8080"});
    INFO(json.err);
    REQUIRE(json.exit_status == ProcessExit{.code = 0});
    CHECK(setting(json, "http.listen").at("value") == "[::]:8080");
}
