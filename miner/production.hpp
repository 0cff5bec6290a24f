// From a picture or a prompt to splats: enhancement, structure, gate, retry, splats (generator.md,
// "Enhancement, gate and retry"). Knows nothing of validators; `miner generate` and the pipeline
// share it. Lives on io and sends its work to the lanes.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "generator/image/enhance.hpp"
#include "generator/splat/export.hpp"
#include "generator/splat/health.hpp"
#include "miner/device.hpp"
#include "miner/gate.hpp"
#include "miner/lanes.hpp"
#include "storage/journal.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace miner {

// What one structure pass came to.
struct Attempt {
    int number = 1;
    std::string chain;              // of a picture "standard" or "extreme"; "prompt"
    std::string route = "picture";  // or "prompt"
    std::uint64_t seed = 0;
    std::int64_t voxels = -1;
    std::int64_t gaussians = -1;  // negative: it failed
    generator::StageTimes times;
    std::string outcome;  // "passed", "sparse", "error"
    std::string error;
};

struct Product {
    storage::Outcome outcome = storage::Outcome::none;
    int attempt = 0;  // number of the chosen one; 0: none
    std::vector<Attempt> attempts;
    generator::Splats splats;  // empty when nothing may be submitted
    std::string detail;        // of an error
    bool cancelled = false;    // stopped or past the deadline: nothing is decided
    bool late = false;         // cancelled by the deadline; the detail names the setting
    bool device_lost = false;  // the process must restart
};

// What is to be made: the bytes of a picture file, or words.
using Order = std::variant<std::vector<std::uint8_t>, generator::Prompt>;

// Splats as they leave the machine.
struct Parcel {
    std::vector<std::uint8_t> spz;
    generator::Health health;
    double milliseconds = 0;
};

class Production {
public:
    struct Options {
        config::Gate gate;
        config::Export export_;
        std::vector<generator::Operation> standard, extreme;
        enum class Matting { automatic, always, never } matting = Matting::automatic;
        bool repaint =
            false;  // stage 2 sees the picture as it came: enhance.applies_to = "structure"
        std::chrono::milliseconds deadline{240'000};
    };

    // Who watches a production; every member may be empty.
    struct Watch {
        std::string task;                                       // for the log
        std::function<void(std::string_view stage)> stage;      // a stage begins
        std::function<asio::awaitable<void>(Attempt)> attempt;  // one has ended
    };

    // Fails with generator::Errc::bad_operation when a chain of the settings is wrong.
    static config::Result<Options> options(const config::Settings& settings);

    // Lanes, device and logger outlive it.
    Production(Lanes& lanes, Device& device, config::Logger& log, Options options)
        : lanes_(lanes), device_(device), log_(log), options_(std::move(options)) {}

    // A picture is tried again with another enhancement, a prompt with another seed. Ends early,
    // with Product::cancelled, when `stop` fires or the deadline is over.
    asio::awaitable<Product> produce(Order order, std::uint64_t seed, std::stop_token stop,
                                     Watch watch);

    // What the device's model takes; any time after it was read.
    bool takes_pictures() const { return device_.generator->info().picture_size > 0; }
    bool takes_prompts() const { return device_.generator->info().takes_prompts; }

    // Export and SPZ, on the cpu lane. Empty `spz` when the export leaves nothing.
    asio::awaitable<Parcel> pack(generator::Splats splats);

private:
    asio::awaitable<void> make(Product& product, const Order& order, std::uint64_t seed,
                               std::stop_token stop, const Watch& watch);

    // The picture as it is, or its object alone; nothing when the product has failed.
    asio::awaitable<std::optional<generator::Image>> cut_out(Product& product,
                                                             generator::Image picture,
                                                             const Watch& watch);

    struct Try {
        Attempt report;
        std::unique_ptr<generator::Sketch> sketch;
        config::Error error;
    };

    // source: a picture as it came, or a prompt.
    using Source = generator::Condition;

    asio::awaitable<Try> sketch(const Source& source, int number, std::uint64_t seed,
                                std::stop_token stop, const Watch& watch);
    // Enhanced and cropped, into `condition`; its time and faults go into `to`.
    asio::awaitable<bool> prepare(const generator::Image& picture, int number, Try& to,
                                  generator::Condition& condition);
    asio::awaitable<void> finish(Product& product, const Source& source,
                                 const generator::Sketch& chosen, std::stop_token stop,
                                 const Watch& watch);
    void log_verdict(const Watch& watch, const Decision& decision, const Product& product) const;
    static void fail(Product& product, const config::Error& error);

    Lanes& lanes_;
    Device& device_;
    config::Logger& log_;
    Options options_;
};

}  // namespace miner
