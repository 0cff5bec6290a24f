#include "generator/splat/spz_write.hpp"

#include "generator/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>
#include <utility>

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

SpzWorkspace& SpzWorkspace::of_this_thread() {
    thread_local SpzWorkspace workspace;
    return workspace;
}

SpzWorkspace::~SpzWorkspace() { ZSTD_freeCCtx(context_); }

std::span<std::uint8_t> SpzWorkspace::payload(std::size_t size) { return payload_.of(size); }

std::vector<std::uint8_t> SpzWorkspace::compress(std::span<const std::uint8_t> payload,
                                                 const SpzOptions& options) {
    constexpr std::size_t kPart = 512 << 10;  // the least that zstd takes
    constexpr int kNothingOfOthers = 1, kMostWorkers = 8;
    if (!context_) context_ = ZSTD_createCCtx();
    if (!context_) throw std::bad_alloc();
    // One worker or many: zstd's bytes are the same. A library that has none takes no number but 0,
    // and compresses all in one.
    const auto parts = int(payload.size() / kPart) + 1;
    const int workers =
        payload.size() > kPart ? std::min({threads_for(options.threads), parts, kMostWorkers}) : 0;
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, options.zstd_level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_nbWorkers, workers);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_jobSize, kPart);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_overlapLog, kNothingOfOthers);

    const auto room = compressed_.of(ZSTD_compressBound(payload.size()));
    const std::size_t size =
        ZSTD_compress2(context_, room.data(), room.size(), payload.data(), payload.size());
    // The buffer is large enough by construction, so only memory can run out.
    if (ZSTD_isError(size)) {
        ZSTD_freeCCtx(std::exchange(context_, nullptr));
        throw std::bad_alloc();
    }
    std::vector<std::uint8_t> out(room.data(), room.data() + size);
    payload_.shrink();
    compressed_.shrink();
    return out;
}

}  // namespace generator
