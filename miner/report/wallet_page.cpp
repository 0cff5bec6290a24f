#include "miner/report/wallet_page.hpp"

#include "config/escape.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace miner {
namespace {

using network::HotkeyState;

bool is_chosen(const WalletPage& page, const HotkeyState& hotkey) {
    return std::find(page.chosen.begin(), page.chosen.end(), hotkey.name) != page.chosen.end();
}

// "plain sr25519, mode 600"
std::string state_of(const HotkeyState& hotkey) {
    std::string text(network::name(hotkey.kind));
    if (!hotkey.scheme.empty()) text += " " + hotkey.scheme;
    if (hotkey.mode != 0) text += fmt::format(", mode {:o}", hotkey.mode);
    return text;
}

}  // namespace

std::string render_wallet(const WalletPage& page) {
    std::string text = fmt::format(
        "Wallet   {}\nColdkey  {}\n", config::printable(page.folder),
        page.coldkey.empty() ? "not known (no coldkeypub.txt)" : config::printable(page.coldkey));
    if (page.hotkeys.empty()) return text + "\nNo hotkeys.\n";
    text += "\nHotkeys (* mines)\n";
    std::size_t widest = 0;
    for (const auto& hotkey : page.hotkeys)
        widest = std::max(widest, config::columns(config::printable(hotkey.name)));
    for (const auto& hotkey : page.hotkeys) {
        text += fmt::format("{} {:<{}}  {:<48}  {}\n", is_chosen(page, hotkey) ? '*' : ' ',
                            config::printable(hotkey.name), widest,
                            hotkey.address.empty() ? "address not known" : hotkey.address,
                            state_of(hotkey));
        if (!hotkey.fault.empty())
            text += fmt::format("    cannot be used: {}\n", config::printable(hotkey.fault));
        for (const auto& warning : hotkey.warnings)
            text += fmt::format("    {}\n", config::printable(warning));
    }
    return text;
}

std::string render_wallet_json(const WalletPage& page) {
    boost::json::array hotkeys;
    for (const auto& hotkey : page.hotkeys) {
        const boost::json::value address =
            hotkey.address.empty() ? boost::json::value() : boost::json::value(hotkey.address);
        hotkeys.push_back(
            {{"name", hotkey.name},
             {"path", hotkey.path.string()},
             {"mines", is_chosen(page, hotkey)},
             {"address", address},
             {"address_from_public_half", hotkey.from_public_half},
             {"kind", network::name(hotkey.kind)},
             {"scheme", hotkey.scheme},
             {"mode", fmt::format("{:o}", hotkey.mode)},
             {"usable", hotkey.fault.empty()},
             {"fault", hotkey.fault},
             {"warnings", boost::json::array(hotkey.warnings.begin(), hotkey.warnings.end())}});
    }
    return config::json_text(boost::json::serialize(boost::json::object{
        {"folder", page.folder},
        {"coldkey", page.coldkey.empty() ? boost::json::value() : boost::json::value(page.coldkey)},
        {"hotkeys", std::move(hotkeys)}}));
}

}  // namespace miner
