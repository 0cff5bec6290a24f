// A program as a child process, with everything it says. It never outlives the object, nor the test
// that made it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace tests {

struct Command {
    std::string program;  // a path; PATH is not searched
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;  // all of it; nothing is inherited
    std::string input;                               // its standard input, then the end of file
    std::filesystem::path folder;                    // to work in; empty: ours
    std::optional<std::uint64_t> largest_file;       // bytes; beyond, SIGXFSZ
};

// How it ended: by itself, or by a signal.
struct ProcessExit {
    int code = -1;     // of its own; -1: none
    int signal = 0;    // that ended it; 0: none
    long peak_kb = 0;  // of memory

    bool operator==(const ProcessExit& other) const {
        return code == other.code && signal == other.signal;
    }
};

class Process {
public:
    // Throws when there is no process to be had; a program that is not there ends with 127.
    explicit Process(Command command);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();  // kills and reaps

    // False when it has ended already.
    bool signal(int number);

    // Empty when it still runs at the deadline.
    std::optional<ProcessExit> wait(std::chrono::milliseconds limit);

    // Whether `text` was printed, on either stream, within the limit. False at once when the
    // process ended without it.
    bool await_text(std::string_view text, std::chrono::milliseconds limit);

    // So far.
    std::string out() const;
    std::string err() const;
    pid_t pid() const { return pid_; }

private:
    void listen(std::string input);

    pid_t pid_ = -1;
    int in_ = -1, out_ = -1, err_ = -1;  // our ends of its streams; the thread's
    mutable std::mutex mutex_;
    std::condition_variable news_;
    std::string said_, complained_;
    std::optional<ProcessExit> exit_status_;
    std::thread listener_;
};

// The whole life of a short-lived program. Throws when it outlives the limit.
struct Outcome {
    ProcessExit exit_status;
    std::string out, err;
};
Outcome run_to_end(Command command, std::chrono::milliseconds limit);

}  // namespace tests
