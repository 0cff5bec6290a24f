// Splat files in every format that is read: PLY, the subnet's SPZ, Niantic's, GLB.
#include "generator/splat/glb.hpp"
#include "generator/splat/ply.hpp"
#include "generator/splat/spz.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> bytes(data, size);
    if (const auto ply = generator::read_ply(bytes)) {
        const auto again = generator::read_ply(generator::write_ply(*ply));
        fuzz::require(again && again->size() == ply->size());
    }
    if (const auto glb = generator::read_glb(bytes)) {
        // Not all that can be read can be written: glTF has no place for what is not finite.
        const auto written = generator::write_glb(*glb);
        if (written) fuzz::require(generator::read_glb(*written).has_value());
    }
    (void)generator::has_trellis_layout(bytes);
    const generator::SpzLimits limits{.max_gaussians = 100'000, .max_bytes = 16 << 20};
    if (const auto spz = generator::read_spz(bytes, limits)) {
        for (const int version : {2, 3}) {
            for (const int quarters : {0, 1, 2}) {
                // Not all places can be written anew: those of version 1 may be infinite, and the
                // furthest has no opposite.
                const auto again = generator::repack_spz(
                    bytes, {.version = version, .fraction_bits = 14}, limits, quarters);
                fuzz::require(again || spz->version == 1 || quarters != 0);
            }
        }
    }
    return 0;
}
