#include "config/keys.hpp"

#include "tests/support/catch.hpp"

#include <limits>
#include <set>

using namespace config;

namespace {

const Key& key(std::string_view name) {
    const Key* found = find_key(name);
    REQUIRE(found);
    return *found;
}

}  // namespace

TEST_CASE("every key has a name, flag and variable of its own, and a meaning in one sentence") {
    std::set<std::string> names, variables;
    for (const Key& k : keys()) {
        INFO(k.name);
        CHECK(names.insert(std::string(k.name)).second);
        for (const std::string& name : variables_of(k)) CHECK(variables.insert(name).second);
        CHECK(k.doc.size() >= 20);
        CHECK(k.doc.ends_with('.'));
        CHECK(k.doc.find('\n') == std::string_view::npos);
    }
    CHECK(names.size() >= 50);
}

TEST_CASE("no two keys share a field") {
    Settings settings;
    std::set<const void*> fields;
    for (const Key& k : keys()) {
        INFO(k.name);
        const void* field = std::visit([](auto* p) -> const void* { return p; }, k.field(settings));
        CHECK(fields.insert(field).second);
    }
}

TEST_CASE("every default keeps its own limits and survives being written and read") {
    for (const Key& k : keys()) {
        INFO(k.name);
        Settings settings;
        const std::string before = value_of(k, settings);
        Value value;
        std::visit(
            [&](auto* p) {
                using T = std::remove_pointer_t<decltype(p)>;
                if constexpr (std::is_same_v<T, seconds>) {
                    value = std::int64_t(p->count());
                } else if constexpr (std::is_same_v<T, milliseconds>) {
                    value = double(p->count()) / 1000;
                } else if constexpr (std::is_same_v<T, int>) {
                    value = std::int64_t(*p);
                } else {
                    value = *p;
                }
            },
            k.field(settings));
        const auto wrong = assign(k, value, settings);
        INFO(wrong.value_or(""));
        CHECK_FALSE(wrong);
        CHECK(value_of(k, settings) == before);
    }
}

TEST_CASE("Bittensor's own names are kept") {
    CHECK(flag_of(key("wallet.name")) == "--wallet.name");
    CHECK(flag_of(key("logging.debug")) == "--logging.debug");
    using Names = std::vector<std::string>;
    CHECK(variables_of(key("wallet.hotkey")) == Names{"MINER_WALLET_HOTKEY", "BT_WALLET_HOTKEY"});
    CHECK(variables_of(key("wallet.path")) == Names{"MINER_WALLET_PATH", "BT_WALLET_PATH"});
    CHECK(variables_of(key("subtensor.chain_endpoint")) ==
          Names{"MINER_SUBTENSOR_CHAIN_ENDPOINT", "BT_CHAIN_ENDPOINT"});
    CHECK(variables_of(key("gate.min_gaussians")) == Names{"MINER_GATE_MIN_GAUSSIANS"});
}

TEST_CASE("text becomes a value of the key's type") {
    Settings s;
    CHECK_FALSE(assign_text(key("netuid"), {"220"}, s));
    CHECK(s.netuid == 220);
    CHECK_FALSE(assign_text(key("schedule.pull_timeout"), {"0.25"}, s));
    CHECK(s.schedule.pull_timeout == milliseconds(250));
    CHECK_FALSE(assign_text(key("run.grace"), {"90"}, s));
    CHECK(s.run.grace == seconds(90));
    CHECK_FALSE(assign_text(key("export.margin"), {"-0.5"}, s));
    CHECK(s.export_.margin == -0.5);
    CHECK_FALSE(assign_text(key("generator.seed"), {"-1"}, s));
    CHECK(s.generator.seed == -1);
    CHECK_FALSE(assign_text(key("log.json"), {"True"}, s));
    CHECK(s.log.json);
    CHECK_FALSE(assign_text(key("log.json"), {"0"}, s));
    CHECK_FALSE(s.log.json);
    CHECK_FALSE(assign_text(key("rehearse.faults"), {"slow, drop", "refuse"}, s));
    CHECK(s.rehearse.faults == std::vector<std::string>{"slow", "drop", "refuse"});
    CHECK_FALSE(assign_text(key("enhance.extreme"), {""}, s));
    CHECK(s.enhance.extreme.empty());
}

