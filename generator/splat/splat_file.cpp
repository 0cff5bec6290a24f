#include "generator/splat/splat_file.hpp"

#include "generator/errc.hpp"
#include "generator/splat/glb.hpp"
#include "generator/splat/spz_write.hpp"

#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string>

#include <zlib.h>

namespace generator {
namespace {

bool begins(std::span<const std::uint8_t> bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// The same bytes everywhere: without a time, a name or a system.
std::vector<std::uint8_t> gzip(std::span<const std::uint8_t> bytes) {
    constexpr int kGzipOnly = 16 + MAX_WBITS, kMemory = 8;
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipOnly, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
    const std::unique_ptr<z_stream, decltype(&deflateEnd)> guard(&stream, deflateEnd);
    std::vector<std::uint8_t> packed(deflateBound(&stream, uLong(bytes.size())));
    stream.next_in = const_cast<Bytef*>(bytes.data());
    stream.avail_in = uInt(bytes.size());
    stream.next_out = packed.data();
    stream.avail_out = uInt(packed.size());
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::bad_alloc();
    packed.resize(stream.total_out);
    return packed;
}

config::Result<std::vector<std::uint8_t>> contain(std::span<const std::uint8_t> payload,
                                                  SplatFormat format, const SpzOptions& options) {
    if (format == SplatFormat::spz_subnet)
        return SpzWorkspace::of_this_thread().compress(payload, options);
    if (payload.size() > std::numeric_limits<uInt>::max() / 2)
        return config::fail(Errc::bad_splats, "SPZ: more Gaussians than 2 GB hold");
    return gzip(payload);
}

void stand(const std::optional<UpAxis>& up, SplatFile& file) {
    if (!up) return;
    file.up = *up;
    file.remarks.push_back("it says that " + std::string(words(*up)) + " is up");
}

void add_remarks(const PlyFile& ply, SplatFile& file) {
    stand(ply.up, file);
    if (ply.flat)
        file.remarks.emplace_back(
            "its Gaussians are flat (2DGS): as their third scale 0.000001 is taken");
    if (ply.rgb)
        file.remarks.emplace_back("its colours are red, green and blue, the same from all sides");
}

int version_of(SplatFormat format) { return format == SplatFormat::spz_niantic_3 ? 3 : 2; }

}  // namespace

std::string_view words(SplatFormat format) {
    switch (format) {
        case SplatFormat::ply:
            return "PLY";
        case SplatFormat::spz_subnet:
            return "SPZ of the subnet (404), zstd";
        case SplatFormat::spz_niantic:
            return "SPZ of Niantic, version 2, gzip";
        case SplatFormat::spz_niantic_3:
            return "SPZ of Niantic, version 3, gzip";
        case SplatFormat::glb:
            return "glTF with KHR_gaussian_splatting";
    }
    return "";
}

std::string_view words(UpAxis up) {
    switch (up) {
        case UpAxis::plus_y:
            return "+y";
        case UpAxis::plus_z:
            return "+z";
        case UpAxis::minus_y:
            return "-y";
    }
    return "";
}

std::optional<SplatFormat> format_of(std::span<const std::uint8_t> bytes) {
    if (begins(bytes, "ply")) return SplatFormat::ply;
    if (is_glb(bytes)) return SplatFormat::glb;
    if (begins(bytes, "\x1F\x8B") || begins(bytes, "NGSP")) return SplatFormat::spz_niantic;
    if (begins(bytes, "\x28\xB5\x2F\xFD")) return SplatFormat::spz_subnet;
    return std::nullopt;
}

config::Result<SplatFile> read_splat_file(std::span<const std::uint8_t> bytes) {
    // What is none of these is told by what reads SPZ.
    SplatFile file{.splats = {}, .format = format_of(bytes).value_or(SplatFormat::spz_subnet)};
    file.up = up_axis(file.format);
    if (file.format == SplatFormat::ply) {
        auto ply = read_ply_file(bytes);
        if (!ply) return ply.error();
        add_remarks(*ply, file);
        file.splats = std::move(ply->splats);
        return file;
    }
    if (file.format == SplatFormat::glb) {
        auto splats = read_glb(bytes);
        if (!splats) return splats.error();
        file.splats = std::move(*splats);
        return file;
    }
    auto spz = read_spz(bytes);
    if (!spz) return spz.error();
    file.splats = std::move(spz->splats);
    if (spz->version > 1) file.fraction_bits = spz->fraction_bits;
    stand(spz->up, file);
    if (spz->faces_away)
        file.remarks.emplace_back("it says that it faces the other way, which it does yet");
    for (const auto kind : spz->unknown_extensions)
        file.remarks.push_back("it has an extension that is not read, of kind " +
                               std::to_string(kind));
    return file;
}

config::Result<StoredSplats> read_splats(std::span<const std::uint8_t> bytes) {
    auto file = read_splat_file(bytes);
    if (!file) return file.error();
    return std::move(file->splats);
}

config::Result<std::vector<std::uint8_t>> write_splats(const StoredSplats& splats,
                                                       SplatFormat format,
                                                       const SpzOptions& options) try {
    if (format == SplatFormat::ply) return write_ply(splats);
    if (format == SplatFormat::glb) return write_glb(splats);
    const auto bits = fitting_fraction_bits(splats, options.fraction_bits);
    if (!bits) return bits.error();
    auto fitting = options;
    fitting.fraction_bits = *bits;
    if (format == SplatFormat::spz_subnet) return write_spz(splats, fitting);
    fitting.version = version_of(format);
    return contain(pack_spz(splats, fitting), format, fitting);
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while writing splats");
}

config::Result<std::vector<std::uint8_t>> exchange_spz(std::span<const std::uint8_t> bytes,
                                                       SplatFormat format,
                                                       const SpzOptions& options,
                                                       const SpzLimits& limits, int quarters) try {
    auto wanted = options;
    wanted.version = version_of(format);
    const auto payload = repack_spz(bytes, wanted, limits, quarters);
    if (!payload) return payload.error();
    return contain(*payload, format, wanted);
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while writing splats");
}

}  // namespace generator
