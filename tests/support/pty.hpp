// A function of ours as a program at a terminal, seen and typed to from outside. It never outlives
// the object.
#pragma once

#include "tests/support/vt.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <termios.h>

namespace tests {

class Pty {
public:
    // What `program` returns is the exit status of its process. No thread may be running here.
    Pty(int columns, int rows, const std::function<int()>& program,
        const std::string& term = "xterm");
    Pty(const Pty&) = delete;
    Pty& operator=(const Pty&) = delete;
    ~Pty();  // kills and reaps

    void type(std::string_view keys);
    void resize(int columns, int rows);
    void signal(int number);

    // Whether the screen comes to be so. Goes on reading after the program's end.
    bool until(const std::function<bool(const Vt&)>& holds);
    bool shows(std::string_view text);

    // What waitpid() says once the program ended, or was stopped; empty when neither happens.
    std::optional<int> wait_status(bool or_stopped = false);

    const Vt& screen() const { return screen_; }
    termios attributes() const;  // of the terminal

private:
    bool read_some();

    int master_ = -1, terminal_ = -1;
    pid_t pid_ = -1;
    Vt screen_;
    bool reaped_ = false;
};

}  // namespace tests
