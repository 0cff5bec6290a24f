#include "miner/generation/remote_picture.hpp"

#include "config/settings.hpp"
#include "generator/image/decode.hpp"
#include "generator/image/mask.hpp"
#include "generator/image/prepare.hpp"
#include "miner/generation/generation_config.hpp"

#include <algorithm>

namespace miner {

std::optional<std::vector<std::uint8_t>> smaller_for_remote(const generator::Image& rgba,
                                                            std::size_t bytes) {
    const auto limits = limits_of_others(config::Generator().max_pixels);
    const bool fits = std::int64_t(rgba.width) * rgba.height <= limits.max_pixels &&
                      std::max(rgba.width, rgba.height) <= limits.max_side;
    if (fits && bytes <= kLargestCallersPicture) return std::nullopt;
    return generator::encode_png(generator::has_cutout(rgba) ? generator::within_side(rgba)
                                                             : generator::without_alpha(rgba));
}

}  // namespace miner
