// The environment of this very process, as the miner is given it.
#include "config/environment.hpp"

#include "config/keys.hpp"
#include "config/load.hpp"
#include "tests/support/catch.hpp"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <optional>
#include <string>

using namespace config;

namespace {

// A variable of this process, put back as it was in the end.
class Variable {
public:
    Variable(std::string name, const char* value) : name_(std::move(name)) {
        if (const char* before = getenv(name_.c_str())) before_ = before;
        value ? setenv(name_.c_str(), value, 1) : unsetenv(name_.c_str());
    }
    ~Variable() { before_ ? setenv(name_.c_str(), before_->c_str(), 1) : unsetenv(name_.c_str()); }

private:
    std::string name_;
    std::optional<std::string> before_;
};

std::string own_home() {
    const passwd* entry = getpwuid(getuid());
    return entry ? entry->pw_dir : "";
}

}  // namespace

TEST_CASE("every variable that the table of settings names reaches the settings") {
    for (const Key& key : keys()) {
        for (const auto& name : variables_of(key)) {
            INFO(name);
            const Variable set(name, "x");
            CHECK(variable(process_environment(), name) == "x");
        }
    }
    const Variable endpoint("HF_ENDPOINT", "https://mirror.example"),
        offline("HF_HUB_OFFLINE", "1"), key("OPENAI_API_KEY", "sk-1");
    const auto loaded = load({}, process_environment(), {});
    REQUIRE(std::holds_alternative<Loaded>(loaded));
    const auto& settings = std::get<Loaded>(loaded).settings;
    CHECK(settings.weights.endpoint == "https://mirror.example");
    CHECK(settings.weights.offline);
    CHECK(settings.picture_service.key == "sk-1");
}

TEST_CASE("the hub's token is read, and what nobody asked for is not") {
    const Variable token("HF_TOKEN", "hf_1"), other("HF_OTHER", "2"),
        password("BT_PW__HOME_ANN_KEY", "secret");
    const auto environment = process_environment();
    CHECK(variable(environment, kHubToken) == "hf_1");
    CHECK(environment.count("HF_OTHER") == 0);
    CHECK(environment.count("BT_PW__HOME_ANN_KEY") == 0);
    CHECK(environment.count("PATH") == 0);
}

TEST_CASE("without an absolute HOME the home folder is the one of the user database") {
    const char* value = GENERATE(static_cast<const char*>(nullptr), "", "here/below");
    const Variable home("HOME", value);
    CHECK(home_folder() == own_home());
    CHECK(variable(process_environment(), "HOME") == own_home());
}

TEST_CASE("HOME beats the user database") {
    const Variable home("HOME", "/home/of/ann");
    CHECK(home_folder() == "/home/of/ann");
    CHECK(variable(process_environment(), "HOME") == "/home/of/ann");
}

TEST_CASE(
    "passwords of key files are read with no settings, and are gone once they are forgotten") {
    const Variable ours("MINER_WALLET_PASSWORD", "correct horse"),
        file("BT_PW__HOME_ANN_KEY", "battery staple"), other("MINER_NETUID", "17");
    const auto environment = process_environment();
    CHECK(environment.count("MINER_WALLET_PASSWORD") == 0);
    CHECK(environment.count("BT_PW__HOME_ANN_KEY") == 0);
    // Where the process was given it, which is what /proc/PID/environ shows.
    const char* value = getenv("MINER_WALLET_PASSWORD");
    REQUIRE(value);
    forget_passwords();
    CHECK(std::string(value, 13) == std::string(13, '\0'));
    CHECK(getenv("MINER_WALLET_PASSWORD") == nullptr);
    CHECK(getenv("BT_PW__HOME_ANN_KEY") == nullptr);
    CHECK(variable(process_environment(), "MINER_NETUID") == "17");
}
