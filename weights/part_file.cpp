#include "weights/part_file.hpp"

#include "config/descriptor.hpp"
#include "config/durable_file.hpp"
#include "network/errc.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace weights {
namespace {

namespace fs = std::filesystem;

fs::path with(const fs::path& name, const char* suffix) {
    fs::path path = name;
    path += suffix;
    return path;
}

bool write_all(int file, const char* data, std::size_t size, std::int64_t offset) {
    while (size > 0) {
        const auto written =
            offset < 0 ? ::write(file, data, size) : ::pwrite(file, data, size, offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        data += written;
        size -= std::size_t(written);
        if (offset >= 0) offset += written;
    }
    return true;
}

// Segments listed as done by an earlier fetch of the same content; empty when there is none.
std::vector<bool> listed(const fs::path& list, const std::string& head, std::size_t count) {
    std::ifstream in(list);
    std::string line;
    if (!std::getline(in, line) || line != head) return {};
    std::vector<bool> done(count);
    for (std::size_t index; in >> index;)
        if (index < count) done[index] = true;
    return done;
}

}  // namespace

config::Error system_failure(const fs::path& file, int error) {
    // A quota or a limit of the process is as good as a full disk.
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return config::fail(full ? network::Errc::no_space : network::Errc::io,
                        file.string() + ": " + std::strerror(error));
}

std::int64_t part_bytes(const fs::path& name) {
    struct stat status {};
    constexpr std::int64_t kBlock = 512;  // of st_blocks, whatever the file system's are
    return ::stat(with(name, ".part").c_str(), &status) == 0 ? status.st_blocks * kBlock : 0;
}

config::Error PartFile::failure(const std::string& what) const {
    return config::fail(network::Errc::io, part_.string() + ": " + what);
}

config::Result<PartFile> PartFile::open(const fs::path& name, std::int64_t size,
                                        const std::string& content, std::int64_t segment_bytes) {
    PartFile file;
    file.name_ = name;
    file.part_ = with(name, ".part");
    file.list_ = with(name, ".part.done");
    file.size_ = size;
    file.segment_bytes_ = segment_bytes;
    if (const auto made = config::make_folders(name.parent_path()); !made)
        return system_failure(name.parent_path(), made.error().code.value());

    const auto count = std::size_t((size + segment_bytes - 1) / segment_bytes);
    const auto head = content + " " + std::to_string(size) + " " + std::to_string(segment_bytes);
    std::error_code unknown;
    if (fs::file_size(file.part_, unknown) == std::uintmax_t(size) && !unknown)
        file.done_ = listed(file.list_, head, count);
    const bool fresh = file.done_.size() != count || count == 0;
    if (fresh) {
        file.discard();
        file.done_.assign(count, false);
    }
    file.data_ = config::open_or_make(file.part_, O_WRONLY);
    if (!file.data_) return system_failure(file.part_, errno);
    if (::ftruncate(file.data_.get(), size) != 0) return system_failure(file.part_, errno);
    file.entries_ = config::open_or_make(file.list_, O_WRONLY | O_APPEND);
    if (!file.entries_) return system_failure(file.list_, errno);
    if (fresh && !write_all(file.entries_.get(), (head + "\n").data(), head.size() + 1, -1))
        return system_failure(file.list_, errno);
    return file;
}

PartFile::Segment PartFile::segment(std::size_t index) const {
    const auto begin = std::int64_t(index) * segment_bytes_;
    return {index, begin, std::min(begin + segment_bytes_, size_)};
}

std::vector<std::size_t> PartFile::missing() const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < done_.size(); ++i)
        if (!done_[i]) indices.push_back(i);
    return indices;
}

std::int64_t PartFile::missing_bytes() const {
    std::int64_t bytes = 0;
    for (const auto index : missing()) bytes += segment(index).end - segment(index).begin;
    return bytes;
}

config::Result<void> PartFile::write(std::int64_t offset, std::string_view bytes) {
    if (offset < 0 || std::int64_t(bytes.size()) > size_ - offset)
        return config::fail(network::Errc::malformed,
                            part_.string() + ": more bytes than announced");
    if (!write_all(data_.get(), bytes.data(), bytes.size(), offset))
        return system_failure(part_, errno);
    return {};
}

config::Result<void> PartFile::complete(std::size_t index) {
    if (::fdatasync(data_.get()) != 0) return system_failure(part_, errno);
    const auto line = std::to_string(index) + "\n";
    if (!write_all(entries_.get(), line.data(), line.size(), -1))
        return system_failure(list_, errno);
    done_[index] = true;
    return {};
}

config::Result<void> PartFile::finish() {
    if (!missing().empty()) return failure("not all of it has come");
    if (const auto named = config::rename_durably(part_, name_); !named)
        return system_failure(name_, named.error().code.value());
    std::error_code ignored;
    fs::remove(list_, ignored);
    return {};
}

void PartFile::discard() {
    std::error_code ignored;
    fs::remove(list_, ignored);
    fs::remove(part_, ignored);
}

}  // namespace weights
