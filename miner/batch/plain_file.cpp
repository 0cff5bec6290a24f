#include "miner/batch/plain_file.hpp"

#include "config/digest.hpp"
#include "config/whole_file.hpp"
#include "miner/batch/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string_view>

#include <unistd.h>

namespace miner {
namespace {

using config::fail;

config::Result<config::OwnedDescriptor> open_plain(const std::filesystem::path& path) {
    auto file = config::open_plain_file(path);
    if (file) return file;
    namespace errc = boost::system::errc;
    const auto& code = file.error().code;
    if (code == errc::is_a_directory) return fail(BatchErrc::unreadable, "is a folder, not a file");
    if (code == errc::invalid_argument) return fail(BatchErrc::unreadable, "is no plain file");
    return fail(BatchErrc::unreadable, code.message());
}

// Until the end, or until `take` has had enough and returns false.
config::Result<void> read_pieces(int file, const std::function<bool(std::string_view)>& take) {
    char piece[1 << 16];
    for (;;) {
        const auto got = ::read(file, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(BatchErrc::unreadable, std::strerror(errno));
        if (got == 0 || !take({piece, std::size_t(got)})) return {};
    }
}

}  // namespace

config::Result<std::vector<std::uint8_t>> read_plain_file(const std::filesystem::path& path,
                                                          std::size_t max_bytes) {
    const auto file = open_plain(path);
    if (!file) return file.error();
    std::vector<std::uint8_t> bytes;
    bool fits = true;  // a file may grow while it is read
    const auto read = read_pieces(file->get(), [&](std::string_view piece) {
        fits = piece.size() <= max_bytes - bytes.size();
        if (fits) bytes.insert(bytes.end(), piece.begin(), piece.end());
        return fits;
    });
    if (!read) return read.error();
    if (!fits) return fail(BatchErrc::too_large, fmt::format("more than {} MiB", max_bytes >> 20));
    return bytes;
}

config::Result<std::string> sha256_of_file(const std::filesystem::path& path) {
    const auto file = open_plain(path);
    if (!file) return file.error();
    config::Digest digest(config::Digest::Kind::sha256);
    const auto read = read_pieces(file->get(), [&](std::string_view piece) {
        digest.add(piece);
        return true;
    });
    if (!read) return read.error();
    return digest.hex();
}

}  // namespace miner
