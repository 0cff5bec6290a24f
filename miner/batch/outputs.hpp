// From the model's Gaussians to the file of a result, and from that to what people look at. Pure;
// any thread.
#pragma once

#include "config/settings.hpp"
#include "generator/asset.hpp"
#include "miner/batch/plan.hpp"
#include "miner/report/contact_sheet.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace miner {

struct BatchFile {
    std::vector<std::uint8_t> bytes;
    std::string sha256;
    std::int64_t gaussians = 0;  // none: the export leaves nothing, and there are no bytes
};

// The same bytes as `miner generate` writes. Fails as generator::write_splats does.
config::Result<BatchFile> batch_file(const generator::Splats& splats, const BatchForm& form,
                                     const config::Export& settings);

// A file of that form as a validator shows it on its page: PNG. Fails as reading and
// generator::rasterize do.
config::Result<std::vector<std::uint8_t>> batch_preview(std::span<const std::uint8_t> bytes,
                                                        const BatchForm& form);

// A cell for the sheet: `picture` and `result` are the files' bytes, empty where there are none.
SheetCell batch_cell(const BatchItem& item, std::vector<std::uint8_t> picture,
                     std::span<const std::uint8_t> result, const BatchForm& form);

}  // namespace miner
