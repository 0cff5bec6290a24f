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

// So many bytes in pages of their own that are neither swapped out nor written into a core dump, as
// far as the system lets this process lock any (RLIMIT_MEMLOCK); wiped when the last copy dies.
using LockedBytes = std::shared_ptr<std::uint8_t[]>;
LockedBytes locked_bytes(std::size_t count);  // throws std::bad_alloc
// False once some could not be locked: they may be swapped out, but are not dumped.
bool all_bytes_locked();

// What stays for as long as the process lives; its copies share the bytes.
template <std::size_t N>
class LockedSecret {
public:
    explicit LockedSecret(const Secret<N>& secret) : bytes_(locked_bytes(N)) {
        std::copy(secret.bytes().begin(), secret.bytes().end(), bytes_.get());
    }

    std::span<const std::uint8_t, N> bytes() const {
        return std::span<const std::uint8_t, N>(bytes_.get(), N);
    }

private:
    LockedBytes bytes_;
};

// Text of any length up to a capacity, in locked memory; it moves but is never copied.
class SecretText {
public:
    explicit SecretText(std::size_t capacity)
        : bytes_(locked_bytes(capacity)), capacity_(capacity) {}
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
    LockedBytes bytes_;
    std::size_t capacity_;
    std::size_t size_ = 0;
};

// There is deliberately no way to print, format or compare one.

}  // namespace network
