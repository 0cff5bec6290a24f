#include "miner/cli/command_line.hpp"

#include "config/keys.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <algorithm>

using namespace miner;
using tests::good;
using tests::has;
using tests::refused;

TEST_CASE("without a command the miner runs") {
    CHECK(good({}).command == Command::run);
    CHECK(good({"--netuid", "17"}).command == Command::run);
    CHECK(good({"run"}).command == Command::run);
}

TEST_CASE("settings may stand before and after any command") {
    for (const char* command : {"run", "rehearse", "stats", "config", "version"}) {
        INFO(command);
        CHECK(good({command, "--storage.path", "/x"}).loaded.settings.storage.path == "/x");
        CHECK(good({"--storage.path", "/x", command}).loaded.settings.storage.path == "/x");
        CHECK(good({"--storage.path=/x", command, "--gate.attempts=3"})
                  .loaded.settings.gate.attempts == 3);
    }
    const auto line = good({"--gate.attempts", "3", "inspect", "--log.level", "trace", "a.ply"});
    CHECK(line.inspect.file == "a.ply");
    CHECK(line.loaded.settings.gate.attempts == 3);
    CHECK(line.loaded.settings.log.level == "trace");
    CHECK(line.loaded.origin.at("log.level").text() == "flag --log.level");
}

TEST_CASE("every key of the table is a flag") {
    for (const config::Key& key : config::keys()) {
        INFO(key.name);
        const std::string flag = config::flag_of(key);
        std::string value = config::value_of(key, {});
        std::erase_if(value, [](char c) { return c == '"' || c == '[' || c == ']' || c == ' '; });
        const auto line = good({"run", (flag + '=' + value).c_str()});
        CHECK(line.loaded.origin.at(std::string(key.name)).kind == config::Origin::Kind::flag);
    }
}

TEST_CASE(
    "a flag that is true or false needs no value, takes one, and never eats a word that is none") {
    CHECK(good({"--logging.debug"}).loaded.settings.debug);
    CHECK(good({"--log.json", "stats"}).command == Command::stats);
    CHECK(good({"generate", "--log.json", "a.png", "-o", "a.spz"}).generate.pictures ==
          std::vector<std::string>{"a.png"});
    CHECK_FALSE(good({"--export.centre", "false"}).loaded.settings.export_.centre);
    CHECK_FALSE(good({"run", "--export.centre=off"}).loaded.settings.export_.centre);
    CHECK(good({"--log.json", "true", "run"}).loaded.settings.log.json);
    CHECK(has(refused({"--log.json=maybe"}), "neither true nor false"));
}

TEST_CASE("a list takes several values, repeated, together or with commas") {
    using Faults = std::vector<std::string>;
    CHECK(good({"--rehearse.faults", "slow", "drop", "run"}).loaded.settings.rehearse.faults ==
          Faults{"slow", "drop"});
    CHECK(good({"rehearse", "--faults", "slow,drop"}).loaded.settings.rehearse.faults ==
          Faults{"slow", "drop"});
    CHECK(good({"--rehearse.faults", "slow", "--rehearse.faults", "drop"})
              .loaded.settings.rehearse.faults == Faults{"slow", "drop"});
    CHECK(good({"rehearse", "--enhance.standard="}).loaded.settings.enhance.standard.empty());
}

TEST_CASE("negative numbers are values, not flags") {
    CHECK(good({"--generator.seed", "-1"}).loaded.settings.generator.seed == -1);
    CHECK(good({"run", "--export.margin", "-0.5"}).loaded.settings.export_.margin == -0.5);
}

TEST_CASE("the last of a repeated flag counts") {
    CHECK(good({"--netuid", "17", "run", "--netuid", "220"}).loaded.settings.netuid == 220);
}

TEST_CASE("all that is wrong anywhere is listed at once") {
    const std::string text =
        refused({"run", "--netuid", "70000", "--gate.atempts", "3", "--export.up", "down"},
                {{"MINER_RUN_GRACE", "soon"}, {"MINER_CONFIG", "/nowhere/miner.toml"}});
    CHECK(has(text, "5 things are wrong"));
    CHECK(has(text, "--netuid: 70000 is too large"));
    CHECK(has(text, "--gate.atempts: no such flag; did you mean --gate.attempts?"));
    CHECK(has(text, "--export.up: \"down\" is not among the choices"));
    CHECK(has(text, "run.grace (MINER_RUN_GRACE)"));
    CHECK(has(text, "/nowhere/miner.toml"));
}

