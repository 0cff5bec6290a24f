// The log as a file that is turned over when it has grown, and found again when somebody else has
// moved it away. A pipe or a device is written into as it is. Any thread.
#pragma once

#include "config/durable_file.hpp"

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

namespace config {

class LogFile {
public:
    // Links are followed. Fails with the system's error; a pipe that nobody reads is refused rather
    // than waited for.
    static Result<LogFile> open(const std::filesystem::path& path, std::int64_t max_bytes,
                                int files);
    LogFile(LogFile&& other) noexcept;

    // `line` ends with a newline. A disk that is full loses it: complained of on standard error
    // once, until a line could be written again.
    void write(std::string_view line);

    // Opens the name anew.
    void reopen();

private:
    LogFile() = default;

    Result<void> open_file();
    bool reopened();
    bool find_file(std::size_t bytes);
    void turn_over();
    void complain(int error);

    std::mutex mutex_;
    std::filesystem::path path_;  // links followed
    std::int64_t max_bytes_ = 0;
    int files_ = 0;
    bool plain_ = false;  // else a stream, which stays as it was opened
    bool torn_ = false;   // the last line is there in part
    bool failing_ = false;
    OwnedDescriptor file_;
};

}  // namespace config
