#include "config/durable_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

namespace config {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as Linux has it

Error system_error(int number, const fs::path& path) {
    return {boost::system::error_code(number, boost::system::system_category()), path.string()};
}

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// /dev/stdout, /dev/fd/1 and /proc/self/fd/1 stand for a descriptor of this process. Opened by
// name, a file behind it would be written from its beginning, over what was printed before.
int inherited_descriptor(const fs::path& path) {
    if (path == "/dev/stdout") return STDOUT_FILENO;
    if (path == "/dev/stderr") return STDERR_FILENO;
    const auto folder = path.parent_path();
    if (folder != "/dev/fd" && folder != "/proc/self/fd") return -1;
    const auto name = path.filename().string();
    int number = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    return error == std::errc() && end == name.data() + name.size() ? number : -1;
}

fs::path temporary_name(const fs::path& folder) {
    static std::atomic<unsigned> counter{0};
    return folder / (".miner." + std::to_string(::getpid()) + "." + std::to_string(++counter));
}

// A name that a process of the same number left behind is taken over.
OwnedDescriptor create(const fs::path& name) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    OwnedDescriptor file(::open(name.c_str(), kFlags, 0666));
    if (!file && errno == EEXIST && ::unlink(name.c_str()) == 0)
        return OwnedDescriptor(::open(name.c_str(), kFlags, 0666));
    return file;
}

// Whoever may write above it could have put something else under its name by now, which is not
// given away.
void hand_over_folder(const fs::path& folder, const fs::path& above) {
    const auto made = open_file(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    struct stat status {};
    if (made && ::fstat(made.get(), &status) == 0 && status.st_uid == ::geteuid())
        take_after(above, made.get());
}

}  // namespace

Result<Destination> destination_of(const fs::path& path) {
    using Kind = Destination::Kind;
    Destination destination{.kind = Kind::absent, .path = path, .inherited = -1};
    for (int links = 0;; ++links) {
        destination.inherited = inherited_descriptor(destination.path);
        if (destination.inherited >= 0) {
            destination.kind = Kind::stream;
            return destination;
        }
        std::error_code none;
        const auto target = fs::read_symlink(destination.path, none);
        if (none) break;
        if (links == kMostLinks) return system_error(ELOOP, path);
        destination.path = destination.path.parent_path() / target;  // an absolute one stands alone
    }
    struct stat status {};
    if (::stat(destination.path.c_str(), &status) != 0) {
        if (errno != ENOENT) return system_error(errno, destination.path);
        // "NAME/" is meant as a folder.
        if (!destination.path.has_filename()) return system_error(EISDIR, destination.path);
        return destination;
    }
    if (S_ISDIR(status.st_mode)) return system_error(EISDIR, destination.path);
    destination.kind = S_ISREG(status.st_mode) ? Kind::file : Kind::stream;
    // Renaming over it would need no permission of its own.
    if (::access(destination.path.c_str(), W_OK) != 0) return system_error(errno, destination.path);
    return destination;
}

Result<OwnedDescriptor> open_stream(const Destination& destination, int extra) {
    OwnedDescriptor stream(
        destination.inherited >= 0
            ? ::fcntl(destination.inherited, F_DUPFD_CLOEXEC, 0)
            : ::open(destination.path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | extra));
    if (!stream) return system_error(errno, destination.path);
    return stream;
}

bool write_all(int descriptor, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes = bytes.subspan(std::size_t(written));
    }
    return true;
}

Result<void> write_durably(const fs::path& path, std::span<const std::uint8_t> bytes,
                           const fs::path& temporary_folder) {
    const auto destination = destination_of(path);
    if (!destination) return destination.error();
    const auto& name = destination->path;
    if (destination->kind == Destination::Kind::stream) {
        const auto stream = open_stream(*destination);
        if (!stream) return stream.error();
        if (!write_all(stream->get(), bytes)) return system_error(errno, name);
        return {};
    }
    const auto temporary =
        temporary_name(temporary_folder.empty() ? folder_of(name) : temporary_folder);
    const auto file = create(temporary);
    if (!file) return system_error(errno, name);
    const bool is_new = destination->kind == Destination::Kind::absent;
    take_after(is_new ? folder_of(name) : name, file.get());
    // Others that sweep such a folder leave alone what is locked.
    const bool swept = !temporary_folder.empty();
    if ((swept && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) || !write_all(file.get(), bytes) ||
        ::fsync(file.get()) != 0 || ::rename(temporary.c_str(), name.c_str()) != 0) {
        const int error = errno;
        ::unlink(temporary.c_str());
        return system_error(error, name);
    }
    return sync_folder(folder_of(name));
}

void take_after(const fs::path& model, int file) {
    struct stat status {};
    if (::stat(model.c_str(), &status) != 0) return;
    [[maybe_unused]] const int owner = ::fchown(file, status.st_uid, status.st_gid);
    if (S_ISREG(status.st_mode)) ::fchmod(file, status.st_mode & 0777);
}

OwnedDescriptor make_file(const fs::path& path, int flags, unsigned mode) {
    auto file = open_file(path, flags | O_CREAT | O_EXCL, mode);
    if (file) take_after(folder_of(path), file.get());
    return file;
}

OwnedDescriptor open_or_make(const fs::path& path, int flags, unsigned mode) {
    auto file = make_file(path, flags, mode);
    // Not made here, it may be a link to anything, and stays whose it is.
    if (!file && errno == EEXIST) return open_file(path, flags | O_CREAT, mode);
    return file;
}

Result<void> rename_durably(const fs::path& from, const fs::path& to) {
    const OwnedDescriptor file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return system_error(errno, from);
    if (::rename(from.c_str(), to.c_str()) != 0) return system_error(errno, to);
    return sync_folder(folder_of(to));
}

// From the top down, each synced into the one above it before the next is made: so of those that
// are there only the last may not be on the disk yet.
Result<void> make_folders(const fs::path& folder) {
    std::error_code code;
    auto name = fs::absolute(folder, code);
    if (code) return Error{code, folder.string()};
    if (!name.has_filename() || name.filename() == ".") name = name.parent_path();
    const auto above = name.parent_path();
    const bool there = fs::is_directory(name, code);
    if (!there && above != name) {
        if (const auto made = make_folders(above); !made) return made.error();
        if (::mkdir(name.c_str(), 0777) == 0) {
            hand_over_folder(name, above);
        } else {
            const int error = errno;
            if (error != EEXIST || !fs::is_directory(name, code))
                return system_error(error == EEXIST ? ENOTDIR : error, name);
        }
    }
    const auto synced = sync_folder(above);
    // What is none of ours may be closed to us, or not be written at all.
    return synced || there ? Result<void>() : synced;
}

Result<void> sync_folder(const fs::path& folder) {
    const OwnedDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some file systems have no sync for folders, and say so.
    if (!file || (::fsync(file.get()) != 0 && errno != EINVAL)) return system_error(errno, folder);
    return {};
}

}  // namespace config
