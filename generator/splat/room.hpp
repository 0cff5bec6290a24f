// Memory that a thread keeps for its next piece of work, as the first touch of a page takes longer
// than to fill it. Private to splat/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace generator {

class Room {
public:
    // At least so much, of any content and untouched where it is new: a size that lies costs
    // nothing. Until the next call.
    std::span<std::uint8_t> of(std::size_t wanted) {
        if (size_ < wanted) {
            data_.reset();
            size_ = 0;
            data_ = std::make_unique_for_overwrite<std::uint8_t[]>(wanted);
            size_ = wanted;
        }
        return {data_.get(), wanted};
    }

    // Gives back what is more than a task takes.
    void shrink() {
        constexpr std::size_t kMost = std::size_t(32) << 20;  // 1.7 million Gaussians of an SPZ
        if (size_ <= kMost) return;
        data_.reset();
        size_ = 0;
    }

private:
    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t size_ = 0;
};

}  // namespace generator