TEST_CASE("the last of several values counts, but for lists") {
    Settings s;
    CHECK_FALSE(assign_text(key("gate.attempts"), {"3", "4"}, s));
    CHECK(s.gate.attempts == 4);
}

TEST_CASE("a wrong value is refused with what to give instead, and changes nothing") {
    struct Case {
        const char* name;
        const char* text;
        const char* says;
    };
    const auto c = GENERATE(values<Case>({
        {"netuid", "65536", "too large: give a whole number from 0 to 65535"},
        {"netuid", "-1", "too small"},
        {"netuid", "17.5", "is no whole number"},
        {"netuid", "", "is no whole number"},
        {"netuid", "17x", "is no whole number"},
        {"netuid", "99999999999999999999", "is no whole number"},
        {"gate.attempts", "0", "from 1 to 10"},
        {"schedule.pull_timeout", "nan", "no number to work with"},
        {"schedule.pull_timeout", "inf", "no number to work with"},
        {"run.grace", "1.5", "is no whole number: give whole seconds from 0 to 3600"},
        {"export.min_opacity", "1.01", "too large"},
        {"log.json", "maybe", "neither true nor false"},
        {"log.level", "loud", "one of trace, debug, info, warn, error"},
        {"generator.dtype", "int8", "fp16"},
        {"generator.device", "cuda:x", "cuda:1"},
        {"generator.device", "", "auto, cpu, cuda"},
        {"score.device", "none", "auto, cpu, cuda, or one GPU"},
        {"score.dtype", "int8", "fp16"},
        {"wallet.name", "../other", "without slashes"},
        {"wallet.hotkey", "..", "without slashes"},
        {"wallet.path", "", "a path"},
        {"subtensor.network", "mainnet", "finney, test, archive"},
        {"subtensor.network", "http://node", "ws://"},
        {"subtensor.chain_endpoint", "wss://", "wss://host:443"},
        {"subtensor.chain_endpoint", "wss://host:0", "wss://host:443"},
        {"subtensor.genesis", "0x2f05", "64 hexadecimal digits"},
        {"subtensor.genesis", "2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03aa",
         "64 hexadecimal digits"},
        {"schedule.owner_hotkey", "5E7e", "SS58"},
        {"rehearse.faults", "timeout,crash", "\"crash\" is not among the choices"},
        {"http.listen", "::1:8080", "[::]:8080"},
        {"http.listen", "[::1]", "[::]:8080"},
        {"http.listen", "[]:8080", "[::]:8080"},
        {"http.listen", "[::g]:8080", "[::]:8080"},
        {"http.listen", "[127.0.0.1]:8080", "[::]:8080"},
        {"http.listen", "[fe80::1%]:8080", "[::]:8080"},
        {"http.listen", "1.2.3.256:8080", "127.0.0.1:8080"},
        {"http.listen", "localhost:8080", "127.0.0.1:8080"},
        {"validators", "1.2.3.4:8091", "HOTKEY@HOST:PORT"},
        {"validators", "+1.2.3.4:8091", "+HOTKEY@HOST:PORT"},
        {"validators", "++5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B@1.2.3.4:8091",
         "+HOTKEY@HOST:PORT"},
        {"enhance.standard", "sharpness", "sharpness:3.5"},
        {"enhance.standard", "sharpness:101", "from 0 to 100"},
        {"enhance.standard", "sharpness:nan", "from 0 to 100"},
        {"enhance.standard", "blur:1", "edge_enhance"},
        {"enhance.standard", "smooth:1", "smooth"},
    }));
    INFO(c.name << " = " << c.text);
    Settings s;
    const auto wrong = assign_text(key(c.name), {c.text}, s);
    REQUIRE(wrong);
    INFO(*wrong);
    CHECK(wrong->find(c.says) != std::string::npos);
    CHECK(settings_hash(s) == settings_hash({}));
}

