#undef _FORTIFY_SOURCE
#include "tests/endure/broken_disk.hpp"

#include "tests/endure/virtual_engine.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <mutex>

namespace endure::broken_disk {
namespace {

std::mutex mutex;  // the two below
std::string prefix;
Failure failure;
std::atomic<bool> broken = false;
std::atomic<int> failed = 0;

// errno of a call for this path; 0: it is made.
int refusal(int Failure::*kind, const std::string& path) {
    const std::lock_guard lock(mutex);
    if (!(failure.*kind) || !path.starts_with(prefix)) return 0;
    ++failed;
    return failure.*kind;
}

int refused(int Failure::*kind, int at, const char* path) {
    if (!broken || !path) return 0;
    if (path[0] == '/' || at != AT_FDCWD) return refusal(kind, path);
    return refusal(kind, std::filesystem::absolute(path).string());
}

int refused(int Failure::*kind, int descriptor) {
    if (!broken) return 0;
    char path[4096];
    const auto link = "/proc/self/fd/" + std::to_string(descriptor);
    const auto size = ::readlink(link.c_str(), path, sizeof path);
    return size <= 0 ? 0 : refusal(kind, std::string(path, std::size_t(size)));
}

}  // namespace

void fail(const std::filesystem::path& where, Failure how) {
    const std::lock_guard lock(mutex);
    prefix = where.string();
    failure = how;
    broken = true;
}

void mend() { broken = false; }

int calls_failed() { return failed; }

}  // namespace endure::broken_disk

using endure::broken_disk::Failure;
using endure::broken_disk::refused;

#define BROKEN extern "C" __attribute__((visibility("default")))
#define REFUSE(...)                               \
    if (const int error = refused(__VA_ARGS__)) { \
        errno = error;                            \
        return -1;                                \
    }

#define BROKEN_OPEN(name, at, parameters, ...)                                        \
    BROKEN int name(parameters, int flags, ...) {                                     \
        va_list list;                                                                 \
        va_start(list, flags);                                                        \
        const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list);                                                                 \
        if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT))                     \
            REFUSE(&Failure::opening, at, path)                                       \
        return REAL(name)(__VA_ARGS__, flags, mode);                                  \
    }
#define COMMA ,
BROKEN_OPEN(open, AT_FDCWD, const char* path, path)
BROKEN_OPEN(open64, AT_FDCWD, const char* path, path)
BROKEN_OPEN(openat, at, int at COMMA const char* path, at, path)
BROKEN_OPEN(openat64, at, int at COMMA const char* path, at, path)

BROKEN ssize_t write(int descriptor, const void* bytes, size_t size) {
    REFUSE(&Failure::writing, descriptor)
    return REAL(write)(descriptor, bytes, size);
}
BROKEN ssize_t writev(int descriptor, const iovec* parts, int count) {
    REFUSE(&Failure::writing, descriptor)
    return REAL(writev)(descriptor, parts, count);
}
BROKEN ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
    REFUSE(&Failure::writing, descriptor)
    return REAL(pwrite)(descriptor, bytes, size, at);
}
BROKEN ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
    REFUSE(&Failure::writing, descriptor)
    return REAL(pwrite64)(descriptor, bytes, size, at);
}
BROKEN int ftruncate(int descriptor, off_t size) noexcept {
    REFUSE(&Failure::writing, descriptor)
    return REAL(ftruncate)(descriptor, size);
}
BROKEN int ftruncate64(int descriptor, off64_t size) noexcept {
    REFUSE(&Failure::writing, descriptor)
    return REAL(ftruncate64)(descriptor, size);
}
BROKEN int fsync(int descriptor) {
    REFUSE(&Failure::syncing, descriptor)
    return REAL(fsync)(descriptor);
}
BROKEN int fdatasync(int descriptor) {
    REFUSE(&Failure::syncing, descriptor)
    return REAL(fdatasync)(descriptor);
}
BROKEN int mkdir(const char* path, mode_t mode) noexcept {
    REFUSE(&Failure::opening, AT_FDCWD, path)
    return REAL(mkdir)(path, mode);
}
BROKEN int unlink(const char* path) noexcept {
    REFUSE(&Failure::opening, AT_FDCWD, path)
    return REAL(unlink)(path);
}
BROKEN int rename(const char* from, const char* to) noexcept {
    REFUSE(&Failure::opening, AT_FDCWD, from)
    REFUSE(&Failure::opening, AT_FDCWD, to)
    return REAL(rename)(from, to);
}
