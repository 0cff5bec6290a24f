#include "miner/report/lettering.hpp"

#include "config/embedded_file.hpp"
#include "generator/image/decode.hpp"

#include <cassert>
#include <cstdint>
#include <span>

extern "C" const config::EmbeddedFile miner_letters[];

namespace miner {
namespace {

constexpr unsigned char kFirst = ' ', kLast = '~';

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Bytes of the first `letters` code points.
std::size_t bytes_of(std::string_view utf8, std::size_t letters) {
    std::size_t at = 0;
    for (std::size_t seen = 0; at < utf8.size() && seen < letters; ++seen) do
            ++at;
        while (at < utf8.size() && continues(utf8[at]));
    return at;
}

}  // namespace

Lettering::Lettering() {
    const auto& file = miner_letters[0];
    auto decoded = generator::decode(std::span(file.data, std::size_t(file.size)));
    assert(decoded && decoded->height == kHeight);
    letters_ = std::move(*decoded);
}

void Lettering::draw(generator::Image& picture, int x, int y, std::string_view utf8,
                     Colour colour) const {
    for (std::size_t at = 0; at < utf8.size(); ++at) {
        if (continues(utf8[at])) continue;
        const auto byte = static_cast<unsigned char>(utf8[at]);
        const int letter = (byte < kFirst || byte > kLast ? '?' : byte) - kFirst;
        for (int row = 0; row < kHeight; ++row) {
            for (int column = 0; column < kWidth; ++column) {
                const int px = x + column, py = y + row;
                if (px < 0 || py < 0 || px >= picture.width || py >= picture.height) continue;
                const auto* source =
                    &letters_.pixels[std::size_t(row) * letters_.row_bytes() +
                                     std::size_t((letter * kWidth + column) * letters_.channels)];
                auto* target =
                    &picture.pixels[std::size_t(py) * picture.row_bytes() + std::size_t(px * 3)];
                for (std::size_t c = 0; c < 3; ++c)
                    target[c] =
                        std::uint8_t((colour[c] * source[0] + target[c] * (255 - source[0])) / 255);
            }
        }
        x += kWidth;
    }
}

std::size_t letters_in(std::string_view utf8) {
    std::size_t count = 0;
    for (const char byte : utf8) count += continues(byte) ? 0 : 1;
    return count;
}

std::string shortened(std::string_view utf8, std::size_t most) {
    if (letters_in(utf8) <= most) return std::string(utf8);
    const std::size_t dots = std::min<std::size_t>(most, 3);
    return std::string(utf8.substr(0, bytes_of(utf8, most - dots))) + std::string(dots, '.');
}

std::vector<std::string> wrapped(std::string_view utf8, std::size_t most, std::size_t lines) {
    std::vector<std::string> result;
    while (!utf8.empty() && result.size() < lines) {
        if (result.size() + 1 == lines || letters_in(utf8) <= most) {
            result.push_back(shortened(utf8, most));
            break;
        }
        const auto room = bytes_of(utf8, most);
        auto end = utf8.rfind(' ', room);
        if (end == utf8.npos || end == 0) end = room;
        result.emplace_back(utf8.substr(0, end));
        utf8.remove_prefix(end);
        utf8.remove_prefix(std::min(utf8.find_first_not_of(' '), utf8.size()));
    }
    return result;
}

}  // namespace miner
