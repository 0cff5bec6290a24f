// miner score: splats as a validator's networks would score them, before they are submitted.
#include "config/escape.hpp"
#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "generator/render/validator_views.hpp"
#include "generator/splat/inspect.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/generation/no_model.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/signals.hpp"
#include "weights/scorer_plan.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace miner {
namespace {

namespace fs = std::filesystem;

constexpr double kThreshold = 0.6;  // a validator's default
constexpr std::size_t kMostSplatBytes = std::size_t(1) << 30;

struct Scored {
    std::string file;
    std::string error;  // instead of the rest
    std::int64_t gaussians = 0;
    std::vector<std::string> objections;  // a validator's, before it looks
    generator::Score score;
    std::vector<std::string> views;  // files

    double total() const { return objections.empty() ? score.total : 0; }
    bool accepted() const { return total() >= kThreshold; }  // NaN is not
};

double value_of(const generator::Score& score, generator::ScorePart part) {
    switch (part) {
        case generator::ScorePart::quality:
            return score.iqa;
        case generator::ScorePart::alignment:
            return score.alignment;
        case generator::ScorePart::ssim:
            return score.ssim;
        case generator::ScorePart::lpips:
            return score.lpips;
    }
    return 0;
}

constexpr std::array kParts{generator::ScorePart::quality, generator::ScorePart::alignment,
                            generator::ScorePart::ssim, generator::ScorePart::lpips};

const generator::LeftOut* left_out(const generator::Score& score, generator::ScorePart part) {
    const auto found = std::find_if(score.left_out.begin(), score.left_out.end(),
                                    [&](const auto& each) { return each.part == part; });
    return found == score.left_out.end() ? nullptr : &*found;
}

// ---------------------------------------------------------------- weights

// Refuses a folder without quality/, and one where a part that is needed is there but not whole;
// says which parts are left out as they are not there at all.
bool has_weights(const std::string& folder, bool prompt) {
    if (folder == config::kEmbeddedScorer) return true;
    std::vector<const weights::ScorerFile*> missing;
    std::vector<std::string_view> parts;
    std::error_code ignored;
    for (const auto& part : weights::scorer_parts()) {
        if (part.name == (prompt ? "picture" : "text")) continue;
        // No folder is not the one that we are in.
        const auto lacks = weights::missing_scorer_files(folder.empty() ? "/" : folder, part);
        if (lacks.empty()) continue;
        const bool needed = folder.empty() || part.name == "quality" ||
                            fs::exists(fs::path(folder) / part.name, ignored);
        if (needed) {
            missing.insert(missing.end(), lacks.begin(), lacks.end());
            parts.push_back(part.name);
        } else {
            fmt::print(stderr,
                       "miner: {}: has no {}/, which is left out; `miner weights fetch {} --part "
                       "{}` says how to get it\n",
                       config::printable(folder), part.name, weights::kScorerName, part.name);
        }
    }
    if (missing.empty()) return true;
    fmt::print(stderr, "miner: score.model: {}; missing:\n",
               folder.empty() ? "names no folder with the validator's networks"
                              : config::printable(folder) + " is not whole");
    for (const auto* file : missing) fmt::print(stderr, "  {}\n", weights::origin_of(*file));
    fmt::print(stderr, "Fetch with: miner weights fetch {0} --part {1}\nthen: --score.model {0}\n",
               weights::kScorerName, fmt::join(parts, ","));
    return false;
}

// `device`: what it happened on.
ExitCode code_of(const config::Error& error, const std::string& device) {
    using generator::Errc;
    if (error.code == Errc::bad_device) return ExitCode::usage;
    if (error.code == Errc::bad_prompt || error.code == Errc::wrong_input ||
        error.code == Errc::bad_splats)
        return ExitCode::bad_input;
    return exit_code_without_model(error, device);
}

// ---------------------------------------------------------------- one file

// Where the views of each file go: the folder itself for one file, a folder each for several, which
// may have the same name.
std::vector<fs::path> view_folders(const ScoreOptions& options) {
    std::vector<fs::path> folders;
    std::set<std::string> taken;
    for (const auto& file : options.files) {
        if (options.views.empty() || options.files.size() == 1) {
            folders.emplace_back(options.views);
            continue;
        }
        const auto name = file == "-" ? "stdin" : fs::path(file).filename().string();
        auto unique = name;
        for (int i = 2; !taken.insert(unique).second; ++i) unique = fmt::format("{}.{}", name, i);
        folders.push_back(fs::path(options.views) / unique);
    }
    return folders;
}

bool write_views(const std::vector<generator::Image>& views, const fs::path& folder,
                 std::vector<std::string>& written) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        complain(folder.string(), {error, {}});
        return false;
    }
    for (std::size_t i = 0; i < views.size(); ++i) {
        const auto file = (folder / fmt::format("view_{:02}.png", i)).string();
        if (!write_file(file, generator::encode_png(views[i]))) return false;
        written.push_back(file);
    }
    return true;
}

