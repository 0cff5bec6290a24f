// A device with its lane: one thread that creates the generator and is the only one to touch it.
#pragma once

#include "generator/generator.hpp"
#include "generator/memory_need.hpp"
#include "generator/score/scorer.hpp"

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>

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

struct Device {
    boost::asio::thread_pool lane{1};
    std::unique_ptr<generator::Generator> generator;
    std::optional<generator::DeviceMemory> memory;  // as it was seen last; on io

    // Whether it computes elsewhere than on this machine's cores.
    bool leaves_cores_free() const {
        return generator && generator->info().device.starts_with("cuda");
    }
};

}  // namespace miner
