#include "miner/cli/output_options.hpp"

#include "config/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace miner {
namespace {

constexpr std::size_t kMostPictures = 16;

generator::SplatFormat spz_of(const Arguments& arguments) {
    using generator::SplatFormat;
    const auto kind = arguments.spz.value_or("niantic");
    if (kind == "subnet") return SplatFormat::spz_subnet;
    return kind == "niantic-3" ? SplatFormat::spz_niantic_3 : SplatFormat::spz_niantic;
}

// Which way is up in a file of that format.
std::string up_of(generator::SplatFormat format, const Arguments& arguments,
                  const config::Loaded& loaded) {
    const bool is_ply = format == generator::SplatFormat::ply;
    return arguments.up.value_or(is_ply ? "trellis" : loaded.settings.export_.up);
}

// By the end of the name.
generator::SplatFormat read_format(const char* what, const std::string& path,
                                   const Arguments& arguments, Complaints& complaints) {
    using generator::SplatFormat;
    if (ends_in(path, ".spz")) return spz_of(arguments);
    if (ends_in(path, ".glb")) return SplatFormat::glb;
    if (ends_in(path, ".ply")) return SplatFormat::ply;
    complaints.push_back(fmt::format("{}: {} says no format: end it in .spz, .glb or .ply", what,
                                     config::quoted(path, 200)));
    return SplatFormat::ply;
}

}  // namespace

bool ends_in(std::string_view path, std::string_view suffix) {
    if (path.size() <= suffix.size()) return false;
    const std::string_view end = path.substr(path.size() - suffix.size());
    return std::equal(end.begin(), end.end(), suffix.begin(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    });
}

GenerateOptions read_generate(const Arguments& arguments, const config::Loaded& loaded,
                              Complaints& complaints) {
    GenerateOptions options;
    options.json = arguments.json;
    options.pictures = arguments.pictures;
    options.several = arguments.several.value_or("stochastic");
    options.prompt = arguments.prompt;
    const auto count = options.pictures.size();
    if (count > 0 && arguments.prompt) {
        complaints.push_back("--prompt: give either a picture or a prompt");
    } else if (count == 0 && !arguments.prompt) {
        complaints.push_back(
            "PICTURE: which one? Name a picture file, - for standard input, or say with "
            "--prompt what to make");
    } else if (count > kMostPictures) {
        complaints.push_back(
            fmt::format("PICTURE: {} are too many: give {} at most", count, kMostPictures));
    } else if (std::count(options.pictures.begin(), options.pictures.end(), "-") > 1) {
        complaints.push_back("PICTURE: standard input, -, holds one picture; name files");
    }
    if (arguments.outputs.empty())
        complaints.push_back("--output: where to? Name an .spz, .glb or .ply file");
    for (const std::string& path : arguments.outputs) {
        const auto format = read_format("--output", path, arguments, complaints);
        options.outputs.push_back({path, format, up_of(format, arguments, loaded)});
    }
    return options;
}

BatchCommandOptions read_batch(const Arguments& arguments, const config::Loaded& loaded,
                               Complaints& complaints) {
    BatchCommandOptions options{.input = arguments.file.value_or(""),
                                .folder = {},
                                .previews = arguments.previews,
                                .start_over = arguments.start_over};
    if (!arguments.file)
        complaints.push_back(
            "INPUT: which one? Name a folder of pictures, a list or a CSV of pictures and prompts");
    if (arguments.outputs.size() == 1 && !arguments.outputs.front().empty())
        options.folder = arguments.outputs.front();
    else
        complaints.push_back("--output: where to? Name one folder");
    const auto format = arguments.format.value_or("spz");
    options.format = format == "ply"   ? generator::SplatFormat::ply
                     : format == "glb" ? generator::SplatFormat::glb
                                       : spz_of(arguments);
    if (format != "spz" && arguments.spz)
        complaints.push_back("--spz: it goes with --format spz alone");
    options.up = up_of(options.format, arguments, loaded);
    return options;
}

ConvertOptions read_convert(const Arguments& arguments, Complaints& complaints) {
    if (!arguments.file) complaints.push_back("IN: which one? Name a PLY, SPZ or GLB");
    if (!arguments.to) complaints.push_back("OUT: where to? Name an .spz, .glb or .ply file");
    ConvertOptions options{.in = arguments.file.value_or(""), .out = arguments.to.value_or("")};
    if (arguments.to) options.format = read_format("OUT", options.out, arguments, complaints);
    options.keep_axes = arguments.axes.value_or("turn") == "keep";
    options.json = arguments.json;
    return options;
}

}  // namespace miner
