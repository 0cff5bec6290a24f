// miner wallet show: whose key is where, and whether it can be used.
#include "miner/cli/commands/commands.hpp"
#include "miner/mining/identities.hpp"
#include "miner/report/wallet_page.hpp"
#include "network/wallet/keyfile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace miner {

ExitCode wallet_command(const CommandLine& line) {
    auto wallet = line.loaded.settings.wallet;
    WalletPage page;
    page.folder = network::coldkeypub_path(wallet).parent_path().string();
    page.coldkey = network::coldkey_address(wallet).value_or("");
    page.chosen = hotkey_names(wallet);
    // What mines, in its order, and then whatever else is there.
    auto names = page.chosen;
    for (auto& name : network::hotkeys_on_disk(wallet))
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(std::move(name));
    bool usable = true;
    for (std::size_t i = 0; i < names.size(); ++i) {
        wallet.hotkey = names[i];
        page.hotkeys.push_back(network::inspect_hotkey(wallet));
        if (i < page.chosen.size()) usable = usable && page.hotkeys.back().fault.empty();
    }
    fmt::print("{}", line.wallet.json ? render_wallet_json(page) + "\n" : render_wallet(page));
    return usable ? ExitCode::ok : ExitCode::key_file;
}

}  // namespace miner
