// What the validator's scorer consists of: which files of which repositories, at which revisions,
// go where in the folder that generator::open_published_scorer opens. The list is ours: no file of
// the hub has it. Source: three-gen-subnet at 5fc61f1, service 2.4.0. Pure but for
// missing_scorer_files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weights {

inline constexpr std::string_view kScorerName = "validator-scorer";

struct ScorerFile {
    std::string_view repository;  // OWNER/NAME; empty: not on the hub, see kScorerConverter
    std::string_view revision;    // a commit, or main where the validator fixes none
    std::string_view from;        // path in the repository; or the pickle that it is made of
    std::string_view to;          // path in the scorer's folder
    std::int64_t bytes;           // about; 0: not known before the hub tells
};

struct ScorerPart {
    std::string_view name;     // "quality": the folder, too
    std::string_view doc;      // which network, for what
    std::string_view licence;  // of all its files
    std::span<const ScorerFile> files;
};

// quality, text, picture, lpips: in this order.
std::span<const ScorerPart> scorer_parts();
const ScorerPart* find_scorer_part(std::string_view name);  // null when there is none

// Makes what is not on the hub: OPERANDS are the scorer's folder.
inline constexpr std::string_view kScorerConverter =
    ".venv/bin/python ops/reference/scorer_weights.py";

// Files of the part that `folder` lacks, as the file system says. Blocking.
std::vector<const ScorerFile*> missing_scorer_files(const std::filesystem::path& folder,
                                                    const ScorerPart& part);

// "quality/model.safetensors is model.safetensors of facebook/dinov2-small@150c8e7...".
std::string origin_of(const ScorerFile& file);

}  // namespace weights
