#include "miner/generation/no_model.hpp"

#include "generator/errc.hpp"
#include "generator/gpu.hpp"
#include "miner/generation/device.hpp"
#include "network/errc.hpp"

#include <algorithm>

namespace miner {
namespace {

bool may_use_gpu(const config::Generator& settings) {
    const auto devices = device_names(settings);
    const auto facts = generator::machine_facts();
    return std::any_of(devices.begin(), devices.end(),
                       [&](const auto& device) { return generator::may_be_gpu(device, facts); });
}

}  // namespace

ExitCode exit_code_without_model(const config::Error& error, const config::Generator& settings) {
    using generator::Errc;
    // The second is of the look whether fetched weights are what was fetched.
    if (error.code == Errc::disk_failed || error.code == network::Errc::disk_failed)
        return ExitCode::storage;
    const bool may_pass = error.code == Errc::device_lost ||
                          (error.code == Errc::out_of_memory && may_use_gpu(settings));
    return may_pass ? ExitCode::device_lost : ExitCode::model;
}

ExitCode exit_code_without_model(const config::Error& error, const std::string& device) {
    config::Generator settings;
    settings.device = device;
    return exit_code_without_model(error, settings);
}

}  // namespace miner
