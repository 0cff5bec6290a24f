#include "network/wallet/wallet_state.hpp"

#include "network/errc.hpp"
#include "network/wallet/keyfile.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

#include <sys/stat.h>

namespace fs = std::filesystem;
using network::Errc;
using network::inspect_hotkey;
using Kind = network::HotkeyState::Kind;

namespace {

constexpr const char* kOnes = "5DtDLm5rQHShDqojQpsvcN8tRXHVFaecfDoRet1SU6BFD9Fi";
constexpr const char* kTwos = "5Fpfx4iDtrrY99VGkQnLXASytC2y9Z3o8KUyTtD4w7o5SZcA";

struct Folder {
    tests::TemporaryFolder root;
    config::Wallet wallet;

    Folder() {
        wallet.path = root.path().string();
        wallet.name = "cold";
        fs::create_directories(hotkeys());
    }
    fs::path hotkeys() const { return root.path() / "cold" / "hotkeys"; }
    void write(const fs::path& file, const std::string& text, mode_t mode = 0600) const {
        std::ofstream(file) << text;
        REQUIRE(::chmod(file.c_str(), mode) == 0);
    }
    void add(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        write(hotkeys() / name, text, mode);
    }
    network::HotkeyState look(const std::string& name) {
        wallet.hotkey = name;
        return inspect_hotkey(wallet);
    }
};

std::string seed(char digit) { return "{\"secretSeed\":\"" + std::string(64, digit) + "\"}"; }
std::string half(const std::string& address) { return "{\"ss58Address\":\"" + address + "\"}"; }

}  // namespace

TEST_CASE("a plain key tells its address, scheme and mode") {
    Folder folder;
    folder.add("hot", seed('1'));
    const auto state = folder.look("hot");
    CHECK(state.kind == Kind::plain);
    CHECK(state.address == kOnes);
    CHECK(state.scheme == "sr25519");
    CHECK(state.mode == 0600);
    CHECK(state.fault.empty());
    CHECK(state.warnings.empty());
    CHECK_FALSE(state.from_public_half);
}

TEST_CASE("of an encrypted key the public half tells the address") {
    Folder folder;
    folder.add("hot", "$NACL" + std::string(300, 'x'));
    CHECK(folder.look("hot").address.empty());
    folder.add("hotpub.txt", half(kOnes), 0644);
    const auto state = folder.look("hot");
    CHECK(state.kind == Kind::nacl);
    CHECK(state.address == kOnes);
    CHECK(state.from_public_half);
    CHECK(state.fault.empty());
    CHECK(state.warnings.empty());
}

TEST_CASE("what cannot be used says why") {
    Folder folder;
    folder.add("cut", "$NACL");
    folder.add("vault", "$ANSIBLE_VAULT;1.1;AES256");
    folder.add("broken", "{");
    folder.add("half", half(kOnes));
    fs::create_directory(folder.hotkeys() / "folder");
    for (const auto& [name, kind] :
         {std::pair{"cut", Kind::nacl}, std::pair{"vault", Kind::sealed},
          std::pair{"broken", Kind::broken}, std::pair{"half", Kind::public_half},
          std::pair{"folder", Kind::unreadable}, std::pair{"nobody", Kind::absent},
          std::pair{"../coldkey", Kind::unreadable}, std::pair{"a/b", Kind::unreadable}}) {
        CAPTURE(name);
        const auto state = folder.look(name);
        CHECK(state.kind == kind);
        CHECK_FALSE(state.fault.empty());
    }
}

TEST_CASE("a key open to others, or beside another key's half, is warned of") {
    Folder folder;
    folder.add("hot", seed('1'), 0644);
    folder.add("hotpub.txt", half(kTwos), 0644);
    const auto state = folder.look("hot");
    REQUIRE(state.warnings.size() == 2);
    CHECK_THAT(state.warnings[0], Catch::Contains("chmod 600"));
    CHECK_THAT(state.warnings[1], Catch::Contains(kTwos));
    CHECK(state.address == kOnes);
}

TEST_CASE("a coldkey among the hotkeys is known by its address") {
    Folder folder;
    folder.add("hot", seed('1'));
    CHECK(network::coldkey_address(folder.wallet) == std::nullopt);
    folder.write(folder.root.path() / "cold" / "coldkeypub.txt", half(kOnes));
    CHECK(network::coldkey_address(folder.wallet) == std::string(kOnes));
    CHECK_THAT(folder.look("hot").fault, Catch::Contains("coldkey"));
}

TEST_CASE("the hotkeys on disk are listed once each, by name") {
    Folder folder;
    CHECK(network::hotkeys_on_disk(folder.wallet).empty());
    folder.add("b", seed('1'));
    folder.add("bpub.txt", half(kOnes));
    folder.add("awaypub.txt", half(kTwos));
    folder.add(".swp", "");
    CHECK(network::hotkeys_on_disk(folder.wallet) == std::vector<std::string>{"away", "b"});
    folder.wallet.name = "nobody";
    CHECK(network::hotkeys_on_disk(folder.wallet).empty());
}

TEST_CASE("an address is had without the secret") {
    Folder folder;
    folder.add("awaypub.txt", half(kTwos));
    folder.add("plain", seed('1'));
    folder.add("whole", "{\"secretSeed\":\"" + std::string(64, '1') + "\",\"ss58Address\":\"" +
                            kOnes + "\"}");
    folder.add("locked", "$NACL" + std::string(300, 'x'));
    const auto address = [&](const char* name) {
        folder.wallet.hotkey = name;
        return network::hotkey_address(folder.wallet);
    };
    CHECK(address("away").value() == kTwos);
    CHECK(address("whole").value() == kOnes);
    CHECK(address("plain").error().code == Errc::bad_key_file);
    CHECK(address("locked").error().code == Errc::locked_key_file);
    CHECK(address("nobody").error().code == Errc::no_key_file);
    CHECK(address("../coldkey").error().code == Errc::coldkey);
    CHECK_THAT(address("nobody").error().message(), Catch::Contains("nobodypub.txt"));
}

TEST_CASE("halves and keys on a disk that fails are told from those that are not there") {
    const bool half = GENERATE(true, false);
    CAPTURE(half);
    Folder folder;
    const std::string name = half ? "hotpub.txt" : "hot";
    fs::create_symlink("/proc/self/mem", folder.hotkeys() / name);  // nobody reads its first byte
    folder.wallet.hotkey = "hot";
    const auto address = network::hotkey_address(folder.wallet);
    REQUIRE(address.has_error());
    CHECK(address.error().code == Errc::disk_failed);
    CHECK_THAT(address.error().detail, Catch::Contains(name + ": Input/output error"));
    CHECK(folder.look("hot").kind == (half ? Kind::absent : Kind::unreadable));
}

TEST_CASE("a key file that is odd is used, with a word about it") {
    Folder folder;
    folder.add("hot", "{\"secretSeed\":\"" + std::string(64, '1') + "\",\"cryptoType\":\"1\"}");
    const auto state = folder.look("hot");
    CHECK(state.kind == Kind::plain);
    CHECK(state.address == kOnes);
    CHECK(state.fault.empty());
    REQUIRE(state.warnings.size() == 1);
    CHECK_THAT(state.warnings.front(), Catch::Contains("cryptoType"));
    const auto loaded = network::load_hotkey(folder.wallet);
    REQUIRE(loaded.has_value());
    CHECK_THAT(loaded->warning, Catch::Contains("cryptoType"));
}
