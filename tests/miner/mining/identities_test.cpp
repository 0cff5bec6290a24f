#include "miner/mining/identities.hpp"

#include "network/hex.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

#include <sys/stat.h>

using miner::ExitCode;
using miner::Identity;

namespace {

struct Wallet {
    tests::TemporaryFolder folder;
    config::Settings settings;
    std::string lines;
    config::Logger log{config::Level::info, false,
                       [this](std::string_view line) { lines += line; }};

    Wallet() { settings.wallet.path = folder.path().string(); }

    void add(const std::string& name, char digit) {
        const auto file = folder.path() / "default" / "hotkeys" / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << "{\"secretSeed\":\"0x" << std::string(64, digit) << "\"}";
        REQUIRE(::chmod(file.c_str(), 0600) == 0);
    }

    auto load() { return miner::load_identities(settings, log); }
};

}  // namespace

TEST_CASE("several hotkeys are loaded in the order of the settings, each name once") {
    Wallet wallet;
    wallet.add("a", '1');
    wallet.add("b", '2');
    wallet.add("default", '3');
    wallet.settings.wallet.hotkeys = {"b", "a", "b"};
    const auto loaded = wallet.load();
    const auto& identities = std::get<std::vector<Identity>>(loaded);
    REQUIRE(identities.size() == 2);
    CHECK(identities[1].hotkey() == "5DtDLm5rQHShDqojQpsvcN8tRXHVFaecfDoRet1SU6BFD9Fi");
    CHECK(identities[0].hotkey() == "5Fpfx4iDtrrY99VGkQnLXASytC2y9Z3o8KUyTtD4w7o5SZcA");
}

TEST_CASE("without a list the one hotkey is loaded") {
    Wallet wallet;
    wallet.add("default", '1');
    CHECK(std::get<std::vector<Identity>>(wallet.load()).size() == 1);
}

TEST_CASE("one hotkey of several that cannot be read is named and nothing starts") {
    Wallet wallet;
    wallet.add("a", '1');
    wallet.settings.wallet.hotkeys = {"a", "absent"};
    CHECK(std::get<ExitCode>(wallet.load()) == ExitCode::key_file);
    CHECK_THAT(wallet.lines, Catch::Contains("hotkeys/absent"));
}

TEST_CASE("a hotkey on a disk that fails ends with the code that has it tried again") {
    Wallet wallet;
    wallet.add("a", '1');
    // Whose first byte nobody can read.
    std::filesystem::create_symlink("/proc/self/mem",
                                    wallet.folder.path() / "default" / "hotkeys" / "b");
    wallet.settings.wallet.hotkeys = {"a", "b"};
    CHECK(std::get<ExitCode>(wallet.load()) == ExitCode::storage);
    CHECK_THAT(wallet.lines, Catch::Contains("hotkeys/b: Input/output error"));
}

TEST_CASE("two files of one key are refused: validators would see one miner ask twice") {
    Wallet wallet;
    wallet.add("a", '1');
    wallet.add("copy", '1');
    wallet.settings.wallet.hotkeys = {"a", "copy"};
    CHECK(std::get<ExitCode>(wallet.load()) == ExitCode::key_file);
    CHECK_THAT(wallet.lines, Catch::Contains("hotkeys/copy"));
}
