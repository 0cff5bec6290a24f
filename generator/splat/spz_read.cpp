// Reading SPZ: telling the families, undoing their containers with bounds, checking the header.
#include "generator/errc.hpp"
#include "generator/mistaken.hpp"
#include "generator/splat/room.hpp"
#include "generator/splat/spz.hpp"
#include "generator/splat/spz_format.hpp"
#include "generator/splat/spz_opened.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>
#include <utility>

#include <zlib.h>
#include <zstd.h>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;

config::Error bad(const std::string& what) {
    return config::fail(Errc::bad_splats, "SPZ: " + what);
}

bool begins(Bytes bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// Memory that is not touched before something is written to it: a lying size costs nothing.
class Buffer {
public:
    explicit Buffer(std::size_t size)
        : data_(std::make_unique_for_overwrite<std::uint8_t[]>(size)), size_(size) {}
    std::uint8_t* data() { return data_.get(); }
    std::size_t size() const { return size_; }
    Bytes bytes() const { return {data_.get(), size_}; }

private:
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t size_;
};

std::uint64_t little(Bytes bytes, std::size_t at, int size) {
    std::uint64_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | bytes[at + i];
    return value;
}

// As 404's library: all frames together fill what the first one announces; one that does not say
// gets six times the file's size.
config::Result<Bytes> unzstd(Bytes bytes, Room& room, const SpzLimits& limits) {
    constexpr std::uint64_t kGuess = 6;
    const auto announced = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
    if (announced == ZSTD_CONTENTSIZE_ERROR) return bad("no zstd frame");
    const bool is_unknown = announced == ZSTD_CONTENTSIZE_UNKNOWN;
    const std::uint64_t capacity = is_unknown ? kGuess * bytes.size() : announced;
    if (capacity > std::uint64_t(limits.max_bytes)) {
        return bad("a payload of " + std::to_string(capacity) + " bytes; the limit is " +
                   std::to_string(limits.max_bytes));
    }
    const auto payload = room.of(capacity);
    const std::size_t size = ZSTD_decompress(payload.data(), capacity, bytes.data(), bytes.size());
    if (ZSTD_isError(size)) return bad(std::string("zstd: ") + ZSTD_getErrorName(size));
    if (!is_unknown && size != announced) return bad("zstd: shorter than announced");
    return Bytes(payload.first(size));
}

config::Result<std::vector<std::uint8_t>> gunzip(Bytes bytes, const SpzLimits& limits) {
    if (bytes.size() > std::size_t(limits.max_bytes)) return bad("gzip: more than the limit");
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    z_stream stream{};
    if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, inflateEnd);
    stream.next_in = const_cast<Bytef*>(bytes.data());
    stream.avail_in = uInt(bytes.size());
    std::vector<std::uint8_t> payload;
    for (int status = Z_OK; status != Z_STREAM_END;) {
        const std::size_t done = stream.total_out;
        if (done >= std::size_t(limits.max_bytes)) return bad("gzip: more than the limit");
        // Doubling keeps memory in proportion to what the file really holds.
        payload.resize(std::min<std::size_t>(std::max<std::size_t>(2 * done, 64 << 10),
                                             std::size_t(limits.max_bytes)));
        stream.next_out = payload.data() + done;
        stream.avail_out = uInt(payload.size() - done);
        status = inflate(&stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END) return bad("gzip: cut short or damaged");
    }
    payload.resize(stream.total_out);
    return payload;
}

// Header and arrays in one piece; bytes beyond them do not matter.
config::Result<void> open_payload(Bytes payload, SpzFamily family, std::uint32_t newest,
                                  int highest_degree, const SpzLimits& limits,
                                  const UseOfSpz& use) {
    if (payload.size() < kSpzHeaderBytes) return bad("no header");
    const SpzHeader header = parse_spz_header(payload);
    if (header.version < 1 || header.version > newest) {
        return bad("version " + std::to_string(header.version) + " in this container");
    }
    if (auto refused = refuse_spz_header(header, highest_degree, limits)) return *refused;
    const auto sizes = spz_array_bytes(header);
    if (std::accumulate(sizes.begin(), sizes.end(), kSpzHeaderBytes) > payload.size()) {
        return bad("cut short: " + std::to_string(header.count) + " Gaussians in " +
                   std::to_string(payload.size()) + " bytes");
    }
    OpenedSpz opened{family, header, {}, payload, {}};
    Bytes rest = payload.subspan(kSpzHeaderBytes);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        opened.arrays[i] = rest.first(sizes[i]);
        rest = rest.subspan(sizes[i]);
    }
    if (family != SpzFamily::subnet && header.flags & kSpzExtended) opened.extensions = rest;
    return use(opened);
}

config::Result<void> open_subnet(Bytes bytes, const SpzLimits& limits, const UseOfSpz& use) {
    thread_local Room unpacked;
    const auto payload = unzstd(bytes, unpacked, limits);
    auto opened = payload ? open_payload(*payload, SpzFamily::subnet, 2, 3, limits, use)
                          : config::Result<void>(payload.error());
    unpacked.shrink();
    return opened;
}

