// What `miner wallet show` prints: addresses and the state of files, never a secret. Pure.
#pragma once

#include "network/wallet/wallet_state.hpp"

#include <string>
#include <vector>

namespace miner {

struct WalletPage {
    std::string folder;   // PATH/NAME
    std::string coldkey;  // its address; empty: no coldkeypub.txt
    std::vector<network::HotkeyState> hotkeys;
    std::vector<std::string> chosen;  // names that the settings mine with
};

std::string render_wallet(const WalletPage& page);

// One object on one line, without a line break.
std::string render_wallet_json(const WalletPage& page);

}  // namespace miner
