#include "config/environment.hpp"
#include "config/places.hpp"
#include "network/errc.hpp"
#include "network/wallet/key_text.hpp"
#include "network/wallet/keyfile.hpp"
#include "network/wallet/wallet_state.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>

namespace network {
namespace {

namespace fs = std::filesystem;

fs::path wallet_folder(const config::Wallet& wallet) {
    return config::expand_home(wallet.path, config::process_environment()) / wallet.name;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
           name.find('\0') == name.npos;
}

// True for what leads to a coldkey: its name, directly or behind links, or the same file by another
// name.
bool is_coldkey(const fs::path& path, const fs::path& folder) {
    std::error_code ignored;
    const fs::path target = fs::weakly_canonical(path, ignored);
    return path.lexically_normal().filename() == "coldkey" || target.filename() == "coldkey" ||
           fs::equivalent(path, folder / "coldkey", ignored);
}

std::string remedy(const config::Wallet& wallet) {
    return "; make a hotkey with `btcli wallet new-hotkey --wallet.name " + wallet.name +
           " --wallet.hotkey " + wallet.hotkey +
           "`, or say where one is with --wallet.path, --wallet.name and --wallet.hotkey";
}

// Out of its encryption, if it has one that can be undone.
config::Result<Keypair> open_key(const fs::path& path, std::string_view text,
                                 const AskPassword& ask, Oddities& oddities) {
    if (sealing_of(text) != Sealing::nacl || !ask) return parse_keyfile(text, &oddities);
    // Not worth a password: no key opens what is cut short.
    if (auto opened = open_nacl(text, {}); !opened && opened.error().code == Errc::bad_key_file)
        return opened.error();
    for (int wrong = 0;; ++wrong) {
        const auto password = ask(path, wrong);
        if (!password) return password.error();
        const auto key = nacl_key(password->text());
        if (!key) return key.error();
        const auto content = open_nacl(text, *key);
        if (content) return parse_keyfile(content->text(), &oddities);
        if (content.error().code != Errc::wrong_password) return content.error();
    }
}

void add(std::string& warnings, const std::string& more) {
    warnings += (warnings.empty() ? "" : "; ") + more;
}

}  // namespace

fs::path hotkey_path(const config::Wallet& wallet) {
    return wallet_folder(wallet) / "hotkeys" / wallet.hotkey;
}

fs::path hotkeypub_path(const config::Wallet& wallet) {
    return wallet_folder(wallet) / "hotkeys" / (wallet.hotkey + "pub.txt");
}

fs::path coldkeypub_path(const config::Wallet& wallet) {
    return wallet_folder(wallet) / "coldkeypub.txt";
}

std::optional<config::Error> unfit_names(const config::Wallet& wallet) {
    const fs::path path = hotkey_path(wallet);
    const auto fail = [&](Errc code, const std::string& why) {
        return config::fail(code, path.string() + ": " + why);
    };
    if (is_coldkey(path, wallet_folder(wallet)))
        return fail(Errc::coldkey, "name a hotkey with --wallet.hotkey");
    if (!is_plain_name(wallet.name))
        return fail(Errc::bad_key_file, "wallet.name is not the name of a folder");
    if (!is_plain_name(wallet.hotkey)) {
        return fail(Errc::bad_key_file,
                    "wallet.hotkey is not the name of a file in the folder hotkeys");
    }
    return std::nullopt;
}

config::Result<LoadedKey> load_hotkey(const config::Wallet& wallet, const AskPassword& ask) {
    if (auto unfit = unfit_names(wallet)) return *std::move(unfit);
    const fs::path path = hotkey_path(wallet);
    const auto file = read_key_text(path);
    if (!file) {
        const auto& error = file.error();
        const bool absent = error.code == Errc::no_key_file;
        return config::Error{error.code,
                             path.string() + ": " + error.detail + (absent ? remedy(wallet) : "")};
    }
    Oddities oddities;
    auto key = open_key(path, file->content.text(), ask, oddities);
    if (!key) return config::Error{key.error().code, path.string() + ": " + key.error().detail};
    if (coldkey_address(wallet) == key->address()) {
        return config::fail(Errc::coldkey, path.string() +
                                               ": its key is the wallet's coldkey; name another "
                                               "with --wallet.hotkey");
    }

    LoadedKey loaded{*std::move(key), {}};
    for (const auto& oddity : oddities) add(loaded.warning, path.string() + ": " + oddity);
    if ((file->mode & (S_IRWXG | S_IRWXO)) != 0) {
        add(loaded.warning,
            path.string() + " is open to other users; close it with: chmod 600 " + path.string());
    }
    if (loaded.key.scheme() == Scheme::ed25519) {
        add(loaded.warning, path.string() +
                                " is an ed25519 key: validators of SN17 that run the code of 2025 "
                                "take it for sr25519 and refuse its signatures");
    }
    return loaded;
}

}  // namespace network