config::Result<void> open_gzip(Bytes bytes, const SpzLimits& limits, const UseOfSpz& use) {
    const auto payload = gunzip(bytes, limits);
    if (!payload) return payload.error();
    if (begins(*payload, "ply"))
        return config::fail(Errc::bad_splats, "this is a PLY in gzip: unpack it first");
    return open_payload(*payload, SpzFamily::niantic_gzip, 3, 4, limits, use);
}

// A header of 32 bytes, extensions, a table of (compressed, raw) sizes, one zstd frame for each
// array that is not empty.
config::Result<void> open_v4(Bytes bytes, const SpzLimits& limits, const UseOfSpz& use) {
    constexpr std::size_t kHeader = 32, kTableRow = 16;
    if (bytes.size() < kHeader) return bad("no header");
    const SpzHeader header = parse_spz_header(bytes);
    if (header.version != 4) {
        return bad("version " + std::to_string(header.version) + " without a container");
    }
    if (auto refused = refuse_spz_header(header, 4, limits)) return *refused;
    const auto sizes = spz_array_bytes(header);
    const std::size_t streams = std::size_t(
        std::count_if(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 0; }));
    if (header.reserved != streams) {
        return bad(std::to_string(header.reserved) + " streams instead of " +
                   std::to_string(streams));
    }
    const std::size_t table = little(bytes, 16, 4);
    if (table < kHeader || table > bytes.size() || bytes.size() - table < streams * kTableRow) {
        return bad("its table lies outside");
    }
    Bytes rest = bytes.subspan(table + streams * kTableRow);
    std::vector<Buffer> buffers;
    OpenedSpz opened{SpzFamily::niantic_v4, header, {}, {}, {}};
    if (header.flags & kSpzExtended) opened.extensions = bytes.subspan(kHeader, table - kHeader);
    for (std::size_t i = 0; i < streams; ++i) {
        const auto compressed = little(bytes, table + i * kTableRow, 8);
        const auto raw = little(bytes, table + i * kTableRow + 8, 8);
        if (raw != sizes[i] || compressed > rest.size()) return bad("a stream of another size");
        auto& buffer = buffers.emplace_back(sizes[i]);
        const std::size_t size =
            ZSTD_decompress(buffer.data(), buffer.size(), rest.data(), compressed);
        if (ZSTD_isError(size) || size != raw) return bad("a damaged stream");
        opened.arrays[i] = buffer.bytes();
        rest = rest.subspan(compressed);
    }
    return use(opened);
}

// What else a file of splats may be, in words; empty when it may be SPZ.
std::string what_else(Bytes bytes) {
    if (bytes.empty()) return "the file is empty";
    if (begins(bytes, "PK\x03\x04")) return "this is a zip archive (SOG?): unpack it first";
    if (begins(bytes, "glTF")) return "this is a glTF";
    return mistaken_for(bytes);
}

}  // namespace

config::Result<void> with_opened_spz(std::span<const std::uint8_t> bytes, const SpzLimits& limits,
                                     const UseOfSpz& use) {
    if (const auto what = what_else(bytes); !what.empty())
        return config::fail(Errc::bad_splats, what);
    if (begins(bytes, "NGSP")) return open_v4(bytes, limits, use);
    if (begins(bytes, "\x1F\x8B")) return open_gzip(bytes, limits, use);
    return open_subnet(bytes, limits, use);
}

config::Result<SpzFile> read_spz(std::span<const std::uint8_t> bytes, const SpzLimits& limits) try {
    SpzFile file;
    const auto read = with_opened_spz(bytes, limits, [&](const OpenedSpz& opened) {
        const auto& header = opened.header;
        auto extensions = read_spz_extensions(opened.extensions);
        if (!extensions) return config::Result<void>(extensions.error());
        file.up = extensions->up;
        file.faces_away = extensions->faces_away;
        file.unknown_extensions = std::move(extensions->unknown);
        file.family = opened.family;
        file.version = int(header.version);
        file.fraction_bits = header.fraction_bits;
        file.antialiased = (header.flags & kSpzAntialiased) != 0;
        unpack_spz(header, opened.arrays, limits.threads, file.splats);
        return config::Result<void>();
    });
    if (!read) return read.error();
    return file;
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while reading SPZ");
}

config::Result<void> read_spz_as_validator(std::span<const std::uint8_t> bytes,
                                           StoredSplats& splats) try {
    return open_subnet(bytes, {}, [&](const OpenedSpz& opened) {
        unpack_spz(opened.header, opened.arrays, 0, splats);
        return config::Result<void>();
    });
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while reading SPZ");
}

config::Result<StoredSplats> read_spz_as_validator(std::span<const std::uint8_t> bytes) {
    StoredSplats splats;
    if (const auto read = read_spz_as_validator(bytes, splats); !read) return read.error();
    return splats;
}

}  // namespace generator
