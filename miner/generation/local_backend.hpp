// A device of this machine as a backend: a lane whose one thread makes the generator and is the
// only one to touch it.
#pragma once

#include "miner/generation/backend.hpp"
#include "miner/generation/device.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace miner {

class LocalBackend final : public Backend {
public:
    // `device` as generator.device has it.
    LocalBackend(Lanes& lanes, std::string device) : lanes_(lanes), name_(std::move(device)) {}

    // Makes the generator, of `settings` but for the device. Fails as make_generator does.
    asio::awaitable<config::Result<void>> load(const MakeGenerator& make_generator,
                                               config::Generator settings, Start start);
    // Takes it down, on its lane.
    asio::awaitable<void> unload();

    // Told when a job does not come back though it was to stop, with the device's name; see
    // DeviceLane::stuck. `patience`: other than the usual one, once a model is loaded.
    void on_stuck(std::function<void(const std::string& device)> told,
                  std::optional<std::chrono::milliseconds> patience) {
        device_.stuck = [this, told = std::move(told)] { told(name_); };
        patience_ = patience;
    }

    const generator::ModelInfo& info() const { return device_.generator->info(); }

    const std::string& name() const override { return name_; }
    std::string where() const override { return able() ? info().device : name_; }
    bool able() const override { return device_.generator != nullptr; }
    bool is_remote() const override { return false; }
    bool leaves_cores_free() const override { return device_.leaves_cores_free(); }
    bool takes_pictures() const override { return able() && info().picture_size > 0; }
    bool takes_prompts() const override { return able() && info().takes_prompts; }
    std::optional<generator::DeviceMemory> memory() const override { return device_.memory; }
    std::unique_ptr<GenerationRun> begin(GenerationRun::Input input) override;

private:
    Lanes& lanes_;
    std::string name_;
    std::optional<std::chrono::milliseconds> patience_;
    Device device_;
};

}  // namespace miner
