#include "miner/generation/remote_picture.hpp"

#include "config/settings.hpp"
#include "generator/image/decode.hpp"
#include "generator/image/mask.hpp"
#include "generator/image/prepare.hpp"

namespace miner {

std::optional<std::vector<std::uint8_t>> smaller_for_remote(const generator::Image& rgba,
                                                            std::size_t bytes) {
    const auto pixels = std::int64_t(rgba.width) * rgba.height;
    if (pixels <= config::Generator().max_pixels && bytes <= kLargestCallersPicture)
        return std::nullopt;
    return generator::encode_png(generator::has_cutout(rgba) ? generator::within_side(rgba)
                                                             : generator::without_alpha(rgba));
}

}  // namespace miner
