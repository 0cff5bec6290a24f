#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/wallet/keyfile.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/no_descriptors.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/vectors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

namespace fs = std::filesystem;
using network::Errc;
using network::load_hotkey;

namespace {

// The folders and files that the SDK made, under a folder of our own.
class Wallets {
public:
    Wallets() {
        for (const auto& entry : tests::vectors("keyfile.json").at("layout").as_array()) {
            const auto* path = tests::find(entry, "path");
            if (path == nullptr) continue;
            const fs::path file = root_ / std::string_view(path->as_string());
            fs::create_directories(file.parent_path());
            const auto bytes = tests::base64(entry, "content_base64");
            write(file, {bytes.begin(), bytes.end()},
                  mode_t(std::stoul(tests::text(entry, "mode").substr(2), nullptr, 8)));
        }
    }

    static void write(const fs::path& file, const std::string& content, mode_t mode = 0600) {
        std::ofstream(file, std::ios::binary) << content;
        REQUIRE(::chmod(file.c_str(), mode) == 0);
    }

    config::Wallet wallet(std::string hotkey = "hk1", std::string name = "miner") const {
        config::Wallet wallet;
        wallet.path = root_.string();
        wallet.name = std::move(name);
        wallet.hotkey = std::move(hotkey);
        return wallet;
    }

    fs::path folder() const { return root_ / "miner"; }
    fs::path hotkeys() const { return folder() / "hotkeys"; }

private:
    tests::TemporaryFolder temporary_;
    fs::path root_ = temporary_.path();
};

std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

config::Error refusal(const config::Wallet& wallet) {
    const auto key = load_hotkey(wallet);
    REQUIRE_FALSE(key.has_value());
    return key.error();
}

class Environment {
public:
    Environment(const char* name, const std::string& value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        ::setenv(name, value.c_str(), 1);
    }
    ~Environment() { ::setenv(name_, old_.c_str(), 1); }

private:
    const char* name_;
    std::string old_;
};

}  // namespace

TEST_CASE("hotkeys that the SDK wrote are loaded without a warning") {
    const Wallets wallets;
    for (const auto& file : fs::directory_iterator(wallets.hotkeys())) {
        const std::string name = file.path().filename();
        if (name.ends_with("pub.txt")) continue;
        CAPTURE(name);
        const auto loaded = load_hotkey(wallets.wallet(name));
        REQUIRE(loaded.has_value());
        CHECK(loaded->warning.empty());
        const fs::path public_half = wallets.hotkeys() / (name + "pub.txt");
        if (!fs::exists(public_half)) continue;
        CHECK_THAT(read(public_half), Catch::Contains(loaded->key.address()));
    }
}

TEST_CASE("a leading ~ is the home folder") {
    const Wallets wallets;
    const Environment environment("HOME", wallets.folder().parent_path().string());
    auto wallet = wallets.wallet();
    for (const char* path : {"~", "~/", "~/miner/.."}) {
        wallet.path = path;
        CHECK(load_hotkey(wallet).has_value());
    }
    wallet.path = "~miner/";
    CHECK(network::hotkey_path(wallet) == "~miner/miner/hotkeys/hk1");
    wallet.path = "/a/~/b";
    CHECK(network::hotkey_path(wallet) == "/a/~/b/miner/hotkeys/hk1");
}

TEST_CASE("a key that others may read loads with a warning that says what to do") {
    const Wallets wallets;
    const fs::path file = wallets.hotkeys() / "hk1";
    for (const mode_t mode : {0640, 0604, 0660, 0644, 0610}) {
        REQUIRE(::chmod(file.c_str(), mode) == 0);
        const auto loaded = load_hotkey(wallets.wallet());
        REQUIRE(loaded.has_value());
        CHECK_THAT(loaded->warning, Catch::Contains("chmod 600 " + file.string()));
    }
    REQUIRE(::chmod(file.c_str(), 0400) == 0);
    CHECK(load_hotkey(wallets.wallet())->warning.empty());
}

TEST_CASE("a missing key file names its path and the remedy") {
    const Wallets wallets;
    const auto error = refusal(wallets.wallet("nobody"));
    CHECK(error.code == Errc::no_key_file);
    CHECK_THAT(error.message(), Catch::Contains((wallets.hotkeys() / "nobody").string()));
    CHECK_THAT(
        error.message(),
        Catch::Contains("btcli wallet new-hotkey --wallet.name miner --wallet.hotkey nobody"));
    CHECK_THAT(error.message(), Catch::Contains("--wallet.path"));
    CHECK(refusal(wallets.wallet("hk1", "nobody")).code == Errc::no_key_file);
}

TEST_CASE("a coldkey is refused by its place and by its name") {
    const Wallets wallets;
    for (const char* hotkey : {"../coldkey", "./../coldkey", "x/../../coldkey", "coldkey"}) {
        CAPTURE(hotkey);
        CHECK(refusal(wallets.wallet(hotkey)).code == Errc::coldkey);
    }
    CHECK(refusal(wallets.wallet((wallets.folder() / "coldkey").string())).code == Errc::coldkey);
    CHECK(refusal(wallets.wallet("coldkey", "miner/hotkeys/..")).code == Errc::coldkey);
}

