#include "config/load.hpp"

#include "config/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace config;

namespace {

using Result = std::variant<Loaded, Faults>;

SettingsFile toml(std::string text) { return {"miner.toml", std::move(text)}; }

Loaded good(const Result& result) {
    if (const auto* faults = std::get_if<Faults>(&result)) FAIL(faults->front().message());
    return std::get<Loaded>(result);
}

std::vector<std::string> bad(const Result& result) {
    REQUIRE(std::holds_alternative<Faults>(result));
    std::vector<std::string> messages;
    for (const Fault& fault : std::get<Faults>(result)) messages.push_back(fault.message());
    return messages;
}

bool any_has(const std::vector<std::string>& texts, std::string_view part) {
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
        return text.find(part) != std::string::npos;
    });
}

Environment home() { return {{"HOME", "/home/ann"}}; }

// Every MINER_... that a file of the project names, as a variable without a value.
void add_variables(const std::string& path, Environment& environment) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    std::ifstream file(path);
    INFO(path);
    REQUIRE(file.is_open());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (auto at = text.find("MINER_"); at != std::string::npos; at = text.find("MINER_", at + 1)) {
        const auto end = std::min(text.find_first_not_of(kLetters, at), text.size());
        if (text[end - 1] != '_') environment.emplace(text.substr(at, end - at), "");
    }
}

}  // namespace

TEST_CASE("without anything, every setting is its default") {
    const Loaded loaded = good(load({}, {}, {}));
    CHECK(settings_hash(loaded.settings) == settings_hash({}));
    CHECK(loaded.origin.size() == keys().size());
    for (const auto& [name, origin] : loaded.origin) CHECK(origin.text() == "default");
    CHECK(loaded.warnings.empty());
    CHECK(loaded.file.empty());
}

