#include "miner/batch/outputs.hpp"

#include "config/digest.hpp"
#include "generator/image/decode.hpp"
#include "generator/render/camera.hpp"
#include "generator/render/picture.hpp"
#include "generator/splat/export.hpp"

#include <array>
#include <utility>

namespace miner {
namespace {

config::Result<generator::StoredSplats> upright(std::span<const std::uint8_t> bytes,
                                                const BatchForm& form) {
    auto splats = generator::read_splats(bytes);
    if (splats && form.up == "trellis") generator::turn_half(*splats);
    return splats;
}

storage::Outcome outcome_of(std::string_view name) {
    using enum storage::Outcome;
    for (const auto outcome : {passed, retry_passed, retry_improved, rejected, skipped, error})
        if (storage::name(outcome) == name) return outcome;
    return none;
}

}  // namespace

config::Result<BatchFile> batch_file(const generator::Splats& splats, const BatchForm& form,
                                     const config::Export& settings) {
    const auto stored = generator::export_splats(splats, form.up == "trellis"
                                                             ? generator::trellis_options()
                                                             : generator::export_options(settings));
    BatchFile file{.bytes = {}, .sha256 = {}, .gaussians = std::int64_t(stored.size())};
    if (stored.size() == 0) return file;
    auto bytes = generator::write_splats(
        stored, form.format,
        {.fraction_bits = settings.fraction_bits, .zstd_level = settings.zstd_level});
    if (!bytes) return bytes.error();
    file.bytes = std::move(*bytes);
    file.sha256 = config::sha256(file.bytes);
    return file;
}

config::Result<std::vector<std::uint8_t>> batch_preview(std::span<const std::uint8_t> bytes,
                                                        const BatchForm& form) {
    const auto splats = upright(bytes, form);
    if (!splats) return splats.error();
    const auto scene = generator::validator_scene(*splats);
    const auto view = generator::orbit_camera(generator::validator_orbit(generator::kPreviewView));
    const auto rendering =
        generator::rasterize(generator::gaussians(scene, splats->rotation), view);
    if (!rendering) return rendering.error();
    return generator::encode_png(generator::to_picture(*rendering));
}

SheetCell batch_cell(const BatchItem& item, std::vector<std::uint8_t> picture,
                     std::span<const std::uint8_t> result, const BatchForm& form) {
    SheetCell cell;
    cell.name = item.input.label;
    cell.picture = std::move(picture);
    if (!item.line) {
        cell.detail = "not made";
        return cell;
    }
    const auto& line = *item.line;
    cell.outcome = outcome_of(line.outcome);
    cell.attempts = line.attempts;
    cell.gaussians = line.gaussians;
    cell.chosen = line.has_result();
    cell.score = line.score;
    cell.detail = line.error.empty() ? "nothing that may be kept" : line.error;
    if (result.empty()) return cell;
    if (const auto splats = upright(result, form))
        cell.spz = generator::write_spz(*splats);
    else
        cell.detail = splats.error().message();
    return cell;
}

}  // namespace miner
