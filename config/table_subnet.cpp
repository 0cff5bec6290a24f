// Rows of the table: the subnet, who we are there, and whom we ask when.
#include "config/shapes.hpp"
#include "config/table.hpp"

namespace config {

void add_identity(Rows& rows) {
    rows.insert(
        rows.end(),
        {
            {.name = "netuid",
             .field = [](Settings& s) -> Field { return &s.netuid; },
             .doc = "Subnet to mine: 17 on finney; 220 is its twin on the test network, which then "
                    "becomes the default network.",
             .least = 0,
             .most = 65'535},
            {.name = "validators",
             .field = [](Settings& s) -> Field { return &s.validators; },
             .doc = "Validators to ask, instead of those that the chain names; with + before each "
                    "(+HOTKEY@HOST:PORT), besides them.",
             .shape = &kValidatorShape},
            {.name = "logging.debug",
             .field = [](Settings& s) -> Field { return &s.debug; },
             .doc = "Logs at level debug at least, whatever log.level says.",
             .variables = {"BT_LOGGING_DEBUG"}},
            {.name = "wallet.path",
             .field = [](Settings& s) -> Field { return &s.wallet.path; },
             .doc = "Folder of all wallets; the hotkey is read from PATH/NAME/hotkeys/HOTKEY.",
             .variables = {"BT_WALLET_PATH"},
             .shape = &kPathShape,
             .path = true},
            {.name = "wallet.name",
             .field = [](Settings& s) -> Field { return &s.wallet.name; },
             .doc =
                 "Wallet (coldkey) that the hotkey belongs to; the coldkey itself is never opened.",
             .variables = {"BT_WALLET_NAME"},
             .shape = &kNameShape},
            {.name = "wallet.hotkey",
             .field = [](Settings& s) -> Field { return &s.wallet.hotkey; },
             .doc = "Hotkey to mine with.",
             .variables = {"BT_WALLET_HOTKEY"},
             .shape = &kNameShape},
            {.name = "wallet.hotkeys",
             .field = [](Settings& s) -> Field { return &s.wallet.hotkeys; },
             .doc = "Hotkeys of the wallet to mine with at once, in turn on one generator, instead "
                    "of the one in wallet.hotkey.",
             .shape = &kNameShape},
            {.name = "wallet.password_fd",
             .field = [](Settings& s) -> Field { return &s.wallet.password_fd; },
             .doc = "File descriptor with the passwords of encrypted hotkeys, a line for each; "
                    "variables go first (MINER_WALLET_PASSWORD, or BT_PW_... as btcli has it); "
                    "without any, the terminal is asked. -1: none.",
             .least = -1,
             .most = 1'000'000},
            {.name = "subtensor.network",
             .field = [](Settings& s) -> Field { return &s.subtensor.network; },
             .doc = "Chain to read the subnet from, by name or by URL.",
             .variables = {"BT_NETWORK", "BT_SUBTENSOR_NETWORK"},
             .shape = &kNetworkShape},
            {.name = "subtensor.chain_endpoint",
             .field = [](Settings& s) -> Field { return &s.subtensor.chain_endpoint; },
             .doc = "URL of a chain node of your own; beats subtensor.network unless that comes "
                    "from a stronger place. May hold a key (wss://HOST/KEY, ?apikey=KEY, "
                    "wss://USER:PASSWORD@HOST), which is shown nowhere. For the network local, "
                    "BT_SUBTENSOR_CHAIN_ENDPOINT is heeded too.",
             .variables = {"BT_CHAIN_ENDPOINT"},
             .shape = &kUrlShape},
            {.name = "subtensor.genesis",
             .field = [](Settings& s) -> Field { return &s.subtensor.genesis; },
             .doc =
                 "Hash of block 0 of the chain that is meant: a node of another chain is left for "
                 "the next. Empty: finney's and test's for nodes known by the network's name, and "
                 "none for local and for URLs.",
             .shape = &kHashShape},
            {.name = "subtensor.refresh_blocks",
             .field = [](Settings& s) -> Field { return &s.subtensor.refresh_blocks; },
             .doc = "The subnet's validators and their addresses are read anew after so many "
                    "blocks, and at once when one stops answering.",
             .unit = "blocks",
             .least = 1,
             .most = 7'200},
            {.name = "subtensor.check_blocks",
             .field = [](Settings& s) -> Field { return &s.subtensor.check_blocks; },
             .doc = "The hotkeys' registration is looked at after so many blocks.",
             .unit = "blocks",
             .least = 1,
             .most = 7'200},
            {.name = "subtensor.stale",
             .field = [](Settings& s) -> Field { return &s.subtensor.stale; },
             .doc = "A node of the chain that shows no new block for so long is left for the next.",
             .unit = "s",
             .least = 1,
             .most = 86'400},
            {.name = "axon.announce",
             .field = [](Settings& s) -> Field { return &s.axon.announce; },
             .doc = "Writes the address below to the chain when it has another one (serve_axon; "
                    "free of charge). Miners of this subnet need none."},
            {.name = "axon.external_ip",
             .field = [](Settings& s) -> Field { return &s.axon.external_ip; },
             .doc = "IPv4 or IPv6 address to announce."},
            {.name = "axon.external_port",
             .field = [](Settings& s) -> Field { return &s.axon.external_port; },
             .doc = "Port that others reach it at.",
             .least = 1,
             .most = 65'535},
        });
}

void add_schedule(Rows& rows) {
    rows.insert(
        rows.end(),
        {
            {.name = "schedule.pull_timeout",
             .field = [](Settings& s) -> Field { return &s.schedule.pull_timeout; },
             .doc = "How long a validator may take to hand out a task.",
             .unit = "s",
             .least = 0.01,
             .most = 3'600},
            {.name = "schedule.submit_timeout",
             .field = [](Settings& s) -> Field { return &s.schedule.submit_timeout; },
             .doc = "How long a validator may take to judge a result and answer.",
             .unit = "s",
             .least = 0.01,
             .most = 3'600},
            {.name = "schedule.connect_timeout",
             .field = [](Settings& s) -> Field { return &s.schedule.connect_timeout; },
             .doc = "How long a connection to a validator may take.",
             .unit = "s",
             .least = 0.01,
             .most = 600},
            {.name = "schedule.idle",
             .field = [](Settings& s) -> Field { return &s.schedule.idle; },
             .doc = "Wait when no validator may be asked right now. After an answer without a task "
                    "its "
                    "validator is left alone for at least so long, whatever it says.",
             .unit = "s",
             .least = 0.01,
             .most = 3'600},
            {.name = "schedule.reservation",
             .field = [](Settings& s) -> Field { return &s.schedule.reservation; },
             .doc = "A validator that is being asked is left alone by other slots for so long.",
             .unit = "s",
             .least = 1,
             .most = 86'400},
            {.name = "schedule.failure_delay",
             .field = [](Settings& s) -> Field { return &s.schedule.failure_delay; },
             .doc = "A validator is left alone for so long after a pull or submission failed.",
             .unit = "s",
             .least = 0,
             .most = 86'400},
            {.name = "schedule.validation_lock",
             .field = [](Settings& s) -> Field { return &s.schedule.validation_lock; },
             .doc = "How long a validator takes no second submission after it began to judge one. "
                    "A submission whose answer was lost, also by an earlier run, is followed by no "
                    "call to that validator for so long.",
             .unit = "s",
             .least = 0,
             .most = 3'600},
            {.name = "schedule.min_stake",
             .field = [](Settings& s) -> Field { return &s.schedule.min_stake; },
             .doc =
                 "Validators with less stake are not asked; the owner's is asked whatever it has.",
             .unit = "TAO",
             .least = 0,
             .most = 1e9},
            {.name = "schedule.owner_hotkey",
             .field = [](Settings& s) -> Field { return &s.schedule.owner_hotkey; },
             .doc = "Hotkey of the subnet owner's validator; empty: nobody has turns of their own.",
             .shape = &kAddressShape},
            {.name = "schedule.owner_every",
             .field = [](Settings& s) -> Field { return &s.schedule.owner_every; },
             .doc = "The owner's validator is asked once in so many turns.",
             .unit = "turns",
             .least = 1,
             .most = 1'000},
            {.name = "schedule.reference",
             .field = [](Settings& s) -> Field { return &s.schedule.reference; },
             .doc =
                 "Chooses validators exactly as the reference miner does, wasted turns included."},
            {.name = "schedule.max_answer_bytes",
             .field = [](Settings& s) -> Field { return &s.schedule.max_answer_bytes; },
             .doc = "A validator's answer longer than this is dropped unread.",
             .unit = "bytes",
             .least = 65'536,
             .most = double(1LL << 30)},
        });
}

}  // namespace config