TEST_CASE("what fits its shape is taken") {
    struct Case {
        const char* name;
        const char* text;
    };
    const auto c = GENERATE(values<Case>({
        {"subtensor.network", "latent-lite"},
        {"subtensor.network", "ws://127.0.0.1:9944"},
        {"subtensor.chain_endpoint", "wss://entrypoint-finney.opentensor.ai:443"},
        {"subtensor.chain_endpoint", "wss://node.example/path"},
        {"subtensor.chain_endpoint", "ws://[::1]:9944"},
        {"subtensor.chain_endpoint", "wss://[2001:db8::1]"},
        {"subtensor.chain_endpoint", ""},
        {"subtensor.genesis", ""},
        {"subtensor.genesis", "0x2f0555cc76fc2840A25A6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03"},
        {"validators", "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B@1.2.3.4:8091"},
        {"validators", "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B@[::1]:1"},
        {"validators", "+5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B@[::1]:1"},
        {"http.listen", ""},
        {"http.listen", "127.0.0.1:8080"},
        {"http.listen", "[::]:8080"},
        {"http.listen", "[::1]:0"},
        {"http.listen", "[2001:db8::17]:8080"},
        {"http.listen", "[fe80::1%eth0]:8080"},
        {"http.listen", "[::ffff:127.0.0.1]:8080"},
        {"generator.device", "cuda:1"},
        {"generator.device", "none"},
        {"score.device", "auto"},
        {"score.device", "cuda:1"},
        {"generator.devices", "cuda:0,cuda:1"},
        {"generator.remote", "http://gpu1:10006,https://[2001:db8::1]/of/mine"},
        {"enhance.standard", "color:0,detail,brightness:1.1,edge_enhance"},
        {"schedule.owner_hotkey", ""},
    }));
    INFO(c.name << " = " << c.text);
    Settings s;
    CHECK(assign_text(key(c.name), {c.text}, s).value_or("") == "");
}

TEST_CASE("a fault repeats hostile text only escaped and cut") {
    Settings s;
    const auto wrong = assign(key("log.level"), std::string(100'000, 'x'), s);
    REQUIRE(wrong);
    CHECK(wrong->size() < 300);
    const auto forged = assign(key("wallet.name"), std::string("a\nnetuid: fine\x1b[2J"), s);
    REQUIRE(forged);
    CHECK(forged->find('\n') == std::string::npos);
    CHECK(forged->find('\x1b') == std::string::npos);
    CHECK(assign(key("validators"), std::vector<std::string>(10'000, "x"), s));
}

TEST_CASE("types are not mixed up silently") {
    Settings s;
    CHECK(assign(key("gate.attempts"), Value(2.0), s));
    CHECK(assign(key("gate.attempts"), Value(std::string("2")), s));
    CHECK(assign(key("log.json"), Value(std::int64_t(1)), s));
    CHECK(assign(key("wallet.name"), Value(std::int64_t(1)), s));
    CHECK(assign(key("validators"), Value(std::string("one")), s));
    CHECK_FALSE(assign(key("export.size"), Value(std::int64_t(2)), s));
    CHECK(s.export_.size == 2.0);
}

TEST_CASE("the hash of settings is stable, and every key changes it") {
    const std::string usual = settings_hash({});
    CHECK(usual.size() == 16);
    CHECK(settings_hash({}) == usual);
    std::set<std::string> seen{usual};
    for (const Key& k : keys()) {
        INFO(k.name);
        Settings s;
        std::visit(
            [](auto* p) {
                using T = std::remove_pointer_t<decltype(p)>;
                if constexpr (std::is_same_v<T, std::string>) {
                    *p += "x";
                } else if constexpr (std::is_same_v<T, bool>) {
                    *p = !*p;
                } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
                    p->push_back("x");
                } else {
                    *p = *p + T(1);
                }
            },
            k.field(s));
        CHECK(seen.insert(settings_hash(s)).second);
    }
}
