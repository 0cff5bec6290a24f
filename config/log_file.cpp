#include "config/log_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace config {
namespace {

namespace fs = std::filesystem;

// miner.log, miner.1.log, miner.2.log
fs::path numbered(const fs::path& path, int number) {
    if (number == 0) return path;
    auto name = path.stem();
    name += "." + std::to_string(number);
    name += path.extension();
    return path.parent_path() / name;
}

bool is_same(const struct stat& left, const struct stat& right) {
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

}  // namespace

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)),
      max_bytes_(other.max_bytes_),
      files_(other.files_),
      plain_(other.plain_),
      file_(std::move(other.file_)) {}

Result<LogFile> LogFile::open(const fs::path& path, std::int64_t max_bytes, int files) {
    const auto destination = destination_of(path);
    if (!destination) return destination.error();
    LogFile log;
    log.path_ = destination->path;
    log.max_bytes_ = max_bytes;
    log.files_ = files;
    log.plain_ = destination->kind != Destination::Kind::stream;
    if (!log.plain_) {
        // A pipe without a reader, and one whose reader is slow, must not hold the miner up.
        auto stream = open_stream(*destination, O_NONBLOCK);
        if (!stream) return stream.error();
        log.file_ = std::move(*stream);
        return log;
    }
    if (const auto opened = log.open_file(); !opened) return opened.error();
    return log;
}

Result<void> LogFile::open_file() {
    auto file = open_or_make(path_, O_WRONLY | O_APPEND | O_NOCTTY, 0666);
    if (!file) return Error{{errno, boost::system::system_category()}, path_.string()};
    file_ = std::move(file);
    return {};
}

void LogFile::reopen() {
    const std::lock_guard lock(mutex_);
    if (plain_) reopened();
}

// Nothing is lost when it cannot be done: the file grows on.
void LogFile::turn_over() {
    for (int number = files_; number > 0; --number)
        ::rename(numbered(path_, number - 1).c_str(), numbered(path_, number).c_str());
}

void LogFile::write(std::string_view line) {
    const std::lock_guard lock(mutex_);
    const bool found = !plain_ || find_file(line.size());
    std::string text = torn_ ? "\n" : "";
    text += line;
    std::size_t done = 0;
    while (done < text.size()) {
        const auto written = ::write(file_.get(), text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            const int error = errno;
            torn_ = torn_ || done > 0;
            return complain(error);
        }
        done += std::size_t(written);
    }
    torn_ = false;
    if (found) failing_ = false;
}

// The file that the name leads to, with room for so much more. False when there is none to be had;
// then the one that is open goes on.
bool LogFile::find_file(std::size_t bytes) {
    struct stat named {};
    struct stat held {};
    const bool there = ::stat(path_.c_str(), &named) == 0;
    // Moved away or deleted, as logrotate does it.
    const bool away = !there || ::fstat(file_.get(), &held) != 0 || !is_same(named, held);
    if (away || (named.st_size > 0 && named.st_size + std::int64_t(bytes) > max_bytes_)) {
        if (!away) turn_over();
        return reopened();
    }
    return true;
}

bool LogFile::reopened() {
    const auto opened = open_file();
    if (!opened) complain(opened.error().code.value());
    return opened.has_value();
}

void LogFile::complain(int error) {
    if (failing_) return;
    failing_ = true;
    std::fprintf(stderr, "miner: %s: %s; lines of the log are lost\n", path_.c_str(),
                 std::strerror(error));
}

}  // namespace config
