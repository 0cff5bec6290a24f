// Preloaded into a program under test (LD_PRELOAD): writes every change of the files below
// LOSSY_FOLDER into LOSSY_TRACE and kills the process at the change that LOSSY_CUT_AT numbers. What
// a power cut would have left is made of the trace afterwards (lossy_disk.hpp), so one run tells
// the end of each of its steps, and SQLite's own calls are seen like ours. What it could not follow
// (a shared mapping of a file's content, a hard link) ends the program with a word.
#include "tests/endure/lossy_trace.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace {

using endure::Change;
using endure::TraceHead;

constexpr std::size_t kDescriptors = 4096;

std::string& folder() {
    static std::string value;
    return value;
}
int trace = -1;
long cut_at = 0, linger_us = -1, changes = 0;
bool half = false;
std::array<std::atomic<std::uint64_t>, kDescriptors> nodes{};  // 0: not followed
std::recursive_mutex mutex;
using Lock = std::lock_guard<std::recursive_mutex>;

long setting(const char* name, long otherwise) {
    const char* text = ::getenv(name);
    return text && *text ? std::atol(text) : otherwise;
}

[[noreturn]] void give_up(const char* what, const std::string& path) {
    std::fprintf(stderr, "lossy_shim: cannot follow %s of %s\n", what, path.c_str());
    std::_Exit(120);
}

