// Lists, CSVs and manifests that a user hands in or finds.
#include "miner/batch/inputs.hpp"
#include "miner/batch/manifest.hpp"
#include "miner/batch/names.hpp"
#include "tests/fuzz/input.hpp"

#include <vector>

namespace {

void look_at(const config::Result<std::vector<miner::BatchInput>>& inputs) {
    if (!inputs) return;
    fuzz::require(inputs->size() <= miner::kMostInputs);
    miner::NameBook names;
    for (const auto& input : *inputs) {
        const auto name = names.unique(miner::safe_name(input.name));
        fuzz::require(miner::is_safe_name(name + ".spz"));
        fuzz::require(!names.reserve(name));
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    look_at(miner::inputs_of_list(text, "/lists"));
    look_at(miner::inputs_of_csv(text, "/lists"));
    if (const auto line = miner::parse_manifest(text)) {
        fuzz::require(!line->has_result() || miner::is_safe_name(line->file));
        const auto written = miner::manifest_text(*line);
        fuzz::require(written.find('\n') == written.npos);
        const auto again = miner::parse_manifest(written);
        fuzz::require(again && miner::manifest_text(*again) == written);
    }
    return 0;
}
