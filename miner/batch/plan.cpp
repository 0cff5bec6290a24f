#include "miner/batch/plan.hpp"

#include "config/keys.hpp"
#include "miner/batch/errc.hpp"
#include "miner/batch/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

namespace miner {
namespace {

// Whole groups, and what of them is a matter of the machine, of time, or a key, or does not hold
// for the operator's own pictures.
constexpr std::array<std::string_view, 5> kGroups{"generator.", "gate.", "enhance.", "export.",
                                                  "picture_service."};
constexpr std::array<std::string_view, 10> kNotDecisive{
    "generator.device",        "generator.devices",    "generator.remote",
    "generator.remote_token",  "generator.threads",    "generator.seed",
    "generator.deadline",      "generator.max_pixels", "picture_service.key",
    "picture_service.deadline"};

bool is_decisive(std::string_view key) {
    const bool grouped = std::any_of(kGroups.begin(), kGroups.end(), [&](std::string_view group) {
        return key.starts_with(group);
    });
    return grouped &&
           std::find(kNotDecisive.begin(), kNotDecisive.end(), key) == kNotDecisive.end();
}

std::map<std::string, std::string> values_in(std::string_view text) {
    std::map<std::string, std::string> values;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        at = end + 1;
        if (const auto sign = line.find(" = "); sign != line.npos)
            values.emplace(line.substr(0, sign), line.substr(sign + 3));
    }
    return values;
}

// Lines of one input, in their order: the same prompt may be asked for twice.
using Lines = std::map<std::pair<bool, std::string>, std::deque<const ManifestLine*>>;

std::string stem_of(const std::string& file) { return std::filesystem::path(file).stem().string(); }

std::optional<config::Error> refuse(const std::vector<ManifestLine>& lines,
                                    const PlanQuestion& question) {
    for (const auto& line : lines) {
        if (line.settings != question.settings)
            return config::fail(BatchErrc::other_settings,
                                fmt::format("{} holds results of other settings ({}; these are {})",
                                            question.folder, line.settings, question.settings));
        const auto seed = question.seed.value_or(lines.front().batch_seed);
        if (line.batch_seed != seed)
            return config::fail(BatchErrc::other_settings,
                                fmt::format("{} holds results of --seed {}, not of {}",
                                            question.folder, line.batch_seed, seed));
    }
    return std::nullopt;
}

}  // namespace

std::string BatchForm::ending() const {
    if (format == generator::SplatFormat::ply) return ".ply";
    return format == generator::SplatFormat::glb ? ".glb" : ".spz";
}

std::string decisive_settings(const config::Settings& settings, const BatchForm& form) {
    std::string text =
        fmt::format("# format = {}\n# up = {}\n", generator::words(form.format), form.up);
    for (const auto& key : config::keys())
        if (is_decisive(key.name))
            text += fmt::format("{} = {}\n", key.name, config::value_of(key, settings));
    return text;
}

std::vector<std::string> changed_settings(std::string_view before, std::string_view now) {
    const auto first = values_in(before), second = values_in(now);
    std::set<std::string> changed;
    const auto compare = [&](const auto& one, const auto& other) {
        for (const auto& [key, value] : one) {
            const auto found = other.find(key);
            if (found == other.end() || found->second != value)
                changed.insert(key.starts_with("# ") ? "--" + key.substr(2) : key);
        }
    };
    compare(first, second);
    compare(second, first);
    return {changed.begin(), changed.end()};
}

std::uint64_t seed_of(const BatchInput& input, std::uint64_t batch_seed,
                      const std::string& content) {
    return input.seed.value_or(seed_for(batch_seed, content));
}

config::Result<BatchPlan> plan_batch(std::vector<BatchInput> inputs,
                                     const std::vector<ManifestLine>& lines,
                                     const PlanQuestion& question) {
    if (auto refused = refuse(lines, question)) return *refused;
    BatchPlan plan;
    plan.seed = question.seed.value_or(lines.empty() ? question.drawn : lines.front().batch_seed);
    Lines known;
    for (const auto& line : lines)
        if (line.is_decided()) known[{line.is_prompt, line.input}].push_back(&line);

    NameBook names;
    const auto still_holds = [&](const BatchInput& input, const ManifestLine& line) {
        const auto content = question.content(input);
        if (!content || *content != line.content) return false;
        if (line.seed != seed_of(input, plan.seed, *content)) return false;
        return !line.has_result() || question.result(line.file) == line.sha256;
    };
    for (auto& input : inputs) {
        auto& item = plan.items.emplace_back(BatchItem{std::move(input), {}, {}});
        auto found = known.find({item.input.is_prompt, item.input.label});
        if (found == known.end() || found->second.empty() || !item.input.fault.empty()) continue;
        const auto& line = *found->second.front();
        found->second.pop_front();
        if (!still_holds(item.input, line)) {
            plan.again.push_back(line.input);
            continue;
        }
        item.line = line;
        if (line.has_result()) names.reserve(item.name = stem_of(line.file));
    }
    for (const auto& [input, rest] : known)
        for (const auto* line : rest) {
            plan.others.push_back(*line);
            if (line->has_result()) names.reserve(stem_of(line->file));
        }
    for (auto& item : plan.items)
        if (item.name.empty()) item.name = names.unique(safe_name(item.input.name));
    return plan;
}

}  // namespace miner