// ok: into `scored`. bad_input: that file alone is no use, and `scored.error` says so.
ExitCode score_file(generator::Scorer& scorer, const generator::ScoreQuery& query,
                    const generator::Rasterizer& rasterizer, const fs::path& view_folder,
                    Scored& scored) {
    const auto fail = [&](const config::Error& error, ExitCode code) {
        complain(scored.file, error);
        scored.error = error.message();
        return code;
    };
    const auto& device = scorer.info().device;
    scored.error = "cannot be read";
    const auto bytes = read_file(scored.file, kMostSplatBytes);
    if (!bytes) return ExitCode::bad_input;
    auto inspection = generator::inspect(*bytes);
    if (!inspection) return fail(inspection.error(), ExitCode::bad_input);
    const auto splats = generator::read_splats(*bytes);
    if (!splats) return fail(splats.error(), ExitCode::bad_input);
    const auto views = generator::validator_views(*splats, rasterizer, scorer.info().views);
    if (!views) return fail(views.error(), code_of(views.error(), device));
    scored.error = "its views cannot be written";
    if (!view_folder.empty() && !write_views(*views, view_folder, scored.views))
        return ExitCode::storage;
    auto score = scorer.score(*views, query);
    if (!score) return fail(score.error(), code_of(score.error(), device));
    scored.gaussians = std::int64_t(splats->size());
    scored.objections = std::move(inspection->objections);
    scored.score = std::move(*score);
    scored.error.clear();
    return ExitCode::ok;
}

// ---------------------------------------------------------------- words

boost::json::value number(double value) {
    if (!std::isfinite(value)) return nullptr;
    return value;
}

boost::json::array list_of(const std::vector<std::string>& texts) {
    return boost::json::array(texts.begin(), texts.end());
}

boost::json::object to_json(const Scored& scored) {
    if (!scored.error.empty()) return {{"file", scored.file}, {"error", scored.error}};
    boost::json::object object{{"file", scored.file},
                               {"gaussians", scored.gaussians},
                               {"total", number(scored.total())},
                               {"accepted", scored.accepted()},
                               {"objections", list_of(scored.objections)}};
    for (const auto part : kParts)
        object[generator::name_of(part)] = number(value_of(scored.score, part));
    boost::json::array without;
    for (const auto& each : scored.score.left_out)
        without.push_back({{"part", generator::name_of(each.part)},
                           {"instead", number(each.instead)},
                           {"why", each.why}});
    object["left_out"] = std::move(without);
    if (!scored.views.empty()) object["views"] = list_of(scored.views);
    return object;
}

