// A device with its lane: one thread that creates the generator and is the only one to touch it.
#pragma once

#include "generator/generator.hpp"
#include "generator/memory_need.hpp"
#include "generator/score/scorer.hpp"

#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace miner {

// warm: what the first task would pay once is paid while the model loads. For whoever makes many.
enum class Start { cold, warm };

// Makes the generator; called on the device's lane. main hands in the real one, tests a fake.
using MakeGenerator =
    std::function<config::Result<std::unique_ptr<generator::Generator>>(const config::Generator&)>;

// Makes the scorer; called by the thread that then uses it. main hands in the published one, tests
// a fake. Of the settings the model is a folder by now.
using MakeScorer =
    std::function<config::Result<std::unique_ptr<generator::Scorer>>(const config::Score&)>;

// What can be known of devices, and of what a model needs of a GPU, before one is loaded.
struct AskDevices {
    // What the settings mean by their device.
    std::function<config::Result<generator::DeviceReport>(const config::Generator&)> look;
    std::function<config::Result<generator::MemoryNeed>(const config::Generator&)> model_need;
    std::function<generator::MemoryNeed(const config::Score&)> scorer_need;
};

// As the settings name them; none where everything is made elsewhere.
inline std::vector<std::string> device_names(const config::Generator& settings) {
    if (!settings.devices.empty()) return settings.devices;
    if (settings.device == "none") return {};
    return {settings.device};
}

// A lane whose jobs may never return, as they call a driver; see run_on_device().
struct DeviceLane {
    // Of a job that reads networks, from a disk that may be slow.
    static constexpr std::chrono::minutes kDeafnessWhileLoading{30};

    boost::asio::thread_pool lane{1};

    // Told on io that a job does not come back; empty: nobody wants to know.
    std::function<void()> stuck = {};
    // How long a job may take to hear that it is to stop; it is looked at after that time and once
    // more after it. As whatever loads a model needs, until it is known where that works; on io.
    std::chrono::milliseconds longest_deafness = kDeafnessWhileLoading;

    // Between two looks at its stop a GPU works for a second at most; two cores that the published
    // model keeps busy, for minutes.
    static std::chrono::milliseconds deafness_on(const std::string& device) {
        return std::chrono::minutes(device.starts_with("cuda") ? 1 : 30);
    }
};

struct Device : DeviceLane {
    std::unique_ptr<generator::Generator> generator;
    std::optional<generator::DeviceMemory> memory;  // as it was seen last; on io

    // Whether it computes elsewhere than on this machine's cores.
    bool leaves_cores_free() const {
        return generator && generator->info().device.starts_with("cuda");
    }
};

}  // namespace miner
