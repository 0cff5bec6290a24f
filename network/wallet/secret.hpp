// Bytes that nobody should see: wiped when they die, never printed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace network {

// Overwrites memory in a way the compiler keeps.
void wipe(void* data, std::size_t bytes);

template <std::size_t N>
class Secret {
public:
    Secret() = default;
    explicit Secret(std::span<const std::uint8_t, N> bytes) {
        std::copy(bytes.begin(), bytes.end(), bytes_.begin());
    }
    Secret(const Secret&) = default;
    Secret& operator=(const Secret&) = default;
    ~Secret() { wipe(bytes_.data(), N); }

    std::span<const std::uint8_t, N> bytes() const { return bytes_; }
    std::span<std::uint8_t, N> bytes() { return bytes_; }

private:
    std::array<std::uint8_t, N> bytes_{};
};

// Text of any length up to a capacity; it moves but is never copied.
class SecretText {
public:
    explicit SecretText(std::size_t capacity)
        : bytes_(std::make_unique<std::uint8_t[]>(capacity)), capacity_(capacity) {}
    SecretText(SecretText&& other) noexcept
        : bytes_(std::move(other.bytes_)),
          capacity_(std::exchange(other.capacity_, 0)),
          size_(std::exchange(other.size_, 0)) {}
    SecretText& operator=(SecretText&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(capacity_, other.capacity_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~SecretText() {
        if (bytes_) wipe(bytes_.get(), capacity_);
    }

    std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.get()), size_}; }

    // What is not used yet; bytes written there become text by grow().
    std::span<std::uint8_t> room() { return {bytes_.get() + size_, capacity_ - size_}; }
    void grow(std::size_t bytes) { size_ += std::min(bytes, capacity_ - size_); }
    void shrink(std::size_t size) { size_ = std::min(size_, size); }

    // False when it does not fit; then nothing is added.
    bool append(std::string_view more) {
        if (more.size() > capacity_ - size_) return false;
        std::copy(more.begin(), more.end(), bytes_.get() + size_);
        size_ += more.size();
        return true;
    }

private:
    std::unique_ptr<std::uint8_t[]> bytes_;
    std::size_t capacity_;
    std::size_t size_ = 0;
};

// There is deliberately no way to print, format or compare one.

}  // namespace network
