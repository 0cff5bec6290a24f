#include "miner/batch/plan.hpp"

#include "config/keys.hpp"
#include "miner/batch/errc.hpp"
#include "miner/batch/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>
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

// What lines of earlier runs are found by; what is looked for by less leaves the rest empty. Views
// of what outlives it.
struct Key {
    bool is_prompt = false;
    std::string_view content = {};
    std::uint64_t seed = 0;
    std::string_view label = {}, origin = {};

    auto operator<=>(const Key&) const = default;
};

// Whatever is there, and whatever its seed.
Key place_of(bool is_prompt, std::string_view label, std::string_view origin) {
    return {.is_prompt = is_prompt, .label = label, .origin = origin};
}

// The decided lines of earlier runs, each of which is taken once; equal ones in their order.
class Earlier {
public:
    // `lines` outlive it.
    explicit Earlier(const std::vector<ManifestLine>& lines) {
        // Of two lines with one file the later is of what lies there.
        std::map<std::string_view, std::size_t> newest;
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (lines[i].has_result()) newest[lines[i].file] = i;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto& line = lines[i];
            if (!line.is_decided() || (line.has_result() && newest[line.file] != i)) continue;
            const auto index = left_.size();
            left_.push_back(&line);
            Key key{line.is_prompt, line.content, line.seed, line.input, line.origin};
            index_.emplace(key, index);
            key.origin = {};
            index_.emplace(key, index);
            key.label = {};
            index_.emplace(key, index);
        }
        // Whatever is another now goes where its result lies, also where the gate rejected
        // something in between.
        for (const bool with_result : {true, false})
            for (std::size_t i = 0; i < left_.size(); ++i)
                if (const auto& line = *left_[i]; line.has_result() == with_result)
                    index_.emplace(place_of(line.is_prompt, line.input, line.origin), i);
    }

    bool empty() const { return left_.empty(); }

    // Null: there is none.
    const ManifestLine* take(const Key& key) {
        for (auto at = index_.lower_bound(key); at != index_.end() && at->first == key;) {
            const auto* line = std::exchange(left_[at->second], nullptr);
            at = index_.erase(at);
            if (line) return line;
        }
        return nullptr;
    }

    std::vector<const ManifestLine*> rest() const {
        auto rest = left_;
        rest.erase(std::remove(rest.begin(), rest.end(), nullptr), rest.end());
        return rest;
    }

private:
    std::vector<const ManifestLine*> left_;  // null: taken
    std::multimap<Key, std::size_t> index_;  // into left_
};

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

namespace {

using Content = config::Result<std::string>;

// What an earlier run has of an item, and whether that is of what the input is now.
struct Found {
    const ManifestLine* line = nullptr;  // null: nothing
    bool same = false;
};

std::vector<Found> find_each(const std::vector<BatchItem>& items,
                             const std::vector<std::optional<Content>>& contents,
                             std::uint64_t batch_seed, Earlier& earlier) {
    std::vector<Found> found(items.size());
    const auto take = [&](auto key_of, bool same) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (found[i].line || !contents[i] || (same && !*contents[i])) continue;
            if (const auto* line = earlier.take(key_of(i))) found[i] = {line, same};
        }
    };
    enum class Alike { all_but_place, but_origin, in_all };
    const auto by_content = [&](Alike alike) {
        return [&, alike](std::size_t i) {
            const auto& input = items[i].input;
            const std::string& content = **contents[i];
            Key key{input.is_prompt, content, seed_of(input, batch_seed, content)};
            if (alike != Alike::all_but_place) key.label = input.label;
            if (alike == Alike::in_all) key.origin = input.origin;
            return key;
        };
    };
    for (const auto alike : {Alike::in_all, Alike::but_origin, Alike::all_but_place})
        take(by_content(alike), true);
    const auto by_place = [&](std::size_t i) {
        const auto& input = items[i].input;
        return place_of(input.is_prompt, input.label, input.origin);
    };
    take(by_place, false);
    return found;
}

// Whether the item's result is to be made again.
bool settle(BatchItem& item, const Found& found, const Content& content,
            const PlanQuestion& question) {
    const auto& line = *found.line;
    bool stands = !line.has_result();
    item.before = line;
    if (line.has_result()) {
        item.name = stem_of(line.file);
        const auto result = question.result(line.file);
        if (!result) {
            item.input.fault =
                fmt::format("its result {}: {}", line.file, result.error().message());
            return false;
        }
        stands = *result == line.sha256;
    }
    if (!content) {
        item.input.fault = content.error().message();
        if (line.has_result() && stands) item.input.fault += "; its result stays";
        return false;
    }
    if (!found.same || !stands) return true;
    item.line = line;
    // One that was made for another folder's stays that one's: when this input changes, it is not
    // written over.
    if (line.origin.empty() || line.origin == item.input.origin) {
        item.line->input = item.input.label;
        item.line->origin = item.input.origin;
    }
    item.before.reset();
    return false;
}

}  // namespace

config::Result<BatchPlan> plan_batch(std::vector<BatchInput> inputs,
                                     const std::vector<ManifestLine>& lines,
                                     const PlanQuestion& question) {
    if (auto refused = refuse(lines, question)) return *refused;
    BatchPlan plan;
    plan.seed = question.seed.value_or(lines.empty() ? question.drawn : lines.front().batch_seed);
    for (auto& input : inputs) plan.items.push_back({std::move(input), {}, {}});
    Earlier earlier(lines);
    std::vector<std::optional<Content>> contents(plan.items.size());
    for (std::size_t i = 0; i < contents.size() && !earlier.empty(); ++i)
        if (plan.items[i].input.fault.empty()) contents[i] = question.content(plan.items[i].input);
    const auto found = find_each(plan.items, contents, plan.seed, earlier);

    NameBook names;
    for (const auto& file : question.foreign) names.reserve(stem_of(file));
    std::set<Key> listed;
    for (std::size_t i = 0; i < plan.items.size(); ++i) {
        auto& item = plan.items[i];
        listed.insert(place_of(item.input.is_prompt, item.input.label, item.input.origin));
        if (!found[i].line) continue;
        if (settle(item, found[i], *contents[i], question)) plan.again.push_back(item.input.label);
        if (!item.name.empty()) names.reserve(item.name);
    }
    for (const auto* line : earlier.rest()) {
        // What the gate said of a picture that is another now is of no use.
        const auto place = place_of(line->is_prompt, line->input, line->origin);
        if (!line->has_result() && listed.count(place) > 0) continue;
        plan.others.push_back(*line);
        if (line->has_result()) names.reserve(stem_of(line->file));
    }
    for (auto& item : plan.items)
        if (item.name.empty()) item.name = names.unique(safe_name(item.input.name));
    return plan;
}

std::vector<ManifestLine> record_of(const BatchPlan& plan) {
    std::vector<ManifestLine> lines;
    for (const auto& [input, name, line, before] : plan.items) {
        if (line) lines.push_back(*line);
        const bool replaced = before && line && line->is_decided() &&
                              (!before->has_result() || before->file == line->file);
        if (before && !replaced) lines.push_back(*before);
    }
    lines.insert(lines.end(), plan.others.begin(), plan.others.end());
    return lines;
}

}  // namespace miner
