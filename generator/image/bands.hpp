// A picture's rows in bands, each a piece of work that a core's own cache holds. Private to image/.
#pragma once

#include <algorithm>
#include <cstddef>

namespace generator {

struct Bands {
    // So many rows, of each of which so many bytes are read and written.
    Bands(int all_rows, std::size_t bytes)
        : height(all_rows),
          rows(std::clamp(int(kBytes / std::max<std::size_t>(1, bytes)), 1, std::max(1, all_rows))),
          count(std::size_t((all_rows + rows - 1) / rows)) {}

    int begin(std::size_t band) const { return int(band) * rows; }
    int end(std::size_t band) const { return std::min(height, begin(band) + rows); }

    static constexpr std::size_t kBytes = std::size_t(256) << 10;
    int height, rows;
    std::size_t count;
};

}  // namespace generator