std::string verdict_of(const Scored& scored) {
    if (!scored.objections.empty())
        return fmt::format("0, refused unseen: {}", fmt::join(scored.objections, "; "));
    const double total = scored.total();
    if (std::isnan(total)) return "nan: a validator fails over it, and the task is lost";
    const auto text = fmt::format("{:.4f}", total);
    if (scored.accepted()) return fmt::format("{}, accepted ({} or more)", text, kThreshold);
    const bool off = scored.score.alignment < generator::kLeastAlignment;
    return off ? fmt::format("{}, refused (alignment below {})", text, generator::kLeastAlignment)
               : fmt::format("{}, refused (below {})", text, kThreshold);
}

void print_for_people(const Scored& scored) {
    if (!scored.error.empty()) return;  // was complained of
    fmt::print("{}: {}\n", config::printable(scored.file), config::printable(verdict_of(scored)));
    for (const auto part : kParts) {
        const auto* without = left_out(scored.score, part);
        const auto text = without ? fmt::format("left out, {} in the sum instead: {}",
                                                without->instead, config::printable(without->why))
                                  : fmt::format("{:.4f}", value_of(scored.score, part));
        fmt::print("  {:<10} {}\n", generator::name_of(part), text);
    }
    if (!scored.views.empty())
        fmt::print("  {:<10} {} in {}\n", "views", scored.views.size(),
                   config::printable(fs::path(scored.views.front()).parent_path().string()));
}

void print_json(const ScoreOptions& options, const generator::ScorerInfo& info,
                const std::vector<Scored>& all) {
    boost::json::array results;
    for (const auto& scored : all) results.push_back(to_json(scored));
    boost::json::object object{{"model", info.name},
                               {"device", info.device},
                               {"dtype", info.dtype},
                               {"threshold", kThreshold},
                               {"results", std::move(results)}};
    if (options.prompt)
        object["prompt"] = *options.prompt;
    else
        object["picture"] = options.picture;
    fmt::print("{}\n", config::json_text(boost::json::serialize(object)));
}

// Nothing, with a complaint, when there is no such picture.
std::optional<generator::ScoreCondition> read_condition(const ScoreOptions& options) {
    if (options.prompt) return generator::Prompt{*options.prompt};
    const auto bytes = read_file(options.picture, generator::DecodeLimits{}.max_bytes);
    if (!bytes) return std::nullopt;
    auto picture = generator::decode_for_score(*bytes);
    if (!picture) {
        complain(options.picture, picture.error());
        return std::nullopt;
    }
    return std::move(*picture);
}

}  // namespace

ExitCode score_command(const CommandLine& line, const MakeScorer& make_scorer,
                       const MakeRasterizer& make_rasterizer) {
    const ScoreOptions& options = line.score;
    const auto& settings = line.loaded.settings.score;
    const Interrupt interrupt("stopped");
    if (!has_weights(settings.model, options.prompt.has_value())) return ExitCode::model;
    const auto condition = read_condition(options);
    if (!condition) return ExitCode::bad_input;
    const auto rasterizer = make_rasterizer(settings.device);
    if (!rasterizer) {
        complain("score.device", rasterizer.error());
        return code_of(rasterizer.error(), settings.device);
    }
    const auto scorer = make_scorer(settings);
    if (!scorer) {
        complain("score.model", scorer.error());
        return code_of(scorer.error(), settings.device);
    }
    const auto query = (*scorer)->ask(*condition);
    if (!query) {
        complain(options.prompt ? "--prompt" : "--picture", query.error());
        return code_of(query.error(), settings.device);
    }

    const auto folders = view_folders(options);
    std::vector<Scored> all;
    auto code = ExitCode::ok;
    for (std::size_t i = 0; i < options.files.size(); ++i) {
        auto& scored = all.emplace_back(Scored{.file = options.files[i]});
        const auto end = score_file(**scorer, **query, *rasterizer, folders[i], scored);
        if (end != ExitCode::ok) code = end;
        if (end != ExitCode::ok && end != ExitCode::bad_input) break;
        if (!options.json) print_for_people(scored);
        std::fflush(stdout);
    }
    if (options.json) print_json(options, (*scorer)->info(), all);
    return code;
}

}  // namespace miner