__attribute__((constructor)) void start() {
    const char* root = ::getenv(endure::kTracedFolder);
    const char* file = ::getenv(endure::kTraceFile);
    if (!root || !file) return;
    const int opened = int(::syscall(SYS_openat, AT_FDCWD, file,
                                     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    // Out of the way of programs that count on low numbers.
    trace = ::fcntl(opened, F_DUPFD_CLOEXEC, 900);
    if (trace < 0) give_up("the trace", file);
    ::syscall(SYS_close, opened);
    cut_at = setting(endure::kCutAt, 0);
    half = setting(endure::kHalf, 0) != 0;
    linger_us = setting(endure::kLinger, -1);
    folder() = root;
}

bool on() { return trace >= 0; }

void put(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const char*>(data);
    while (size > 0) {
        const long done = ::syscall(SYS_write, trace, bytes, size);
        if (done <= 0) give_up("its own trace", std::strerror(errno));
        bytes += done;
        size -= std::size_t(done);
    }
}

void record(TraceHead head, std::string_view path = {}, std::string_view second = {},
            const void* bytes = nullptr, std::size_t size = 0) {
    const int kept = errno;
    head.path = std::uint32_t(path.size());
    head.second_path = std::uint32_t(second.size());
    head.bytes = size;
    std::string whole(reinterpret_cast<const char*>(&head), sizeof head);
    whole.append(path).append(second);
    if (size > 0) whole.append(static_cast<const char*>(bytes), size);
    put(whole.data(), whole.size());
    errno = kept;
}

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

void die_later() {
    std::thread([] {
        std::this_thread::sleep_for(std::chrono::microseconds(linger_us));
        const Lock lock(mutex);  // between two changes, each of which is in the trace
        die();
    }).detach();
}

// Before each change, under the lock. True: half of it is to be made, and then die().
bool is_cut(bool is_write) {
    if (++changes != cut_at) return false;
    if (linger_us >= 0) {
        die_later();
        return false;
    }
    if (!half || !is_write) die();
    return true;
}

std::string absolute(int at, const char* path) {
    namespace fs = std::filesystem;
    fs::path whole(path);
    if (whole.is_relative()) {
        const auto base = at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(at);
        char name[4096];
        const auto size = ::readlink(base.c_str(), name, sizeof name);
        if (size <= 0) return {};
        whole = fs::path(std::string(name, std::size_t(size))) / whole;
    }
    auto text = whole.lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

// Empty: none of ours.
std::string followed(int at, const char* path) {
    if (!on() || !path) return {};
    auto name = absolute(at, path);
    const auto& root = folder();
    const bool within = name.size() > root.size() && name.compare(0, root.size(), root) == 0 &&
                        name[root.size()] == '/';
    return within || name == root ? name : std::string();
}

std::uint64_t node_of(int descriptor) {
    return on() && descriptor >= 0 && std::size_t(descriptor) < kDescriptors
               ? nodes[std::size_t(descriptor)].load()
               : 0;
}

void follow(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return;
    if (std::size_t(descriptor) >= kDescriptors) give_up("a descriptor", "so large a number");
    nodes[std::size_t(descriptor)] = status.st_ino;
}

std::uint64_t node_at(const std::string& path, bool& there) {
    struct stat status {};
    there = ::lstat(path.c_str(), &status) == 0;
    return there ? status.st_ino : 0;
}

int open_file(int at, const char* path, int flags, mode_t mode) {
    const auto name = followed(at, path);
    if (name.empty()) return int(::syscall(SYS_openat, at, path, flags, mode));
    const Lock lock(mutex);
    bool there = false;
    node_at(name, there);
    const bool creates = !there && (flags & O_CREAT);
    const bool empties = there && (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY;
    if (creates || empties) is_cut(false);
    const int opened = int(::syscall(SYS_openat, at, path, flags, mode));
    if (opened < 0) return opened;
    follow(opened);
    const auto node = nodes[std::size_t(opened)].load();
    if (creates) record({.change = Change::create, .mode = mode, .node = node}, name);
    if (empties) record({.change = Change::truncate, .node = node});
    return opened;
}

// Calls `real` with how many bytes are to be written.
template <class Real>
ssize_t write_at(int descriptor, const void* bytes, std::size_t size, std::int64_t offset,
                 Real real) {
    const bool cut = is_cut(true);
    if (cut) size /= 2;
    const ssize_t done = real(size);
    if (done > 0)
        record({.change = Change::write, .node = node_of(descriptor), .offset = offset}, {}, {},
               bytes, std::size_t(done));
    if (cut) die();
    return done;
}

std::int64_t place_of(int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (!(flags & O_APPEND)) return ::lseek(descriptor, 0, SEEK_CUR);
    struct stat status {};
    return ::fstat(descriptor, &status) == 0 ? status.st_size : 0;
}

int resize(int descriptor, off_t size) {
    const auto node = node_of(descriptor);
    if (node == 0) return int(::syscall(SYS_ftruncate, descriptor, size));
    const Lock lock(mutex);
    is_cut(false);
    const int result = int(::syscall(SYS_ftruncate, descriptor, size));
    if (result == 0) record({.change = Change::truncate, .node = node, .offset = size});
    return result;
}

int sync(long call, int descriptor) {
    const auto node = node_of(descriptor);
    if (node == 0) return int(::syscall(call, descriptor));
    const Lock lock(mutex);
    is_cut(false);
    const int result = int(::syscall(call, descriptor));
    if (result == 0) record({.change = Change::sync, .node = node});
    return result;
}

int take_away(int at, const char* path, int flags) {
    const auto name = followed(at, path);
    if (name.empty()) return int(::syscall(SYS_unlinkat, at, path, flags));
    const Lock lock(mutex);
    bool there = false;
    node_at(name, there);
    if (there) is_cut(false);
    const int result = int(::syscall(SYS_unlinkat, at, path, flags));
    if (result == 0) record({.change = Change::remove}, name);
    return result;
}

int move(int from_at, const char* from, int to_at, const char* to, unsigned flags) {
    const auto old_name = followed(from_at, from), new_name = followed(to_at, to);
    if (old_name.empty() && new_name.empty())
        return int(::syscall(SYS_renameat2, from_at, from, to_at, to, flags));
    if (old_name.empty() || new_name.empty() || flags != 0) give_up("a renaming", from);
    const Lock lock(mutex);
    bool there = false;
    node_at(old_name, there);
    if (there) is_cut(false);
    const int result = int(::syscall(SYS_renameat2, from_at, from, to_at, to, flags));
    if (result == 0) record({.change = Change::rename}, old_name, new_name);
    return result;
}

int make_folder(int at, const char* path, mode_t mode) {
    const auto name = followed(at, path);
    if (name.empty()) return int(::syscall(SYS_mkdirat, at, path, mode));
    const Lock lock(mutex);
    bool there = false;
    node_at(name, there);
    if (!there) is_cut(false);
    const int result = int(::syscall(SYS_mkdirat, at, path, mode));
    if (result == 0)
        record({.change = Change::make_folder, .mode = mode, .node = node_at(name, there)}, name);
    return result;
}

mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// What libc has under these names; 64-bit offsets are the same calls here.
#define LOSSY extern "C" __attribute__((visibility("default")))

#define LOSSY_OPEN(name, ...)                          \
    LOSSY int name(__VA_ARGS__, int flags, ...) {      \
        va_list arguments;                             \
        va_start(arguments, flags);                    \
        const mode_t mode = mode_of(flags, arguments); \
        va_end(arguments);                             \
        return open_file(at_of, path, flags, mode);    \
    }
#define at_of AT_FDCWD
LOSSY_OPEN(open, const char* path)
LOSSY_OPEN(open64, const char* path)
#undef at_of
#define at_of at
LOSSY_OPEN(openat, int at, const char* path)
LOSSY_OPEN(openat64, int at, const char* path)
#undef at_of

LOSSY int creat(const char* path, mode_t mode) {
    return open_file(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

LOSSY int close(int descriptor) {
    if (node_of(descriptor) != 0) {
        const Lock lock(mutex);
        nodes[std::size_t(descriptor)] = 0;
        return int(::syscall(SYS_close, descriptor));
    }
    return int(::syscall(SYS_close, descriptor));
}

LOSSY ssize_t write(int descriptor, const void* bytes, size_t size) {
    const auto real = [&](std::size_t count) {
        return ssize_t(::syscall(SYS_write, descriptor, bytes, count));
    };
    if (on() && descriptor == STDOUT_FILENO) {
        const Lock lock(mutex);
        record({.change = Change::mark}, {}, {}, bytes, size);
        return real(size);
    }
    if (node_of(descriptor) == 0) return real(size);
    const Lock lock(mutex);
    return write_at(descriptor, bytes, size, place_of(descriptor), real);
}

LOSSY ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
    const auto real = [&](std::size_t count) {
        return ssize_t(::syscall(SYS_pwrite64, descriptor, bytes, count, offset));
    };
    if (node_of(descriptor) == 0) return real(size);
    const Lock lock(mutex);
    return write_at(descriptor, bytes, size, offset, real);
}
LOSSY ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off_t offset) {
    return pwrite(descriptor, bytes, size, offset);
}

LOSSY ssize_t writev(int descriptor, const iovec* parts, int count) {
    if (node_of(descriptor) != 0) give_up("writev", "a file");
    return ::syscall(SYS_writev, descriptor, parts, count);
}

LOSSY int ftruncate(int descriptor, off_t size) noexcept { return resize(descriptor, size); }
LOSSY int ftruncate64(int descriptor, off_t size) noexcept { return resize(descriptor, size); }
LOSSY int truncate(const char* path, off_t size) noexcept {
    if (!followed(AT_FDCWD, path).empty()) give_up("truncate", path);
    return int(::syscall(SYS_truncate, path, size));
}

LOSSY int fsync(int descriptor) { return sync(SYS_fsync, descriptor); }
LOSSY int fdatasync(int descriptor) { return sync(SYS_fdatasync, descriptor); }

LOSSY int unlink(const char* path) noexcept { return take_away(AT_FDCWD, path, 0); }
LOSSY int unlinkat(int at, const char* path, int flags) noexcept {
    return take_away(at, path, flags);
}
LOSSY int rmdir(const char* path) noexcept { return take_away(AT_FDCWD, path, AT_REMOVEDIR); }
LOSSY int remove(const char* path) noexcept {
    const int result = take_away(AT_FDCWD, path, 0);
    return result != 0 && errno == EISDIR ? take_away(AT_FDCWD, path, AT_REMOVEDIR) : result;
}

LOSSY int rename(const char* from, const char* to) noexcept {
    return move(AT_FDCWD, from, AT_FDCWD, to, 0);
}
LOSSY int renameat(int from_at, const char* from, int to_at, const char* to) noexcept {
    return move(from_at, from, to_at, to, 0);
}
LOSSY int renameat2(int from_at, const char* from, int to_at, const char* to,
                    unsigned flags) noexcept {
    return move(from_at, from, to_at, to, flags);
}

LOSSY int mkdir(const char* path, mode_t mode) noexcept {
    return make_folder(AT_FDCWD, path, mode);
}
LOSSY int mkdirat(int at, const char* path, mode_t mode) noexcept {
    return make_folder(at, path, mode);
}

LOSSY int link(const char* from, const char* to) noexcept {
    if (!followed(AT_FDCWD, to).empty()) give_up("a hard link", to);
    return int(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
LOSSY int symlink(const char* to, const char* path) noexcept {
    if (!followed(AT_FDCWD, path).empty()) give_up("a link", path);
    return int(::syscall(SYS_symlinkat, to, AT_FDCWD, path));
}

#define LOSSY_FOPEN(name)                                                                     \
    LOSSY FILE* name(const char* path, const char* mode) {                                    \
        if (std::strpbrk(mode, "wa+") && !followed(AT_FDCWD, path).empty())                   \
            give_up("fopen", path);                                                           \
        static const auto real =                                                              \
            reinterpret_cast<FILE* (*)(const char*, const char*)>(::dlsym(RTLD_NEXT, #name)); \
        return real(path, mode);                                                              \
    }
LOSSY_FOPEN(fopen)
LOSSY_FOPEN(fopen64)
