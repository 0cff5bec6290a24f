// What the log said at level error while something ran: a journal that could not be written is
// no generation that failed, and shows nowhere else. Any thread.
#pragma once

#include "config/log.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace miner {

class ErrorLines {
public:
    // For config::Logger::add(); may outlive this.
    config::Logger::Sink sink() const;

    int count() const;
    std::string first() const;  // without time and level; empty: there was none

private:
    struct Lines {
        std::mutex mutex;
        int count = 0;
        std::string first;
    };
    std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

// What a line of the log (config/log_line.hpp), as text or as JSON, says at level error; empty when
// it is of another level.
std::string_view error_in(std::string_view line);

}  // namespace miner
