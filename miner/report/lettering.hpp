// Words on a picture, in one size of one typeface with fixed width: ASCII alone, anything else
// shows as a question mark. Any thread.
#pragma once

#include "generator/asset.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

using Colour = std::array<std::uint8_t, 3>;

class Lettering {
public:
    static constexpr int kWidth = 8, kHeight = 16;  // of a letter, pixels

    Lettering();

    // Onto an RGB picture, from (x, y), the upper left corner; what lies outside is left out.
    void draw(generator::Image& picture, int x, int y, std::string_view utf8, Colour colour) const;

private:
    generator::Image letters_;
};

// As many letters as are seen: a code point is one.
std::size_t letters_in(std::string_view utf8);

// Cut to `most` letters, the last three of them dots when something was cut.
std::string shortened(std::string_view utf8, std::size_t most);

// Lines of at most `most` letters, broken at blanks where there are some; at most `lines`, the last
// shortened when there is more.
std::vector<std::string> wrapped(std::string_view utf8, std::size_t most, std::size_t lines);

}  // namespace miner
