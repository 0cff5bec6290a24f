// What of a batch is there already, and what is to be made, from the inputs and the manifest that
// an earlier run left. Pure but for the two functions that it is handed.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/batch/inputs.hpp"
#include "miner/batch/manifest.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace miner {

// What results look like; with the settings it decides their bytes.
struct BatchForm {
    generator::SplatFormat format = generator::SplatFormat::spz_niantic;
    std::string up = "y";  // or "trellis"

    std::string ending() const;  // ".spz"
};

// The settings that decide the bytes, as a settings file that makes the same again, with the form
// as a comment: the device and what else is a matter of the machine are not among them.
std::string decisive_settings(const config::Settings& settings, const BatchForm& form);

// The keys, or flags of the form, of which two such texts have different values, or one none.
std::vector<std::string> changed_settings(std::string_view before, std::string_view now);

struct BatchItem {
    BatchInput input;
    std::string name;                  // of its results, without an ending; no other has it
    std::optional<ManifestLine> line;  // once it is decided
    // What an earlier run decided, where it does not count just now; on record until this one has
    // decided anew.
    std::optional<ManifestLine> before = {};
};

struct BatchPlan {
    std::vector<BatchItem> items;      // in the order of the inputs
    std::vector<ManifestLine> others;  // results of inputs that are not asked for this time
    std::uint64_t seed = 0;            // of the batch
    // Inputs of which another was made under that label, of the same folder or list, or whose
    // result is not what the manifest says.
    std::vector<std::string> again;
};

struct PlanQuestion {
    std::string settings;               // hash, as in the lines
    std::optional<std::uint64_t> seed;  // that is asked for; nothing: as before, or else drawn
    std::uint64_t drawn = 0;
    std::string folder;  // for errors
    // Files in the folder that are none of a batch: no result is called like them.
    std::vector<std::string> foreign = {};
    // SHA-256 of an input, and of a file in the folder of results, where there is one. Fail when it
    // cannot be read.
    std::function<config::Result<std::string>(const BatchInput&)> content;
    std::function<config::Result<std::optional<std::string>>(const std::string& file)> result;
};

// A result counts when its line is of what an input is, wherever that is listed, of its seed and of
// these settings, and its file is the one of which the line has the SHA-256; it keeps its name. Of
// several alike an input takes the one that was made for it. What failed is tried again. An input
// that has a result, and cannot be read just now, or its result cannot, has a fault. Fails with
// other_settings where a line is of other settings or of another seed of the batch.
config::Result<BatchPlan> plan_batch(std::vector<BatchInput> inputs,
                                     const std::vector<ManifestLine>& lines,
                                     const PlanQuestion& question);

// The lines that the manifest is to have: of each input what is decided, or else what was before;
// then the others. No line goes whose result is there, before that of another is in its place.
std::vector<ManifestLine> record_of(const BatchPlan& plan);

// The seed of an input of that content.
std::uint64_t seed_of(const BatchInput& input, std::uint64_t batch_seed,
                      const std::string& content);

}  // namespace miner
