#include "config/describe.hpp"

#include "config/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

using namespace config;

namespace {

Loaded loaded() {
    auto result = load(SettingsFile{"/etc/miner \"x\".toml", "[gate]\nattempts = 3\n"},
                       {{"MINER_NETUID", "29"}}, {});
    return std::get<Loaded>(std::move(result));
}

std::string line_of(const std::string& text, std::string_view beginning) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(beginning)) return line;
    }
    FAIL("no line " << beginning);
    return {};
}

}  // namespace

TEST_CASE("the printed settings show value, origin and meaning of every key, aligned") {
    const std::string text = settings_text(loaded());
    std::size_t origin_column = 0;
    for (const Key& key : keys()) {
        const std::string line = line_of(text, std::string(key.name) + " ");
        INFO(line);
        CHECK(line.find(value_of(key, loaded().settings)) != std::string::npos);
        CHECK(line.ends_with(key.doc));
        const auto column = line.find("  default ");
        if (column == std::string::npos || value_of(key, {}).size() > 30) continue;
        const auto origin = line.find_first_not_of(' ', column);
        if (origin_column == 0) origin_column = origin;
        CHECK(origin == origin_column);
    }
    CHECK(line_of(text, "gate.attempts").find("file /etc/miner \"x\".toml:2") != std::string::npos);
    CHECK(line_of(text, "netuid").find("environment MINER_NETUID") != std::string::npos);
}

TEST_CASE("the page about settings is the one that the table renders") {
    std::ifstream file(tests::project_path("ops/docs/settings.md"));
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    INFO("render it anew: miner config --markdown > ops/docs/settings.md");
    const bool same = page == settings_markdown();  // both are too long to be shown
    CHECK(same);
}

TEST_CASE("the page about settings has every key once") {
    const std::string page = settings_markdown();
    for (const Key& key : keys()) {
        const std::string row = "| `" + std::string(key.name) + "` |";
        INFO(row);
        CHECK(page.find(row) != std::string::npos);
        CHECK(page.find(row) == page.rfind(row));
    }
}

TEST_CASE("the settings file to begin with changes nothing, and each of its lines may be taken") {
    const std::string text = settings_toml();
    std::string all, taken;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CHECK((line.size() <= 100 || !line.starts_with("# ")));
        const bool is_key = line.starts_with('#') && !line.starts_with("# ");
        all += (is_key ? line.substr(1) : line) + "\n";
        if (is_key) taken += line + "\n";
    }
    std::size_t count = 0;
    for (const char c : taken) count += c == '\n';
    CHECK(count == keys().size());
    for (const std::string& file : {text, all}) {
        const Environment home{{"HOME", "/home/ann"}};
        auto result = load(SettingsFile{"miner.toml", file}, home, {});
        if (const auto* faults = std::get_if<Faults>(&result)) FAIL(faults->front().message());
        const auto& good = std::get<Loaded>(result);
        CHECK(settings_hash(good.settings) ==
              settings_hash(std::get<Loaded>(load({}, home, {})).settings));
        CHECK(good.warnings.empty());
    }
}

TEST_CASE("a secret is printed nowhere, not even when it is wrong") {
    const std::string secret = "correct-horse-battery-staple";
    auto result = load({}, {{"MINER_HTTP_TOKEN", secret}}, {});
    const auto& good = std::get<Loaded>(result);
    CHECK(good.settings.http.token == secret);
    for (const auto& text : {settings_text(good), settings_json(good)})
        CHECK(text.find(secret) == std::string::npos);
    CHECK(line_of(settings_text(good), "http.token").find("(set)") != std::string::npos);
    const auto bad = std::get<Faults>(load({}, {{"MINER_HTTP_TOKEN", "too short"}}, {}));
    REQUIRE(bad.size() == 1);
    CHECK(bad[0].message().find("too short") == std::string::npos);
}

TEST_CASE("a key in an address is printed nowhere, not even when the address is wrong") {
    for (const auto& [variable, value] : std::map<std::string, std::string>{
             {"MINER_SUBTENSOR_CHAIN_ENDPOINT", "wss://user:s3cret@node.example:443"},
             {"MINER_SUBTENSOR_NETWORK", "wss://node.example?apikey=s3cret"},
             {"MINER_PICTURE_SERVICE_URL", "https://draws.example/s3cret"},
             {"MINER_GENERATOR_REMOTE", "https://gpu1.example/s3cret"},
             {"MINER_WEIGHTS_ENDPOINT", "https://mirror.example/s3cret"}}) {
        INFO(variable);
        auto result = load({}, {{variable, value}}, {});
        REQUIRE(std::holds_alternative<Loaded>(result));
        const auto& good = std::get<Loaded>(result);
        for (const auto& text : {settings_text(good), settings_json(good)}) {
            CHECK(text.find("s3cret") == std::string::npos);
            CHECK(text.find(".example") != std::string::npos);
        }
        for (const auto& wrong : {"gopher" + value.substr(value.find("://")),
                                  value.substr(value.find("://") + 3) + "/?k=s3cret"}) {
            const auto bad = std::get<Faults>(load({}, {{variable, wrong}}, {}));
            REQUIRE(bad.size() == 1);
            CHECK(bad[0].message().find("s3cret") == std::string::npos);
        }
    }
}