TEST_CASE("a coldkey is refused behind links, under another name and as a copy") {
    const Wallets wallets;
    fs::create_symlink("../coldkey", wallets.hotkeys() / "soft");
    fs::create_symlink("soft", wallets.hotkeys() / "softer");
    fs::create_hard_link(wallets.folder() / "coldkey", wallets.hotkeys() / "hard");
    fs::copy_file(wallets.folder() / "coldkey", wallets.hotkeys() / "copy");
    for (const char* hotkey : {"soft", "softer", "hard", "copy"}) {
        CAPTURE(hotkey);
        CHECK(refusal(wallets.wallet(hotkey)).code == Errc::coldkey);
    }
    fs::create_symlink(wallets.hotkeys() / "hk1", wallets.hotkeys() / "fine");
    CHECK(load_hotkey(wallets.wallet("fine")).has_value());
}

TEST_CASE("a name that leads elsewhere is refused") {
    const Wallets wallets;
    for (const char* hotkey : {"", ".", "..", "/etc/passwd", "../hotkeys/hk1", "hk1/", "a/b"}) {
        CAPTURE(hotkey);
        CHECK(refusal(wallets.wallet(hotkey)).code == Errc::bad_key_file);
    }
    for (const char* name : {"", ".", "..", "../miner", "/"}) {
        CAPTURE(name);
        CHECK(refusal(wallets.wallet("hk1", name)).code == Errc::bad_key_file);
    }
}

TEST_CASE("the public half is refused with a hint") {
    const Wallets wallets;
    const auto error = refusal(wallets.wallet("hk1pub.txt"));
    CHECK(error.code == Errc::bad_key_file);
    CHECK_THAT(error.message(), Catch::Contains("public half"));
}

TEST_CASE("an encrypted key file names its path and the remedy") {
    const Wallets wallets;
    Wallets::write(wallets.hotkeys() / "locked", "$NACL" + std::string(400, 'x'));
    const auto error = refusal(wallets.wallet("locked"));
    CHECK(error.code == Errc::locked_key_file);
    CHECK_THAT(error.message(), Catch::Contains("hotkeys/locked"));
    CHECK_THAT(error.message(), Catch::Contains("btcli wallet regen-hotkey"));
}

TEST_CASE("an encrypted ed25519 hotkey opens with a password, after a wrong one") {
    const Wallets wallets;
    const auto& entry = tests::vectors("keyfile_v11.json").at("files").at(1);
    const auto bytes = tests::base64(entry, "encrypted_base64");
    Wallets::write(wallets.hotkeys() / "locked", {bytes.begin(), bytes.end()});
    std::vector<int> asked;
    const auto ask = [&](const fs::path& file, int wrong) -> config::Result<network::SecretText> {
        CHECK(file == wallets.hotkeys() / "locked");
        asked.push_back(wrong);
        network::SecretText password(100);
        password.append(wrong == 0 ? "wrong" : tests::text(entry, "password"));
        return password;
    };
    const auto loaded = load_hotkey(wallets.wallet("locked"), ask);
    REQUIRE(loaded.has_value());
    CHECK(asked == std::vector{0, 1});
    CHECK(loaded->key.address() == tests::text(entry, "ss58"));
    CHECK_THAT(loaded->warning, Catch::Contains("ed25519"));
}

TEST_CASE("a password is asked for only where it can help") {
    const Wallets wallets;
    const auto never = [](const fs::path&, int) -> config::Result<network::SecretText> {
        FAIL("asked");
        return config::fail(Errc::cancelled);
    };
    CHECK(load_hotkey(wallets.wallet(), never).has_value());
    for (const auto& [content, code] :
         {std::pair{"$NACL", Errc::bad_key_file}, std::pair{"$NACLshort", Errc::bad_key_file},
          std::pair{"$ANSIBLE_VAULT;1.1;AES256", Errc::locked_key_file},
          std::pair{"gAAAAABk", Errc::locked_key_file}}) {
        CAPTURE(content);
        Wallets::write(wallets.hotkeys() / "odd", content);
        const auto loaded = load_hotkey(wallets.wallet("odd"), never);
        REQUIRE_FALSE(loaded.has_value());
        CHECK(loaded.error().code == code);
        CHECK_THAT(loaded.error().message(), Catch::Contains("hotkeys/odd"));
    }
}

TEST_CASE("when there is no password the key file says so") {
    const Wallets wallets;
    Wallets::write(wallets.hotkeys() / "locked", "$NACL" + std::string(400, 'x'));
    const auto loaded = load_hotkey(wallets.wallet("locked"), network::ask_password(-1, false));
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().code == Errc::locked_key_file);
    CHECK_THAT(loaded.error().message(), Catch::Contains("hotkeys/locked"));
}

