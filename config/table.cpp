// The rows of the table; what is done with them stands in keys.cpp. Docs speak to an operator: what
// happens when the value changes, not how it is made to happen.
#include "config/keys.hpp"
#include "config/shapes.hpp"

namespace config {
namespace {

constexpr double kLargestSeed =
    9'007'199'254'740'991;  // exact in every program that reads our JSON

using Rows = std::vector<Key>;

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
                    "from a "
                    "stronger place. For the network local, BT_SUBTENSOR_CHAIN_ENDPOINT is heeded "
                    "too.",
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
             .doc = "Wait when no validator may be asked right now.",
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

void add_generator(Rows& rows) {
    rows.insert(
        rows.end(),
        {
            {.name = "generator.model",
             .field = [](Settings& s) -> Field { return &s.generator.model; },
             .doc = "Folder of a TRELLIS checkpoint (pipeline.json, ckpts/), or the name "
                    "of one that `miner weights fetch` brought; empty: the small embedded "
                    "model, which is for rehearsals only.",
             .path = true},
            {.name = "generator.device",
             .field = [](Settings& s) -> Field { return &s.generator.device; },
             .doc = "Where to generate; auto takes the first GPU if there is one; none: only "
                    "where generator.remote says.",
             .shape = &kDeviceShape},
            {.name = "generator.devices",
             .field = [](Settings& s) -> Field { return &s.generator.devices; },
             .doc = "Several devices of this machine at once, each with the model to itself; "
                    "empty: the one of generator.device.",
             .shape = &kOneDeviceShape},
            {.name = "generator.remote",
             .field = [](Settings& s) -> Field { return &s.generator.remote; },
             .doc = "Addresses of other machines' `miner serve`, which get tasks like the "
                    "devices here do: whoever has the least to do.",
             .shape = &kHttpShape},
            {.name = "generator.remote_token",
             .field = [](Settings& s) -> Field { return &s.generator.remote_token; },
             .doc = "Their http.token, if they have one.",
             .shape = &kTokenShape,
             .secret = true},
            {.name = "generator.dtype",
             .field = [](Settings& s) -> Field { return &s.generator.dtype; },
             .doc = "Precision; auto is fp32 on a CPU, the reference, and fp16 on a GPU.",
             .choices = {"auto", "fp32", "fp16", "bf16"}},
            {.name = "generator.threads",
             .field = [](Settings& s) -> Field { return &s.generator.threads; },
             .doc = "CPU threads to generate with; 0: all cores.",
             .unit = "threads",
             .least = 0,
             .most = 1'024},
            {.name = "generator.seed",
             .field = [](Settings& s) -> Field { return &s.generator.seed; },
             .doc = "The same seed gives the same result on the same machine; -1: a new "
                    "one for each task.",
             .least = -1,
             .most = kLargestSeed},
            {.name = "generator.deadline",
             .field = [](Settings& s) -> Field { return &s.generator.deadline; },
             .doc = "A task's generation is given up after so long, retries included.",
             .unit = "s",
             .least = 1,
             .most = 86'400},
            {.name = "generator.matting",
             .field = [](Settings& s) -> Field { return &s.generator.matting; },
             .doc = "Cuts the object out of its background: auto: of pictures that have no "
                    "transparency, and goes on without where that fails; always; never.",
             .choices = {"auto", "always", "never"}},
            {.name = "generator.matting_model",
             .field = [](Settings& s) -> Field { return &s.generator.matting_model; },
             .doc = "U2-Net weights for it: u2net.onnx or u2netp.onnx as rembg keeps them, "
                    "or .safetensors; empty: the embedded u2netp.",
             .path = true},
            {.name = "picture_service.url",
             .field = [](Settings& s) -> Field { return &s.picture_service.url; },
             .doc = "Server that makes a picture of each prompt, which the model then "
                    "takes: one that speaks the OpenAI images API, as stable-diffusion.cpp "
                    "does. Without a path of its own /v1/images/generations is asked. Fails "
                    "it, the model gets the prompt itself; empty: always.",
             .shape = &kServiceShape},
            {.name = "picture_service.model",
             .field = [](Settings& s) -> Field { return &s.picture_service.model; },
             .doc = "Model that the server is asked for; empty: its own."},
            {.name = "picture_service.key",
             .field = [](Settings& s) -> Field { return &s.picture_service.key; },
             .doc = "Key that the server is shown, as a bearer token. Better from a "
                    "variable than from a flag, which others on this machine can read.",
             .variables = {"OPENAI_API_KEY"},
             .shape = &kKeyShape,
             .secret = true},
            {.name = "picture_service.size",
             .field = [](Settings& s) -> Field { return &s.picture_service.size; },
             .doc = "Side of the picture that the server is asked for.",
             .unit = "pixels",
             .least = 64,
             .most = 2'048},
            {.name = "picture_service.deadline",
             .field = [](Settings& s) -> Field { return &s.picture_service.deadline; },
             .doc = "The server is given up after so long; it counts against "
                    "generator.deadline too.",
             .unit = "s",
             .least = 0.1,
             .most = 600},
            {.name = "gate.min_gaussians",
             .field = [](Settings& s) -> Field { return &s.gate.min_gaussians; },
             .doc = "A result with fewer Gaussians is sparse and is tried again from a "
                    "more strongly enhanced picture.",
             .unit = "Gaussians",
             .least = 0,
             .most = 10'000'000},
            {.name = "gate.floor",
             .field = [](Settings& s) -> Field { return &s.gate.floor; },
             .doc = "An improved but still sparse result is submitted if it has so many; "
                    "validators score "
                    "less than 7000 with zero.",
             .unit = "Gaussians",
             .least = 0,
             .most = 10'000'000},
            {.name = "gate.attempts",
             .field = [](Settings& s) -> Field { return &s.gate.attempts; },
             .doc = "Attempts at a task's structure, the first included; 1: sparse results "
                    "are not retried.",
             .unit = "attempts",
             .least = 1,
             .most = 10},
            {.name = "gate.max_invisible",
             .field = [](Settings& s) -> Field { return &s.gate.max_invisible; },
             .doc = "A result with a larger share of opacities below 0.001 is not "
                    "submitted: the next attempt takes its place. 1: never mind. It is "
                    "measured before the export leaves anything out, as are the next four.",
             .least = 0,
             .most = 1},
            {.name = "gate.min_opacity_spread",
             .field = [](Settings& s) -> Field { return &s.gate.min_opacity_spread; },
             .doc = "Likewise when the opacities' standard deviation is smaller: bad "
                    "results often have one and the same everywhere. 0: never mind.",
             .least = 0,
             .most = 0.5},
            {.name = "gate.max_non_finite",
             .field = [](Settings& s) -> Field { return &s.gate.max_non_finite; },
             .doc = "Likewise when a larger share of the Gaussians holds what is no finite "
                    "number. 1: never mind.",
             .least = 0,
             .most = 1},
            {.name = "gate.max_identity_rotations",
             .field = [](Settings& s) -> Field { return &s.gate.max_identity_rotations; },
             .doc = "Likewise when a larger share of the Gaussians is not turned at all. 1: "
                    "never mind.",
             .least = 0,
             .most = 1},
            {.name = "gate.min_extent",
             .field = [](Settings& s) -> Field { return &s.gate.min_extent; },
             .doc = "Likewise when the largest side of the object is shorter; the model "
                    "works in a cube of side 1. 0: never mind.",
             .least = 0,
             .most = 1},
            {.name = "enhance.standard",
             .field = [](Settings& s) -> Field { return &s.enhance.standard; },
             .doc = "What is done to a picture before the first attempt, in this order.",
             .shape = &kOperationShape},
            {.name = "enhance.extreme",
             .field = [](Settings& s) -> Field { return &s.enhance.extreme; },
             .doc = "What is done to the original picture before a retry, in this order.",
             .shape = &kOperationShape},
            {.name = "enhance.applies_to",
             .field = [](Settings& s) -> Field { return &s.enhance.applies_to; },
             .doc = "structure: colours are painted from the original picture, at the "
                    "price of encoding "
                    "one more; both: from the enhanced one.",
             .choices = {"both", "structure"}},
        });
}

void add_export(Rows& rows) {
    rows.insert(
        rows.end(),
        {
            {.name = "export.up",
             .field = [](Settings& s) -> Field { return &s.export_.up; },
             .doc = "y: upright for SN17's validators; trellis: upright in common viewers, upside "
                    "down "
                    "for those validators.",
             .choices = {"y", "trellis"}},
            {.name = "export.size",
             .field = [](Settings& s) -> Field { return &s.export_.size; },
             .doc = "Largest side of the bounding box. Validators scale to 1.5 and divide "
                    "opacities by "
                    "their factor, so 1.5 keeps them; 0: as generated.",
             .least = 0,
             .most = 100},
            {.name = "export.centre",
             .field = [](Settings& s) -> Field { return &s.export_.centre; },
             .doc = "Moves the object to the middle on each axis; validators do it with one number "
                    "for "
                    "all three."},
            {.name = "export.margin",
             .field = [](Settings& s) -> Field { return &s.export_.margin; },
             .doc = "Gaussians further than this outside the unit cube are left out, as a single "
                    "stray "
                    "shrinks the whole; negative: none.",
             .least = -1,
             .most = 10},
            {.name = "export.min_opacity",
             .field = [](Settings& s) -> Field { return &s.export_.min_opacity; },
             .doc = "Gaussians fainter than this are left out: nobody sees them.",
             .least = 0,
             .most = 1},
            {.name = "export.fraction_bits",
             .field = [](Settings& s) -> Field { return &s.export_.fraction_bits; },
             .doc =
                 "Precision of positions in an SPZ; more is finer, and leaves less room for size.",
             .unit = "bits",
             .least = 8,
             .most = 20},
            {.name = "export.zstd_level",
             .field = [](Settings& s) -> Field { return &s.export_.zstd_level; },
             .doc = "Effort of compression; a higher level is slower and hardly smaller.",
             .least = 1,
             .most = 19},
        });
}

void add_housekeeping(Rows& rows) {
    rows.insert(
        rows.end(),
        {
            {.name = "storage.path",
             .field = [](Settings& s) -> Field { return &s.storage.path; },
             .doc = "Folder of database, results and log; empty: $XDG_DATA_HOME/miner, or "
                    "~/.local/share/miner.",
             .path = true},
            {.name = "storage.keep_days",
             .field = [](Settings& s) -> Field { return &s.storage.keep_days; },
             .doc = "Results older than this are deleted; the database keeps their history.",
             .unit = "days",
             .least = 1,
             .most = 36'500},
            {.name = "storage.keep_gb",
             .field = [](Settings& s) -> Field { return &s.storage.keep_gb; },
             .doc = "When all results take more than this, the oldest are deleted.",
             .unit = "GB",
             .least = 0.1,
             .most = 1e6},
            {.name = "weights.path",
             .field = [](Settings& s) -> Field { return &s.weights.path; },
             .doc = "Folder of fetched checkpoints, each in a folder of its name; empty: models in "
                    "the storage folder.",
             .path = true},
            {.name = "weights.endpoint",
             .field = [](Settings& s) -> Field { return &s.weights.endpoint; },
             .doc = "Hub to fetch checkpoints from, or a mirror of it.",
             .variables = {"HF_ENDPOINT"},
             .shape = &kHttpShape},
            {.name = "weights.token_file",
             .field = [](Settings& s) -> Field { return &s.weights.token_file; },
             .doc = "File whose first line is a token for the hub; empty: $HF_TOKEN, or none.",
             .path = true},
            {.name = "weights.connections",
             .field = [](Settings& s) -> Field { return &s.weights.connections; },
             .doc = "Parts of a file that are fetched at a time.",
             .least = 1,
             .most = 32},
            {.name = "weights.offline",
             .field = [](Settings& s) -> Field { return &s.weights.offline; },
             .doc = "Forbids `miner weights` the network: fetching fails, the rest works.",
             .variables = {"HF_HUB_OFFLINE"}},
            {.name = "log.level",
             .field = [](Settings& s) -> Field { return &s.log.level; },
             .doc = "How much is logged; each level has all that follow it in the list.",
             .choices = {"trace", "debug", "info", "warn", "error"}},
            {.name = "log.console",
             .field = [](Settings& s) -> Field { return &s.log.console; },
             .doc = "Logs to standard error too; rehearse and generate do so when asked to."},
            {.name = "log.file",
             .field = [](Settings& s) -> Field { return &s.log.file; },
             .doc = "Log file beside the console; auto: miner.log in the storage folder; none: no "
                    "file.",
             .shape = &kPathShape,
             .path = true},
            {.name = "log.json",
             .field = [](Settings& s) -> Field { return &s.log.json; },
             .doc = "Logs one JSON object a line, for programs."},
            {.name = "log.max_mb",
             .field = [](Settings& s) -> Field { return &s.log.max_mb; },
             .doc = "A log file that has grown to this is put aside and a new one begun.",
             .unit = "MB",
             .least = 1,
             .most = 10'000},
            {.name = "log.files",
             .field = [](Settings& s) -> Field { return &s.log.files; },
             .doc = "Log files put aside that are kept: miner.1.log is the newest.",
             .unit = "files",
             .least = 1,
             .most = 1'000},
            {.name = "http.listen",
             .field = [](Settings& s) -> Field { return &s.http.listen; },
             .doc = "Where the status page, /metrics and the interface for programs are served; "
                    "empty: nowhere. Beyond this machine only with http.token or http.signed.",
             .shape = &kListenShape},
            {.name = "http.token",
             .field = [](Settings& s) -> Field { return &s.http.token; },
             .doc = "What callers must show, as a bearer token or as the password of a browser's "
                    "log-in; health is told to everyone. Better from MINER_HTTP_TOKEN than from a "
                    "flag, which others on this machine can read.",
             .shape = &kTokenShape,
             .secret = true},
            {.name = "http.signed",
             .field = [](Settings& s) -> Field { return &s.http.signed_; },
             .doc =
                 "Callers who sign with a hotkey (btauth/1, or the older dendrite headers) in "
                 "place of http.token; then none goes without one of both. listed: hotkeys of "
                 "http.allow; validators: these, and for /generate whoever has a validator's "
                 "permit and http.min_stake on the subnet, by the chain; anyone: for /generate "
                 "whoever signs. They sign for the hotkey of wallet.hotkey, which needs no secret.",
             .choices = {"none", "listed", "validators", "anyone"}},
            {.name = "http.allow",
             .field = [](Settings& s) -> Field { return &s.http.allow; },
             .doc = "Hotkeys whose signature opens everything, whatever their stake.",
             .shape = &kHotkeyShape},
            {.name = "http.deny",
             .field = [](Settings& s) -> Field { return &s.http.deny; },
             .doc = "Hotkeys whose signature opens nothing; beats http.allow.",
             .shape = &kHotkeyShape},
            {.name = "http.min_stake",
             .field = [](Settings& s) -> Field { return &s.http.min_stake; },
             .doc = "Validators with less stake on the subnet are not served by their signature.",
             .unit = "TAO",
             .least = 0,
             .most = 1e9},
            {.name = "http.queue",
             .field = [](Settings& s) -> Field { return &s.http.queue; },
             .doc = "Calls of /generate that may wait behind the one at hand; more are refused.",
             .unit = "calls",
             .least = 0,
             .most = 1'000},
            {.name = "http.deadline",
             .field = [](Settings& s) -> Field { return &s.http.deadline; },
             .doc =
                 "A call of /generate is given up after so long, waiting included; 0: after 30 s, "
                 "as the subnet gives its miners, or on a CPU after generator.deadline.",
             .unit = "s",
             .least = 0,
             .most = 3'600},
            {.name = "run.grace",
             .field = [](Settings& s) -> Field { return &s.run.grace; },
             .doc = "When asked to stop, the task at hand may take so long to finish.",
             .unit = "s",
             .least = 0,
             .most = 3'600},
        });
}

void add_rehearse(Rows& rows) {
    rows.insert(
        rows.end(),
        {
            {.name = "rehearse.tasks",
             .field = [](Settings& s) -> Field { return &s.rehearse.tasks; },
             .doc = "Tasks that the local validator hands out.",
             .unit = "tasks",
             .least = 1,
             .most = 1'000'000},
            {.name = "rehearse.hotkeys",
             .field = [](Settings& s) -> Field { return &s.rehearse.hotkeys; },
             .doc = "Hotkeys to rehearse with at once, made for the occasion.",
             .unit = "hotkeys",
             .least = 1,
             .most = 100},
            {.name = "rehearse.pictures",
             .field = [](Settings& s) -> Field { return &s.rehearse.pictures; },
             .doc = "Folder with the pictures of the tasks; empty: the embedded set.",
             .path = true},
            {.name = "rehearse.faults",
             .field = [](Settings& s) -> Field { return &s.rehearse.faults; },
             .doc =
                 "Faults that the local validators bring: they never answer, close at once, send "
                 "garbage, drip, or close before the answer is whole (timeout, refuse, garbage, "
                 "slow, drop); and the local chain: the hotkeys lose their places for a while, "
                 "connections are cut, no blocks come for a while, the runtime is upgraded, the "
                 "validators go to other ports (deregister, disconnect, stall, upgrade, move).",
             .choices = {"timeout", "refuse", "garbage", "slow", "drop", "deregister", "disconnect",
                         "stall", "upgrade", "move"}},
            {.name = "rehearse.time_scale",
             .field = [](Settings& s) -> Field { return &s.rehearse.time_scale; },
             .doc = "Cool-downs, throttle and validation lock are real durations times this; 1: as "
                    "long "
                    "as on mainnet.",
             .least = 1e-6,
             .most = 1},
            {.name = "rehearse.text_share",
             .field = [](Settings& s) -> Field { return &s.rehearse.text_share; },
             .doc = "Share of tasks that are prompts instead of pictures; 0.8 is validators' own. "
                    "Unless set, a folder in rehearse.pictures makes it 0.",
             .least = 0,
             .most = 1},
            {.name = "rehearse.seed",
             .field = [](Settings& s) -> Field { return &s.rehearse.seed; },
             .doc =
                 "Order of tasks and faults, and seed of the generation: the same rehearsal again.",
             .least = 0,
             .most = kLargestSeed},
        });
}

Rows all_rows() {
    Rows rows;
    add_identity(rows);
    add_schedule(rows);
    add_generator(rows);
    add_export(rows);
    add_housekeeping(rows);
    add_rehearse(rows);
    return rows;
}

}  // namespace

std::span<const Key> keys() {
    static const Rows rows = all_rows();
    return rows;
}

}  // namespace config
