#include "network/wallet/wallet_state.hpp"

#include "network/errc.hpp"
#include "network/wallet/key_text.hpp"
#include "network/wallet/keyfile.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

namespace network {
namespace {

namespace fs = std::filesystem;
using Kind = HotkeyState::Kind;

constexpr std::size_t kMostNames = 1000;
constexpr std::string_view kPublicEnd = "pub.txt";

config::Result<std::string> public_address(const fs::path& path) {
    const auto file = read_key_text(path);
    if (!file) return file.error();
    return parse_public_keyfile(file->content.text());
}

// Mode and kind of what is at the path, and the address as far as the file tells it.
void look_at_file(HotkeyState& state) {
    struct stat status;
    if (::stat(state.path.c_str(), &status) == 0) state.mode = status.st_mode & 07777;
    const auto file = read_key_text(state.path);
    if (!file) {
        const bool may_be_there = state.mode != 0 || file.error().code == Errc::disk_failed;
        state.kind = may_be_there ? Kind::unreadable : Kind::absent;
        state.fault = file.error().detail;
        return;
    }
    const auto text = file->content.text();
    Oddities oddities;
    const auto key = parse_keyfile(text, &oddities);
    if (key) {
        state.warnings = std::move(oddities);
        state.kind = Kind::plain;
        state.scheme = name(key->scheme());
        state.address = key->address();
    } else if (sealing_of(text) == Sealing::nacl) {
        state.kind = Kind::nacl;
        const auto opened = open_nacl(text, {});
        if (!opened && opened.error().code == Errc::bad_key_file)
            state.fault = opened.error().detail;
    } else if (sealing_of(text) != Sealing::none) {
        state.kind = Kind::sealed;
        state.fault = key.error().detail;
    } else {
        Oddities odd_half;
        const auto address = parse_public_keyfile(text, &odd_half);
        state.kind = address && key.error().detail.starts_with("it holds no secret")
                         ? Kind::public_half
                         : Kind::broken;
        if (state.kind == Kind::public_half) {
            state.address = *address;
            state.warnings = std::move(odd_half);
        }
        state.fault = key.error().detail;
    }
    if ((state.mode & (S_IRWXG | S_IRWXO)) != 0 && state.kind != Kind::public_half)
        state.warnings.push_back("open to other users; close it with: chmod 600 " +
                                 state.path.string());
}

}  // namespace

std::string_view name(HotkeyState::Kind kind) {
    switch (kind) {
        case Kind::absent:
            return "absent";
        case Kind::unreadable:
            return "unreadable";
        case Kind::plain:
            return "plain";
        case Kind::nacl:
            return "encrypted";
        case Kind::sealed:
            return "sealed";
        case Kind::public_half:
            return "public half";
        case Kind::broken:
            return "broken";
    }
    return "";
}

HotkeyState inspect_hotkey(const config::Wallet& wallet) {
    HotkeyState state;
    state.name = wallet.hotkey;
    state.path = hotkey_path(wallet);
    if (const auto unfit = unfit_names(wallet)) {
        state.kind = Kind::unreadable;
        state.fault = unfit->message();
        return state;
    }
    look_at_file(state);
    const auto stated = public_address(hotkeypub_path(wallet));
    if (stated && state.address.empty()) {
        state.address = *stated;
        state.from_public_half = true;
    } else if (stated && *stated != state.address) {
        state.warnings.push_back(hotkeypub_path(wallet).string() + " is the half of another key, " +
                                 *stated);
    }
    if (!state.address.empty() && state.address == coldkey_address(wallet))
        state.fault = "it is the wallet's coldkey, which never belongs on a miner";
    return state;
}

std::vector<std::string> hotkeys_on_disk(const config::Wallet& wallet) {
    std::set<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator entry(hotkey_path(wallet).parent_path(), failure), end;
         !failure && entry != end && names.size() < kMostNames; entry.increment(failure)) {
        std::string file = entry->path().filename();
        if (file.starts_with('.')) continue;
        if (file.size() > kPublicEnd.size() && file.ends_with(kPublicEnd))
            file.resize(file.size() - kPublicEnd.size());
        names.insert(std::move(file));
    }
    return {names.begin(), names.end()};
}

std::optional<std::string> coldkey_address(const config::Wallet& wallet) {
    auto address = public_address(coldkeypub_path(wallet));
    return address ? std::optional(std::move(*address)) : std::nullopt;
}

config::Result<std::string> hotkey_address(const config::Wallet& wallet) {
    if (auto unfit = unfit_names(wallet)) return *std::move(unfit);
    const auto half = hotkeypub_path(wallet);
    auto stated = public_address(half);
    if (stated) return stated;
    const auto path = hotkey_path(wallet);
    auto address = public_address(path);
    if (address) return address;
    // The half may be there and right.
    if (stated.error().code == Errc::disk_failed)
        return config::Error{stated.error().code, half.string() + ": " + stated.error().detail};
    return config::Error{address.error().code, path.string() + ": " + address.error().detail +
                                                   "; nor is there " + half.string()};
}

}  // namespace network
