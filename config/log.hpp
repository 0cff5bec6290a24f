// Where events go: the console (stderr; coloured on a terminal), a file that rotates, or a function
// of a test. Any thread may log. There is no global logger: whoever logs is given one by reference.
#pragma once

#include "config/log_line.hpp"
#include "config/result.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace spdlog {
class logger;
}

namespace config {

class LogFile;

class Logger {
public:
    // Gets each line without its newline; called under a lock, one line at a time.
    using Sink = std::function<void(std::string_view line)>;

    // Console and file as the settings say; `debug` (logging.debug) lowers the level to debug at
    // least. Creates the log's folder. Fails with cannot_log, naming path and remedy. A disk that
    // fills later loses lines, never the miner.
    static Result<Logger> open(const Log& log, const std::filesystem::path& storage_folder,
                               bool debug);

    // Lines go to `sink` alone.
    Logger(Level level, bool json, Sink sink);

    // logger.event(Level::warn, "sparse", {{"task", id}, {"attempt", 1}, {"gaussians", n}});
    void event(Level level, std::string_view event, std::initializer_list<LogField> fields = {});

    void trace(std::string_view name, std::initializer_list<LogField> fields = {}) {
        event(Level::trace, name, fields);
    }
    void debug(std::string_view name, std::initializer_list<LogField> fields = {}) {
        event(Level::debug, name, fields);
    }
    void info(std::string_view name, std::initializer_list<LogField> fields = {}) {
        event(Level::info, name, fields);
    }
    void warn(std::string_view name, std::initializer_list<LogField> fields = {}) {
        event(Level::warn, name, fields);
    }
    void error(std::string_view name, std::initializer_list<LogField> fields = {}) {
        event(Level::error, name, fields);
    }

    // From here on lines go to `sink` too.
    void add(Sink sink);

    // Opens the log file anew under its name. One that was moved away is found to be so without
    // this, at the next line.
    void reopen();

    bool enabled(Level level) const;
    void flush();

private:
    Logger(std::shared_ptr<spdlog::logger> logger, bool json);

    std::shared_ptr<spdlog::logger> logger_;
    std::shared_ptr<LogFile> file_;  // if there is one; logger_ writes to it
    bool json_ = false;
};

// "trace", "debug", "info", "warn" or "error", as log.level has it; anything else is info.
Level parse_level(std::string_view text);

}  // namespace config
