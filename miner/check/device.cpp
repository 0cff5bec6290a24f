#include "miner/check/device.hpp"

namespace miner {

using State = Finding::State;

Finding check_device(const config::Result<generator::DeviceReport>& report) {
    const auto what = "device";
    if (!report)
        return {State::fail, what, report.error().message(),
                "see generator.device, and what nvidia-smi tells"};
    const auto& choice = report->choice;
    return {choice.unused.empty() ? State::ok : State::warn, what, choice.words, choice.unused};
}

Finding check_fit(const generator::Fit& fit) {
    if (fit.fits()) return {State::ok, "GPU memory", generator::describe(fit), ""};
    return {fit.cannot_be() ? State::fail : State::warn, "GPU memory", generator::describe(fit),
            generator::remedy_of(fit)};
}

}  // namespace miner