TEST_CASE("an unknown word gets the nearest known one") {
    CHECK(has(refused({"reherse"}), "\"reherse\": no such command; did you mean rehearse?"));
    CHECK(has(refused({"mine", "everything"}), "no such command"));
    CHECK(has(refused({"--netiud", "17"}), "did you mean --netuid?"));
    CHECK(has(refused({"stats", "--snce", "7d"}), "did you mean --since?"));
    CHECK(has(refused({"stats", "extra"}), "\"extra\": nothing can be done with it here"));
    CHECK(has(refused({"--nonsense=\x1b[2J"}), "--nonsense: no such flag"));
    CHECK(has(refused({"-x"}), "-x: no such flag"));
    CHECK_FALSE(has(refused({"--\x1b[2Jnetuid"}), "\x1b"));
}

TEST_CASE("a flag without its value is refused") {
    CHECK(has(refused({"--netuid"}), "--netuid: its value is missing"));
    CHECK(has(refused({"run", "--gate.attempts"}), "--gate.attempts: its value is missing"));
    CHECK(good({"--storage.path=", "stats"}).command == Command::stats);
    CHECK(has(refused({"generate", "a.png", "-o"}), "-o"));
}

TEST_CASE("a value may end in the sign that parts it from its flag") {
    const auto token = std::string(43, 'a') + "=";  // as base64 does
    const auto word = "--http.token=" + token;
    CHECK(good({"run", word.c_str()}).loaded.settings.http.token == token);
}

TEST_CASE("a settings file on a disk that fails ends with the code that has it tried again") {
    // Whose first byte nobody can read.
    const Exit exit = tests::over({"run", "--config", "/proc/self/mem"});
    CHECK(exit.code == ExitCode::storage);
    CHECK(has(exit.text, "/proc/self/mem"));
}

TEST_CASE("--config names the settings file, which beats the variable's") {
    const std::string path = tests::project_path("tests/miner/none.toml");
    const std::string text = refused({"--config", path.c_str()}, {{"MINER_CONFIG", "/other.toml"}});
    CHECK(has(text, path));
    CHECK_FALSE(has(text, "/other.toml"));
}

TEST_CASE("without a home folder, whoever needs one is told which setting to give") {
    for (const char* command : {"run", "rehearse", "serve", "stats", "check", "top", "weights"}) {
        INFO(command);
        const auto text = refused({command}, {});
        CHECK(has(text, "storage.path"));
        CHECK(has(text, "HOME"));
    }
    CHECK(has(refused({"run"}, {}), "wallet.path"));
    CHECK(has(refused({"wallet"}, {}), "wallet.path"));
    CHECK_FALSE(has(refused({"rehearse"}, {}), "wallet.path"));
    CHECK(has(refused({"rehearse", "--storage.path", "~/mine"}, {}), "--storage.path"));
    CHECK(has(refused({"rehearse", "--log.file", "~/log", "--storage.path", "/x"}, {}),
              "--log.file"));
    // With a folder of its own, or nothing to look for in one, all is well.
    CHECK(good({"rehearse", "--storage.path", "/x"}, {}).command == Command::rehearse);
    CHECK(good({"rehearse"}, {{"XDG_DATA_HOME", "/data"}}).command == Command::rehearse);
    CHECK(good({"run", "--storage.path", "/x", "--wallet.path", "/w"}, {}).command == Command::run);
    CHECK(good({"stats", "--db", "/x/miner.db"}, {}).command == Command::stats);
    CHECK(good({"tune", "--db", "/x/miner.db"}, {}).command == Command::tune);
    CHECK(good({"inspect", "a.ply"}, {}).command == Command::inspect);
    CHECK(good({"config"}, {}).command == Command::config);
}

TEST_CASE("a key in an address is not repeated where the command line is refused") {
    const char* url = "wss://node.example/v3/s3cretKey";
    CHECK_FALSE(has(refused({"check", url}), "s3cretKey"));
    CHECK_FALSE(has(refused({"--subtensor.network", "http://h/?k=s3cretKey"}), "s3cretKey"));
    CHECK_FALSE(has(refused({"--subtensor.chain_endpoint", url, url}), "s3cretKey"));
}
