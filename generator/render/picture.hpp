// Renderings as pictures for people: 8 bits, side by side, turning. Any thread.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"
#include "generator/render/rasterize.hpp"

#include <memory>
#include <span>

namespace generator {

// RGB, clamped to 0..1 and cut off to 8 bits, as the validator does.
Image to_picture(const Rendering& rendering);

// RGB pictures of one size in rows of `columns`, with black gaps between, as the judge of a duel
// gets four: 2 columns, 5 pixels. Empty without pictures.
Image contact_sheet(std::span<const Image> pictures, int columns, int gap_pixels = 5);

// Frames to an animated WebP that plays for ever; lossy. Frames are compressed as they come.
class Animation {
public:
    // Sides of 1 to 16,383 pixels.
    Animation(int width, int height, int milliseconds_per_frame);
    ~Animation();

    // RGB, of the animation's size. Fails with picture_too_large, out_of_memory, internal.
    config::Result<void> add(const Image& frame);
    config::Result<std::vector<std::uint8_t>> finish();

private:
    struct Encoder;
    std::unique_ptr<Encoder> encoder_;
};

}  // namespace generator
