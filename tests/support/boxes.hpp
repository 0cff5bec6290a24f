// Things of boxes as splats, in the space and with the directions of ops/nano/shapes.py and
// TRELLIS: z up, front towards -y.
#pragma once

#include "generator/splat/export.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace tests {

struct Box {
    std::array<float, 3> centre, half;
    std::array<float, 3> rgb;
};

// Gaussians on the boxes' surfaces, one beside the other, 0.01 apart.
inline generator::Splats made_of(const std::vector<Box>& boxes) {
    constexpr float kStep = 0.01F;
    generator::Splats splats;
    for (const auto& box : boxes) {
        std::array<int, 3> count{};
        for (int c = 0; c < 3; ++c) count[c] = std::max(2, int(2 * box.half[c] / kStep));
        for (int x = 0; x < count[0]; ++x)
            for (int y = 0; y < count[1]; ++y)
                for (int z = 0; z < count[2]; ++z) {
                    const std::array<int, 3> at{x, y, z};
                    bool outside = false;
                    std::array<float, 3> position{}, colour{};
                    for (int c = 0; c < 3; ++c) {
                        outside = outside || at[c] == 0 || at[c] == count[c] - 1;
                        position[c] = box.centre[c] +
                                      box.half[c] * (float(2 * at[c] + 1) / float(count[c]) - 1);
                        colour[c] = (box.rgb[c] - 0.5F) / 0.28209479F;
                    }
                    if (!outside) continue;
                    splats.position.push_back(position);
                    splats.colour.push_back(colour);
                    splats.scale.push_back({0.4F * kStep, 0.4F * kStep, 0.4F * kStep});
                    splats.rotation.push_back({0.9F, 0.1F, 0, 0});
                    splats.opacity.push_back(0.95F);
                }
    }
    return splats;
}

// Object 28 of ops/nano/shapes.py, "a cyan chair with a blue seat", by its own numbers.
inline generator::Splats chair() {
    const std::array<float, 3> blue{0.1F, 0.24F, 0.85F}, cyan{0.2F, 0.76F, 0.87F};
    const std::array<float, 3> leg{0.032F, 0.032F, 0.189F};
    return made_of({{{0, 0, -0.023F}, {0.243F, 0.243F, 0.037F}, blue},
                    {{0, 0.211F, 0.189F}, {0.243F, 0.032F, 0.211F}, cyan},
                    {{-0.206F, -0.206F, -0.211F}, leg, cyan},
                    {{-0.206F, 0.206F, -0.211F}, leg, cyan},
                    {{0.206F, -0.206F, -0.211F}, leg, cyan},
                    {{0.206F, 0.206F, -0.211F}, leg, cyan}});
}

}  // namespace tests
