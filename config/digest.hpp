// Digests of bytes, as lower-case hex digits. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace config {

// Of bytes that come piece by piece.
class Digest {
public:
    enum class Kind { sha256, sha1 };

    explicit Digest(Kind kind);

    void add(std::string_view bytes);
    std::string hex();  // of all that was added; once

private:
    std::unique_ptr<void, void (*)(void*)> context_;
};

// 64 digits.
std::string sha256(std::span<const std::uint8_t> bytes);
std::string sha256(std::string_view bytes);

}  // namespace config
