// Runs a check in a child process that may write only what its user may: root may write everything.
#pragma once

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <stdexcept>

namespace tests {

inline constexpr uid_t kNobody = 65'534;  // and its group

// False where we may not.
inline bool give_to_nobody(const std::filesystem::path& path) {
    return ::geteuid() == 0 && ::chown(path.c_str(), kNobody, kNobody) == 0;
}

inline bool is_of_nobody(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && status.st_uid == kNobody &&
           status.st_gid == kNobody;
}

// What `check` returned in the child (0 to 200); 255 when it threw. The child is nobody if we are
// root, and ourselves otherwise; nothing of Catch may be used there.
inline int unprivileged(const std::function<int()>& check) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
        if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) ::_exit(254);
        int result = 255;
        try {
            result = check();
        } catch (...) {
        }
        ::_exit(result);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace tests