TEST_CASE("what is not a small regular file is refused at once") {
    const Wallets wallets;
    fs::create_directory(wallets.hotkeys() / "folder");
    REQUIRE(::mkfifo((wallets.hotkeys() / "pipe").c_str(), 0600) == 0);
    fs::create_symlink("/dev/zero", wallets.hotkeys() / "device");
    fs::create_symlink("loop", wallets.hotkeys() / "loop");
    Wallets::write(wallets.hotkeys() / "huge", "");
    fs::resize_file(wallets.hotkeys() / "huge", std::uintmax_t(1) << 40);
    Wallets::write(wallets.hotkeys() / "empty", "");
    // To open the pipe, or to read the device to its end, would take for ever.
    for (const char* hotkey : {"folder", "pipe", "device", "huge", "empty"}) {
        CAPTURE(hotkey);
        CHECK(refusal(wallets.wallet(hotkey)).code == Errc::bad_key_file);
    }
    CHECK(refusal(wallets.wallet("loop")).code == Errc::no_key_file);
}

TEST_CASE("a disk that fails under a key file is no key file that is missing") {
    const Wallets wallets;
    // Whose first byte nobody can read.
    fs::create_symlink("/proc/self/mem", wallets.hotkeys() / "broken");
    const auto unread = refusal(wallets.wallet("broken"));
    CHECK(unread.code == Errc::disk_failed);
    CHECK_THAT(unread.message(), Catch::Contains("hotkeys/broken: Input/output error"));
    CHECK(unread.message().find("btcli") == std::string::npos);
    const auto unopened = [&] {
        const tests::NoDescriptors none;
        return load_hotkey(wallets.wallet());
    }();
    REQUIRE(unopened.has_error());
    CHECK(unopened.error().code == Errc::disk_failed);
}

TEST_CASE("a key file of almost 64 KiB is read, one byte more is not") {
    const Wallets wallets;
    const std::string text = read(wallets.hotkeys() / "hk1");
    Wallets::write(wallets.hotkeys() / "large", text + std::string(65535 - text.size(), '\n'));
    CHECK(load_hotkey(wallets.wallet("large")).has_value());
    Wallets::write(wallets.hotkeys() / "large", text + std::string(65536 - text.size(), '\n'));
    CHECK_THAT(refusal(wallets.wallet("large")).message(), Catch::Contains("64 KiB"));
}

TEST_CASE("a broken coldkeypub.txt is nobody's concern") {
    const Wallets wallets;
    for (const char* content : {"", "{", "[]", "{\"ss58Address\":5}"}) {
        Wallets::write(wallets.folder() / "coldkeypub.txt", content);
        CHECK(load_hotkey(wallets.wallet()).has_value());
    }
    fs::remove(wallets.folder() / "coldkeypub.txt");
    CHECK(load_hotkey(wallets.wallet()).has_value());
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

constexpr std::uint8_t kVeil = 0x5a;  // a needle that is looked for must not itself be found

// Whether memory that this process may write holds `veiled`, unveiled.
bool in_memory(const std::vector<std::uint8_t>& veiled) {
    std::ifstream maps("/proc/self/maps");
    const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    REQUIRE(memory >= 0);
    std::vector<std::uint8_t> block(1 << 20);
    bool found = false;
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin = 0, end = 0;
        char readable = 0, writable = 0;
        REQUIRE(std::sscanf(line.c_str(), "%lx-%lx %c%c", &begin, &end, &readable, &writable) == 4);
        if (readable != 'r' || writable != 'w') continue;
        for (unsigned long at = begin; at < end; at += block.size() - veiled.size()) {
            const auto count = ::pread(memory, block.data(),
                                       std::min<std::size_t>(block.size(), end - at), off_t(at));
            if (count < 0) break;
            const auto last = block.begin() + count;
            const auto hit =
                std::search(block.begin(), last, veiled.begin(), veiled.end(),
                            [](auto byte, auto veil) { return byte == (veil ^ kVeil); });
            found = found || hit != last;
            network::wipe(block.data(), block.size());
        }
    }
    ::close(memory);
    return found;
}

}  // namespace

TEST_CASE("nothing of a key file's text stays in memory") {
    const Wallets wallets;
    // Drawn here and wiped again, so that no copy but the file's is left.
    std::vector<std::uint8_t> veiled;
    {
        std::string digits;
        std::random_device random;
        for (int i = 0; i < 64; ++i) digits += "0123456789abcdef"[random() % 16];
        for (const char digit : digits) veiled.push_back(std::uint8_t(digit) ^ kVeil);
        CHECK(in_memory(veiled));
        const int file = ::open((wallets.hotkeys() / "fresh").c_str(), O_WRONLY | O_CREAT, 0600);
        REQUIRE(::write(file, "{\"secretSeed\":\"", 15) == 15);
        REQUIRE(::write(file, digits.data(), digits.size()) == 64);
        REQUIRE(::write(file, "\"}", 2) == 2);
        ::close(file);
        network::wipe(digits.data(), digits.size());
    }
    REQUIRE_FALSE(in_memory(veiled));
    const auto loaded = load_hotkey(wallets.wallet("fresh"));
    REQUIRE(loaded.has_value());
    CHECK_FALSE(in_memory(veiled));
}
#endif
