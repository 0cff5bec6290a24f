#include "storage/high_mark.hpp"

#include "config/descriptor.hpp"
#include "config/durable_file.hpp"
#include "storage/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/file.h>

namespace storage {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

Bytes pack(std::int64_t value) {
    Bytes bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = std::uint8_t(std::uint64_t(value) >> (8 * i));
        bytes[8 + i] = std::uint8_t(~bytes[i]);
    }
    return bytes;
}

std::optional<std::int64_t> unpack(const Bytes& bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t(bytes[i]) << (8 * i);
    if (pack(std::int64_t(value)) != bytes) return std::nullopt;
    return std::int64_t(value);
}

// Whole, with nothing behind it; else it is none of ours.
config::Result<std::optional<std::int64_t>> read(const config::OwnedDescriptor& file,
                                                 const std::filesystem::path& path) {
    std::array<std::uint8_t, 17> bytes{};
    const auto got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    if (got < 0) return failed(errno, path);
    Bytes ours;
    if (std::size_t(got) != ours.size()) return std::optional<std::int64_t>();
    std::copy_n(bytes.begin(), ours.size(), ours.begin());
    return unpack(ours);
}

}  // namespace

config::Result<std::optional<std::int64_t>> read_mark(const std::filesystem::path& path) {
    const auto file = config::open_file(path, O_RDONLY | O_NONBLOCK);
    if (!file && errno == ENOENT) return std::optional<std::int64_t>();
    if (!file) return failed(errno, path);
    return read(file, path);
}

config::Result<void> raise_mark(const std::filesystem::path& path, std::int64_t value) {
    const auto file = config::open_or_make(path, O_RDWR | O_NONBLOCK);
    if (!file || ::flock(file.get(), LOCK_EX) != 0) return failed(errno, path);
    const auto before = read(file, path);
    if (!before) return before.error();
    if (*before && **before >= value) return {};
    const auto bytes = pack(value);
    const auto written = ::pwrite(file.get(), bytes.data(), bytes.size(), 0);
    if (written < 0) return failed(errno, path);
    if (std::size_t(written) != bytes.size()) return failed(ENOSPC, path);
    if ((!*before && ::ftruncate(file.get(), bytes.size()) != 0) || ::fsync(file.get()) != 0)
        return failed(errno, path);
    if (*before) return {};
    if (const auto synced = config::sync_folder(path.parent_path()); !synced)
        return failed(synced.error(), path);
    return {};
}

}  // namespace storage
