// Every setting as a plain value, one struct a service, defaults where the value is declared. What
// each key means for an operator, its flag, variable and limits stand in table_*.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace config {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Wallet {
    std::string path = "~/.bittensor/wallets/";
    std::string name = "default";
    std::string hotkey = "default";
    std::vector<std::string> hotkeys;  // several at once; empty: the one above
    int password_fd = -1;              // of encrypted hotkeys; negative: none
};

struct Subtensor {
    std::string network = "finney";
    std::string chain_endpoint;  // empty: the network's own
    std::string genesis;         // of the chain that is meant; empty: known by the network's name
    int refresh_blocks = 50;     // between two readings of the whole subnet
    int check_blocks = 5;        // between two looks at our own registration
    seconds stale{180};          // without a new block for so long: another node
};

// Announcing an address on the chain, which a miner of this subnet does not need.
struct Axon {
    bool announce = false;
    std::string external_ip;
    int external_port = 8091;
};

struct Schedule {
    milliseconds pull_timeout{12'000};
    milliseconds submit_timeout{300'000};
    milliseconds connect_timeout{5'000};
    milliseconds idle{10'000};   // wait when no validator can be asked
    seconds reservation{300};    // a validator being asked is left alone by others for so long
    seconds failure_delay{300};  // after a failed pull or submit
    milliseconds validation_lock{30'000};  // while it judges, a validator takes no other submission
    double min_stake = 1000;
    std::string owner_hotkey = "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B";
    int owner_every = 5;     // the subnet owner's validator is asked each so many turns
    bool reference = false;  // choose exactly as the reference miner does, wasted turns included
    std::int64_t max_answer_bytes = 6LL << 20;
};

struct Generator {
    std::string model;                 // folder of a checkpoint; empty: the embedded model
    std::string device = "auto";       // none: only those of `remote`
    std::vector<std::string> devices;  // several, in place of the one above
    std::vector<std::string> remote;   // addresses of other miners' miner serve
    std::string remote_token;          // their http.token; empty: none is shown
    std::string dtype = "auto";        // auto: fp32 on a CPU, fp16 on a GPU
    int threads = 0;                   // of the CPU lane of torch; 0: all cores
    std::int64_t seed = -1;            // -1: a new one for each task
    seconds deadline{240};             // a task's generation, retries included
    std::string matting = "auto";      // auto | always | never
    std::string matting_model;         // .onnx or .safetensors; empty: the embedded u2netp
    // Of a picture that others send: 1,536 squared fits.
    std::int64_t max_pixels = 2'400'000;
};

// What tells a result's score before a validator does.
inline constexpr const char* kEmbeddedScorer = "embedded";
struct Score {
    // Folder of the networks, or the name of a fetched one; embedded: the small judge of the
    // embedded model's world; empty: not used.
    std::string model;
    std::string device = "auto";
    std::string dtype = "auto";  // auto: fp32 on a CPU, fp16 on a GPU
};

// More results of one task than the gate asks for, in the time that costs nothing; the best is
// submitted. Only where `score` can tell which that is.
struct Candidates {
    int most = 8;          // finished ones of a task; 1: none but the gate's own
    double enough = 0.65;  // no more are made once one is predicted to score so much
    // From the pull to the answer of the submission; 0: as long as the validator says that a
    // result wins nothing by being early (its throttle period).
    milliseconds window{0};
    milliseconds way{8'000};     // of a submission until it is judged, where none was measured yet
    milliseconds margin{2'000};  // left over at the end of the window
    std::string withhold = "auto";  // auto | never: results that would probably be refused
};

// A server that makes pictures from prompts, by the OpenAI images API.
struct PictureService {
    std::string url;    // empty: prompts go to the model as they are
    std::string model;  // empty: the server's own
    std::string key;    // empty: none is shown
    int size = 1024;    // pixels a side
    milliseconds deadline{60'000};
};

struct Gate {
    std::int64_t min_gaussians = 150'000;
    std::int64_t floor = 7'000;  // below it a validator's own check scores zero
    int attempts = 2;            // structure passes at most; the first counts
    // Of finished splats; one that breaks a limit counts as a failed attempt.
    double max_invisible = 1;           // share of opacities under 1e-3
    double min_opacity_spread = 0;      // standard deviation
    double max_non_finite = 1;          // share of Gaussians with a value that is no finite number
    double max_identity_rotations = 1;  // share
    double min_extent = 0;              // largest side of the bounding box, of the unit cube
};

struct Enhance {
    // "operation" or "operation:factor", in order; see generator/image/enhance.hpp.
    std::vector<std::string> standard{"sharpness:3.5", "contrast:1.8"};
    std::vector<std::string> extreme{"sharpness:5.0", "contrast:2.5", "edge_enhance",
                                     "brightness:1.1"};
    std::string applies_to = "both";  // both | structure
};

// What leaves the machine; defaults are what a validator scores best.
struct Export {
    std::string up = "y";  // y: the validator's; trellis: (x, -z, y) as TRELLIS's own PLY
    double size = 1.5;     // largest side of the bounding box; 0: as generated
    bool centre = true;    // each axis by itself
    double margin =
        0.05;  // Gaussians further than this outside the unit cube are left out; negative: none
    double min_opacity = 1.0 / 255;  // fainter ones are left out
    int fraction_bits = 14;
    int zstd_level = 1;
};

struct Storage {
    std::string path;  // empty: $XDG_DATA_HOME/miner, or ~/.local/share/miner
    int keep_days = 14;
    double keep_gb = 20;
};

// Published checkpoints, as `miner weights` fetches them.
struct Weights {
    std::string path;  // empty: models in the storage folder
    std::string endpoint = "https://huggingface.co";
    std::string token_file;  // empty: $HF_TOKEN, or none
    int connections = 4;
    bool offline = false;
};

struct Log {
    std::string level = "info";
    bool console = true;
    std::string file = "auto";  // auto: miner.log in the storage folder; none: no file
    bool json = false;
    int max_mb = 50;
    int files = 5;
};

struct Http {
    std::string listen;  // HOST:PORT; empty: nothing listens
    std::string token;   // empty: none is asked for
    // Whose signature is as good: none | listed (allow) | validators (and allow) | anyone
    std::string signed_ = "none";
    std::vector<std::string> allow, deny;  // hotkeys
    double min_stake = 1000;               // of validators
    int queue = 2;                         // calls of /generate that may wait for their turn
    milliseconds deadline{0};  // of one call of /generate, waiting included; 0: by device
};

struct Run {
    seconds grace{60};  // for the task at hand when asked to stop
};

struct Rehearse {
    int tasks = 12;
    int hotkeys = 1;
    std::string pictures;  // folder; empty: the embedded set
    std::vector<std::string> faults;
    double time_scale = 0.001;  // of cool-downs, throttle and validation lock
    double text_share = 0.8;    // of tasks that are prompts: validators' own
    std::int64_t seed = 1;      // order of tasks, faults and generation
};

struct Settings {
    int netuid = 17;
    bool debug = false;                   // --logging.debug
    std::vector<std::string> validators;  // "HOTKEY@HOST:PORT", or all with +
    Wallet wallet;
    Subtensor subtensor;
    Axon axon;
    Schedule schedule;
    Generator generator;
    Score score;
    Candidates candidates;
    PictureService picture_service;
    Gate gate;
    Enhance enhance;
    Export export_;
    Storage storage;
    Weights weights;
    Log log;
    Http http;
    Run run;
    Rehearse rehearse;
};

}  // namespace config
