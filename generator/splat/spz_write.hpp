// What every writer of SPZ has in common: where things lie in a payload, and its compression.
// Private to splat/.
#pragma once

#include "generator/splat/spz_format.hpp"
#include "generator/splat/spz_pack.hpp"

#include <array>
#include <memory>
#include <span>
#include <vector>

namespace generator {

// Gaussians that one thread packs at a time.
inline constexpr std::size_t kSpzPiece = 4096;

// Memory that is not touched before something is written to it.
class SpzBuffer {
public:
    explicit SpzBuffer(std::size_t size)
        : data_(std::make_unique_for_overwrite<std::uint8_t[]>(size)), size_(size) {}
    std::uint8_t* data() const { return data_.get(); }
    std::size_t size() const { return size_; }
    std::span<const std::uint8_t> bytes() const { return {data_.get(), size_}; }
    void shrink(std::size_t size) { size_ = size; }

private:
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t size_;
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

float spz_steps(const SpzHeader& header);  // of a position, to 1
AlphaRange alpha_range(const SpzOptions& options);

// One zstd frame. What is longer than half a megabyte is compressed in parts of that size, each by
// itself: the bytes do not depend on the number of threads.
std::vector<std::uint8_t> compress_spz(std::span<const std::uint8_t> payload,
                                       const SpzOptions& options);

}  // namespace generator
