// What every writer of SPZ has in common: where things lie in a payload, and its compression.
// Private to splat/.
#pragma once

#include "generator/splat/room.hpp"
#include "generator/splat/spz_format.hpp"
#include "generator/splat/spz_pack.hpp"

#include <array>
#include <memory>
#include <span>
#include <vector>

struct ZSTD_CCtx_s;

namespace generator {

// What a thread that writes SPZ keeps for the next one: memory that was touched once (the first
// touch of a page takes longer than to write it), and zstd's context with its workers, who sleep. A
// few dozen megabytes; what is larger than that goes at once.
class SpzWorkspace {
public:
    static SpzWorkspace& of_this_thread();
    SpzWorkspace() = default;
    SpzWorkspace(const SpzWorkspace&) = delete;
    SpzWorkspace& operator=(const SpzWorkspace&) = delete;
    ~SpzWorkspace();

    // Of this size, and of any content; until the next call.
    std::span<std::uint8_t> payload(std::size_t size);

    // One zstd frame. What is longer than half a megabyte is compressed in parts of that size, each
    // by itself: the bytes do not depend on the number of threads.
    std::vector<std::uint8_t> compress(std::span<const std::uint8_t> payload,
                                       const SpzOptions& options);

private:
    Room payload_, compressed_;
    ZSTD_CCtx_s* context_ = nullptr;
};

// Where each array begins in a payload.
class SpzPlaces {
public:
    SpzPlaces(const SpzHeader& header, std::uint8_t* payload);
    // Of Gaussian number `index`.
    std::uint8_t* at(SpzArray which, std::size_t index) const {
        const auto array = std::size_t(which);
        return begins_[array] + index * each_[array];
    }

private:
    std::array<std::uint8_t*, kSpzArrays> begins_{};
    std::array<std::size_t, kSpzArrays> each_{};  // bytes
};

std::size_t spz_payload_bytes(const SpzHeader& header);
void write_spz_header(const SpzHeader& header, std::uint8_t* payload);

constexpr int kSpzHighestDegree = 3;  // that is written

// How many bytes stand for the same value of a harmonic, of the nine of degree 1 and of all others.
struct HarmonicBuckets {
    int first, others;
};
inline constexpr HarmonicBuckets kHarmonicBuckets{8, 16};  // 5 bits and 4
inline constexpr HarmonicBuckets kWholeHarmonics{1, 1};

// Header and arrays, into spz_payload_bytes(header) of memory. Of the options the alphas' range and
// the threads count, the rest says the header. Lives in spz.cpp.
void pack_spz_into(const StoredSplats& splats, const SpzHeader& header, const SpzOptions& options,
                   HarmonicBuckets buckets, std::uint8_t* payload);

float spz_steps(const SpzHeader& header);  // of a position, to 1
AlphaRange alpha_range(const SpzOptions& options);

}  // namespace generator
