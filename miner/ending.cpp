#include "miner/ending.hpp"

namespace miner {

ExitCode conclude(const Ending& ending, config::Logger& log) {
    if (ending.no_model) {
        log.error(
            "cannot start",
            {{"error", ending.no_model->message()},
             {"remedy", "see generator.model and generator.device in `miner config --print`"}});
        return ExitCode::model;
    }
    if (ending.failure) std::rethrow_exception(ending.failure);
    log.info("stopped", {});
    return ending.device_lost ? ExitCode::device_lost : ExitCode::ok;
}

}  // namespace miner
