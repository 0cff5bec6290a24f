#include "generator/splat/spz_write.hpp"

#include "generator/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>

#include <zstd.h>

namespace generator {

SpzPlaces::SpzPlaces(const SpzHeader& header, std::uint8_t* payload) {
    SpzHeader one = header;
    one.count = 1;
    each_ = spz_array_bytes(one);
    const auto sizes = spz_array_bytes(header);
    std::uint8_t* at = payload + kSpzHeaderBytes;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        begins_[i] = at;
        at += sizes[i];
    }
}

std::size_t spz_payload_bytes(const SpzHeader& header) {
    const auto sizes = spz_array_bytes(header);
    return std::accumulate(sizes.begin(), sizes.end(), kSpzHeaderBytes);
}

void write_spz_header(const SpzHeader& header, std::uint8_t* payload) {
    const std::uint32_t numbers[] = {header.magic, header.version, header.count};
    for (std::size_t i = 0; i < 12; ++i) payload[i] = std::uint8_t(numbers[i / 4] >> (8 * (i % 4)));
    payload[12] = header.degree;
    payload[13] = header.fraction_bits;
    payload[14] = header.flags;
    payload[15] = header.reserved;
}

float spz_steps(const SpzHeader& header) { return std::ldexp(1.F, header.fraction_bits); }

AlphaRange alpha_range(const SpzOptions& options) {
    return options.clamp_alpha ? AlphaRange{1, 254} : AlphaRange{0, 255};
}

std::vector<std::uint8_t> compress_spz(std::span<const std::uint8_t> payload,
                                       const SpzOptions& options) {
    constexpr int kPart = 512 << 10;  // the least that zstd takes
    constexpr int kNothingOfOthers = 1;
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                       &ZSTD_freeCCtx);
    if (!context) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, options.zstd_level);
    if (payload.size() > std::size_t(kPart)) {
        // One worker or many: zstd's bytes are the same. A library without them says so, and
        // compresses all in one.
        const int parts = int(payload.size() / kPart) + 1;
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_nbWorkers,
                               std::min(threads_for(options.threads), parts));
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_jobSize, kPart);
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_overlapLog, kNothingOfOthers);
    }
    const SpzBuffer bytes(ZSTD_compressBound(payload.size()));
    const std::size_t size =
        ZSTD_compress2(context.get(), bytes.data(), bytes.size(), payload.data(), payload.size());
    // The buffer is large enough by construction, so only memory can run out.
    if (ZSTD_isError(size)) throw std::bad_alloc();
    return {bytes.data(), bytes.data() + size};
}

}  // namespace generator
