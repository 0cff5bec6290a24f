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
    (void)generator::read_spz(bytes, {.max_gaussians = 100'000, .max_bytes = 16 << 20});
    return 0;
}