TEST_CASE("flags beat the environment, which beats the file, which beats defaults") {
    const auto file = toml("[gate]\nattempts = 3\nmin_gaussians = 100_000\nfloor = 8000\n");
    const Environment environment{{"MINER_GATE_ATTEMPTS", "4"},
                                  {"MINER_GATE_MIN_GAUSSIANS", "90000"}};
    const Loaded loaded =
        good(load(file, environment, {{"gate.attempts", "--gate.attempts", {"5"}}}));
    CHECK(loaded.settings.gate.attempts == 5);
    CHECK(loaded.settings.gate.min_gaussians == 90'000);
    CHECK(loaded.settings.gate.floor == 8'000);
    CHECK(loaded.origin.at("gate.attempts").text() == "flag --gate.attempts");
    CHECK(loaded.origin.at("gate.min_gaussians").text() == "environment MINER_GATE_MIN_GAUSSIANS");
    CHECK(loaded.origin.at("gate.floor").text() == "file miner.toml:4");
    CHECK(loaded.origin.at("netuid").text() == "default");
    CHECK(loaded.file == "miner.toml");
}

TEST_CASE("every type is read from a file") {
    const Loaded loaded = good(load(toml(R"(
netuid = 17
validators = ["5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B@127.0.0.1:8091"]
logging.debug = true
wallet = { name = "cold", hotkey = "hot" }
[schedule]
pull_timeout = 1.5
submit_timeout = 200
[export]
size = 2
)"),
                                    {}, {}));
    const Settings& s = loaded.settings;
    CHECK(s.validators.size() == 1);
    CHECK(s.debug);
    CHECK(s.wallet.name == "cold");
    CHECK(s.wallet.hotkey == "hot");
    CHECK(s.schedule.pull_timeout == milliseconds(1500));
    CHECK(s.schedule.submit_timeout == seconds(200));
    CHECK(s.export_.size == 2.0);
}

TEST_CASE("all faults of all places are listed at once, each with its place and a remedy") {
    const auto file = toml(
        "netuid = \"17\"\n"
        "[gate]\n"
        "min_gausians = 1\n"
        "attempts = 0\n"
        "[log]\n"
        "level = \"loud\"\n"
        "[enhance]\n"
        "standard = [\"sharpness:3.5\", 1]\n"
        "extreme = \"smooth\"\n");
    const Environment environment{{"MINER_RUN_GRACE", "soon"}};
    const auto messages = bad(load(file, environment, {{"export.up", "--export.up", {"x"}}}));
    CHECK(messages.size() == 8);
    CHECK(any_has(
        messages,
        "netuid (miner.toml:1): \"17\" is no whole number: give a whole number from 0 to 65535"));
    CHECK(any_has(
        messages,
        "\"gate.min_gausians\" (miner.toml:3): no such setting; did you mean gate.min_gaussians?"));
    CHECK(
        any_has(messages,
                "gate.attempts (miner.toml:4): 0 is too small: give a whole number from 1 to 10"));
    CHECK(any_has(messages, "log.level (miner.toml:6)"));
    CHECK(any_has(messages, "enhance.standard (miner.toml:8): entry 2 of the list is no text"));
    CHECK(any_has(messages, "enhance.extreme (miner.toml:9): \"smooth\" is no list"));
    CHECK(any_has(messages, "run.grace (MINER_RUN_GRACE): \"soon\" is no number"));
    CHECK(any_has(messages, "--export.up: \"x\" is not among the choices: give one of y, trellis"));
}

TEST_CASE("a file that is not TOML is a fault with its line, and does not hide other faults") {
    const auto messages =
        bad(load(toml("netuid = 17\nwallet name = 3\n"), {{"MINER_NETUID", "x"}}, {}));
    CHECK(messages.size() == 2);
    CHECK(any_has(messages, "miner.toml:2: this is not TOML"));
    CHECK(any_has(messages, "MINER_NETUID"));
}

TEST_CASE("hostile files end in faults, not in a crash") {
    const auto text =
        GENERATE(std::string("\xff\xfe\x00\x01", 4), std::string(100'000, '['),
                 "a=" + std::string(100'000, '['), std::string("netuid = 17\nnetuid = 18"),
                 std::string("[gate]\nattempts = { a = 1 }"), std::string("gate = 3"),
                 std::string("gate = [ { attempts = 1 } ]"), std::string("netuid = 1979-05-27"),
                 std::string("\"gate.attempts\" = 2\n[gate]\nattempts = 2"),
                 std::string("netuid = 9223372036854775808"), std::string("export.size = nan"));
    const auto messages = bad(load(toml(text), {}, {}));
    for (const std::string& message : messages) {
        CHECK(message.size() < 1000);
        CHECK(message.find('\n') == std::string::npos);
    }
}

TEST_CASE("a file of thousands of unknown keys gives a readable list") {
    std::string text;
    for (int i = 0; i < 5'000; ++i) text += "key" + std::to_string(i) + " = 1\n";
    CHECK(bad(load(toml(text), {}, {})).size() == 50);
}

TEST_CASE("Bittensor's variables are heeded, ours first") {
    const Loaded loaded = good(load({},
                                    {{"BT_WALLET_NAME", "theirs"},
                                     {"MINER_WALLET_NAME", "ours"},
                                     {"BT_WALLET_HOTKEY", "hot"},
                                     {"BT_WALLET_PATH", ""},
                                     {"BT_NETWORK", "archive"}},
                                    {}));
    CHECK(loaded.settings.wallet.name == "ours");
    CHECK(loaded.settings.wallet.hotkey == "hot");
    CHECK(loaded.settings.wallet.path == Wallet{}.path);
    CHECK(loaded.settings.subtensor.network == "archive");
    CHECK(any_has(loaded.warnings, "MINER_WALLET_NAME and BT_WALLET_NAME disagree"));
}

TEST_CASE("a variable that looks like ours but is none gets a warning") {
    const Loaded loaded = good(load({}, {{"MINER_GATE_ATEMPTS", "3"}, {"MINER_CONFIG", ""}}, {}));
    REQUIRE(loaded.warnings.size() == 1);
    CHECK(loaded.warnings[0].find("did you mean MINER_GATE_ATTEMPTS?") != std::string::npos);
}

TEST_CASE("variables of set-up, build and pm2's file get no warning") {
    // ops/cmake/commit.cmake reads this one; what CMake's other files name are their own.
    Environment environment{{"MINER_COMMIT", ""}};
    for (const char* file : {"CMakeLists.txt", "CMakePresets.json", "ops/pm2.config.js"})
        add_variables(tests::project_path(file), environment);
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(tests::project_path("ops"))) {
        if (entry.path().extension() == ".sh") add_variables(entry.path().string(), environment);
    }
    // One of each kind of file, lest nothing was found.
    for (const char* name :
         {"MINER_TESTS", "MINER_CUDA_DECIDED", "MINER_GPU", "MINER_SANITIZE", "MINER_BINARY"}) {
        INFO(name);
        CHECK(environment.contains(name));
    }
    CHECK(good(load({}, environment, {})).warnings == std::vector<std::string>{});
}

TEST_CASE("a misspelt variable is held against settings, not against those of scripts") {
    const Loaded loaded = good(load({}, {{"MINER_CONFG", ""}, {"MINER_CUDAA", ""}}, {}));
    REQUIRE(loaded.warnings.size() == 2);
    CHECK(loaded.warnings[0].find("did you mean MINER_CONFIG?") != std::string::npos);
    CHECK(loaded.warnings[1].find("mean MINER_CUDA?") == std::string::npos);
}

TEST_CASE("a picture service is warned of when its pictures keep backgrounds or its key is seen") {
    const auto loaded = [](const char* url, Environment environment) {
        environment["MINER_PICTURE_SERVICE_URL"] = url;
        return good(load({}, environment, {}));
    };
    const Environment key{{"OPENAI_API_KEY", "sk-1"}};
    CHECK(loaded("http://127.0.0.1:1234", key).warnings.empty());
    CHECK(loaded("https://pictures.example", key).warnings.empty());
    CHECK(loaded("http://pictures.example", {}).warnings.empty());
    CHECK(any_has(loaded("http://pictures.example", key).warnings, "prefer https"));
    const auto uncut = loaded("http://[::1]:1", {{"MINER_GENERATOR_MATTING", "never"}});
    CHECK(any_has(uncut.warnings, "generator.matting never"));
    CHECK(any_has(bad(load({}, {{"MINER_PICTURE_SERVICE_URL", "localhost:1234"}}, {})),
                  "give a URL such as http://127.0.0.1:1234, or nothing"));
    CHECK(any_has(bad(load({}, {{"OPENAI_API_KEY", "two words"}}, {})), "without spaces"));
}

TEST_CASE("netuid 220 chooses the test network unless a network or endpoint was named") {
    const Loaded test = good(load({}, {}, {{"netuid", "--netuid", {"220"}}}));
    CHECK(test.settings.subtensor.network == "test");
    CHECK(test.origin.at("subtensor.network").text() == "default for netuid 220");
    CHECK(test.warnings.empty());

    const Loaded named = good(load({}, {{"MINER_NETUID", "220"}, {"BT_NETWORK", "finney"}}, {}));
    CHECK(named.settings.subtensor.network == "finney");
    CHECK(any_has(named.warnings, "netuid 220 on finney"));

    const Loaded endpoint =
        good(load({}, {{"MINER_NETUID", "220"}, {"BT_CHAIN_ENDPOINT", "ws://h:1"}}, {}));
    CHECK(endpoint.settings.subtensor.network == "finney");
    CHECK(chain_url(endpoint.settings.subtensor) == "ws://h:1");

    CHECK(good(load({}, {}, {})).settings.subtensor.network == "finney");
}

TEST_CASE("a network from a stronger place beats an endpoint from a weaker one") {
    const auto file = toml("[subtensor]\nchain_endpoint = \"wss://mainnet.example\"\n");
    const Loaded loaded =
        good(load(file, {}, {{"subtensor.network", "--subtensor.network", {"test"}}}));
    CHECK(chain_url(loaded.settings.subtensor) == "wss://test.finney.opentensor.ai:443");
    CHECK(any_has(loaded.warnings, "subtensor.network (flag --subtensor.network) beats"));
    const Loaded same = good(
        load(toml("[subtensor]\nchain_endpoint = \"wss://mine.example\"\nnetwork = \"test\"\n"), {},
             {}));
    CHECK(chain_url(same.settings.subtensor) == "wss://mine.example");
}

TEST_CASE("the local network's endpoint may come from Bittensor's variable for it") {
    const Environment environment{{"BT_SUBTENSOR_CHAIN_ENDPOINT", "ws://10.0.0.1:9944"}};
    const std::vector<FlagValue> local{{"subtensor.network", "--subtensor.network", {"local"}}};
    const Loaded loaded = good(load({}, environment, local));
    CHECK(chain_url(loaded.settings.subtensor) == "ws://10.0.0.1:9944");
    CHECK(loaded.origin.at("subtensor.chain_endpoint").text() ==
          "environment BT_SUBTENSOR_CHAIN_ENDPOINT");
    CHECK(chain_url(good(load({}, environment, {})).settings.subtensor) ==
          "wss://entrypoint-finney.opentensor.ai:443");
    CHECK(any_has(bad(load({}, {{"BT_SUBTENSOR_CHAIN_ENDPOINT", "nonsense"}}, local)),
                  "BT_SUBTENSOR_CHAIN_ENDPOINT"));
}

TEST_CASE("settings that contradict one another are faults") {
    const auto floor = bad(load(toml("[gate]\nfloor = 9000\nmin_gaussians = 8000\n"), {}, {}));
    CHECK(any_has(floor,
                  "gate.floor (file miner.toml:2): 9000 is above gate.min_gaussians, 8000 (file "
                  "miner.toml:3)"));
    const auto room = bad(load(toml("[export]\nsize = 20\nfraction_bits = 20\n"), {}, {}));
    CHECK(any_has(room, "export.fraction_bits"));
    // The far end of a lopsided object is a whole side from the mean.
    CHECK(any_has(bad(load(toml("[export]\nsize = 10\nfraction_bits = 20\n"), {}, {})),
                  "export.fraction_bits"));
}

TEST_CASE("validators come instead of the chain's or besides them, not both") {
    const std::string one = "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B@1.2.3.4:8091";
    const auto named = [](const std::string& list) {
        return std::vector<FlagValue>{{"validators", "--validators", {list}}};
    };
    const auto mixed = bad(load({}, {}, named(one + ",+" + one)));
    CHECK(any_has(mixed,
                  "validators (flag --validators): 1 of 2 entries begin with +; write it "
                  "before all of them"));
    CHECK(good(load({}, {}, named(one + "," + one))).settings.validators.size() == 2);
    CHECK(good(load({}, {}, named("+" + one + ",+" + one))).settings.validators.size() == 2);
}

TEST_CASE("settings that will hardly be meant are warned of") {
    CHECK(any_has(good(load(toml("netuid = 29"), {}, {})).warnings, "netuid 29"));
    CHECK(any_has(good(load(toml("gate.floor = 100"), {}, {})).warnings, "gate.floor 100"));
    CHECK(any_has(bad(load(toml("generator.device = \"none\""), {}, {})),
                  "generator.device (file miner.toml:1): none, and generator.remote names nobody"));
    good(load(toml("[generator]\ndevice = \"none\"\nremote = [\"http://gpu1:10006\"]"), {}, {}));
    CHECK(any_has(good(load(toml("export.up = \"trellis\""), {}, {})).warnings, "upside down"));
}

TEST_CASE("a leading ~ in a path is the home folder") {
    const Loaded loaded =
        good(load(toml("log.file = \"~/m.log\"\nstorage.path = \"~\"\n"), home(), {}));
    CHECK(loaded.settings.log.file == "/home/ann/m.log");
    CHECK(loaded.settings.storage.path == "/home/ann");
    CHECK(loaded.settings.wallet.path == "/home/ann/.bittensor/wallets/");
    CHECK(loaded.settings.generator.model.empty());
}
