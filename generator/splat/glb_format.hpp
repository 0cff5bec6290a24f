// Names and numbers of a GLB with Gaussians. Private to splat/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace generator {

inline constexpr std::uint32_t kGlbMagic = 0x46546C67;  // "glTF"
inline constexpr std::uint32_t kGlbVersion = 2;
inline constexpr std::uint32_t kGlbJson = 0x4E4F534A, kGlbData = 0x004E4942;  // chunks
inline constexpr std::size_t kGlbHeader = 12, kGlbChunkHeader = 8;
inline constexpr std::uint64_t kGlbMostBytes = 0xFFF00000;

// Component types.
inline constexpr int kGlbByte = 5120, kGlbUnsignedByte = 5121, kGlbShort = 5122,
                     kGlbUnsignedShort = 5123, kGlbFloat = 5126;

inline constexpr const char* kGlbExtension = "KHR_gaussian_splatting";
inline constexpr const char* kGlbColorSpace = "srgb_rec709_display";
inline constexpr const char* kGlbRotation = "KHR_gaussian_splatting:ROTATION";
inline constexpr const char* kGlbScale = "KHR_gaussian_splatting:SCALE";
inline constexpr const char* kGlbOpacity = "KHR_gaussian_splatting:OPACITY";

inline std::string glb_harmonic(int degree, int coefficient) {
    return std::string(kGlbExtension) + ":SH_DEGREE_" + std::to_string(degree) + "_COEF_" +
           std::to_string(coefficient);
}

}  // namespace generator
