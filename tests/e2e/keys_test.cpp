// The hotkey: found, refused, warned of, and never shown.
#include "tests/e2e/scene.hpp"

#include <csignal>

using namespace tests;
using namespace std::chrono_literals;

namespace {

struct Secrets {
    std::vector<std::string> words;  // whatever of it would give the key away

    explicit Secrets(const std::string& key_file) {
        const auto fields = boost::json::parse(key_file).as_object();
        for (const auto* name : {"secretSeed", "privateKey"}) {
            const std::string digits(std::string_view(fields.at(name).as_string()).substr(2));
            words.push_back(digits);
            words.push_back(upper(digits));
            const auto bytes = from_hex(digits);
            words.emplace_back(bytes.begin(), bytes.end());
            words.push_back(network::base64_encode(bytes));
        }
        words.emplace_back(fields.at("secretPhrase").as_string());
    }

    static std::string upper(std::string text) {
        for (auto& c : text)
            if (c >= 'a' && c <= 'z') c = char(c - 32);
        return text;
    }

    void check_absent(const std::string& text) const {
        for (const auto& word : words) CHECK((text.find(word) == text.npos));
    }
};

// A miner that is expected to end by itself.
Outcome refused(Scene& scene, Scene::Words more = {}) {
    return run_to_end(scene.mining(std::move(more)), kPatience);
}

}  // namespace

TEST_CASE("a missing key file is named, with what to do") {
    Scene scene;
    scene.add_validator({});
    const auto outcome = refused(scene, {"--wallet.hotkey", "other"});
    CHECK(outcome.exit_status == ProcessExit{.code = 77});
    CHECK_THAT(outcome.err, contains((scene.home() / "wallets/cold/hotkeys/other").string()));
    CHECK_THAT(outcome.err, contains("btcli wallet new-hotkey"));
    CHECK_THAT(outcome.err, contains("--wallet.path"));
}

TEST_CASE("a coldkey is refused, by whatever name it comes") {
    Scene scene;
    scene.add_validator({});
    const auto key = read_text(scene.key_file());
    const auto folder = scene.home() / "wallets/cold";
    SECTION("by its name among the hotkeys") {
        write_text(folder / "hotkeys/coldkey", key);
        const auto outcome = refused(scene, {"--wallet.hotkey", "coldkey"});
        CHECK(outcome.exit_status == ProcessExit{.code = 77});
        CHECK_THAT(outcome.err, contains("coldkey"));
    }
    SECTION("behind a link") {
        write_text(folder / "coldkey", key);
        fs::create_symlink("../coldkey", folder / "hotkeys/link");
        CHECK(refused(scene, {"--wallet.hotkey", "link"}).exit_status == ProcessExit{.code = 77});
    }
    SECTION("by its address") {
        write_text(folder / "coldkeypub.txt", "{\"ss58Address\":\"" + scene.hotkey() + "\"}");
        CHECK(refused(scene).exit_status == ProcessExit{.code = 77});
    }
}

TEST_CASE("a key file that is broken, locked or no file at all ends with 77 and shows nothing") {
    Scene scene;
    scene.add_validator({});
    const auto good = read_text(scene.key_file());
    const Secrets secrets(good);
    std::string content;
    SECTION("empty") {}
    SECTION("cut") { content = good.substr(0, good.size() / 2); }
    SECTION("another's address") {
        content = good;
        const auto at = content.find(scene.hotkey());
        content.replace(at, scene.hotkey().size(), validator_key().address());
    }
    SECTION("with a password") { content = "$NACL" + std::string(300, 'x'); }
    SECTION("a number for a text") { content = "{\"secretSeed\": 7}"; }
    write_text(scene.key_file(), content);
    const auto outcome = refused(scene, {"--log.level", "trace"});
    INFO(outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 77});
    CHECK_THAT(outcome.err, contains(scene.key_file().string()));
    secrets.check_absent(outcome.out + outcome.err + scene.log());
}

TEST_CASE("a key file that others can read is used, with a warning; its secrets are never shown") {
    Scene scene;
    auto& validator = scene.add_validator({quick_task("one")});
    const Secrets secrets(read_text(scene.key_file()));
    REQUIRE(::chmod(scene.key_file().c_str(), 0644) == 0);
    Process miner(scene.mining({"--log.level", "trace"}));
    REQUIRE(comes_true([&] {
        return scene.number("SELECT count(*) FROM tasks WHERE state = 'answered'") == 1 ||
               miner.wait(0ms);
    }));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    CHECK(validator.tally().accepted == 1);
    CHECK_THAT(miner.err(), contains("chmod 600 " + scene.key_file().string()));
    CHECK_THAT(scene.log(), contains(scene.hotkey()));

    secrets.check_absent(miner.out() + miner.err());
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(scene.storage())) {
        if (!entry.is_regular_file()) continue;
        secrets.check_absent(read_text(entry.path()));
        ++files;
    }
    CHECK(files >= 3);  // log, database, the result
    // The search finds what is there.
    const auto key_file = read_text(scene.key_file());
    CHECK(key_file.find(secrets.words.front()) != key_file.npos);
}

TEST_CASE("miner wallet show tells whose key is where, and no secret") {
    Scene scene;
    const Secrets secrets(read_text(scene.key_file()));
    const auto outcome = scene.ask({"wallet", "show", "--wallet.path", scene.home() / "wallets",
                                    "--wallet.name", "cold", "--wallet.hotkey", "hot"});
    CHECK(outcome.exit_status == ProcessExit{.code = 0});
    CHECK_THAT(outcome.out, contains("* hot  " + scene.hotkey() + "  plain sr25519, mode 600"));
    secrets.check_absent(outcome.out + outcome.err);
    CHECK(scene.ask({"wallet", "show", "--wallet.path", scene.home() / "wallets"}).exit_status ==
          ProcessExit{.code = 77});
}

TEST_CASE("an encrypted hotkey mines with a password from the environment or a descriptor") {
    Scene scene;
    auto& validator = scene.add_validator({});
    const auto& entry = vectors("keyfile_v11.json").at("files").at(0);
    const auto bytes = base64(entry, "encrypted_base64");
    write_text(scene.key_file(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    SECTION("without one it says where it may come from") {
        const auto outcome = refused(scene);
        CHECK(outcome.exit_status == ProcessExit{.code = 77});
        CHECK_THAT(outcome.err, contains("MINER_WALLET_PASSWORD"));
        CHECK_THAT(outcome.err, contains("--wallet.password_fd"));
    }
    SECTION("a wrong one is refused, and not shown") {
        auto command = scene.mining();
        command.environment["MINER_WALLET_PASSWORD"] = "not the password";
        const auto outcome = run_to_end(command, kPatience);
        CHECK(outcome.exit_status == ProcessExit{.code = 77});
        CHECK_THAT(outcome.err, contains("MINER_WALLET_PASSWORD"));
        CHECK(outcome.err.find("not the password") == outcome.err.npos);
    }
    SECTION("the right one is taken") {
        auto command = scene.mining();
        SECTION("from the variable") {
            command.environment["MINER_WALLET_PASSWORD"] = text(entry, "password");
        }
        SECTION("from standard input") {
            command.input = text(entry, "password") + "\n";
            command.arguments.insert(command.arguments.end(), {"--wallet.password_fd", "0"});
        }
        Process miner(command);
        REQUIRE(comes_true([&] { return validator.tally().pulls > 0 || miner.wait(0ms); }));
        miner.signal(SIGTERM);
        CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
        CHECK_THAT(scene.log(), contains(text(entry, "ss58")));
    }
}
