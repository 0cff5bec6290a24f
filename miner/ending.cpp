#include "miner/ending.hpp"

namespace miner {

ExitCode no_cockpit(const config::Error& error, config::Logger& log) {
    const bool another = error.code == boost::system::errc::device_or_resource_busy;
    log.error("cannot start", {{"error", error.message()},
                               {"remedy", another ? "see http.signed in `miner config --print`"
                                                  : "see http.listen in `miner config --print`"}});
    return another ? ExitCode::another_instance : ExitCode::usage;
}

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
