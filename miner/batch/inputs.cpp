#include "miner/batch/inputs.hpp"

#include "config/digest.hpp"
#include "config/escape.hpp"
#include "config/folder_entries.hpp"
#include "miner/batch/csv.hpp"
#include "miner/batch/errc.hpp"
#include "miner/batch/plain_file.hpp"
#include "network/chain/scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <utility>

namespace miner {
namespace {

namespace fs = std::filesystem;
using config::fail;

constexpr std::size_t kMaxListBytes = 64 << 20;
constexpr std::uint64_t kLargestSeed = 9'007'199'254'740'991;  // as generator.seed has it
constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kShownOfLong = 80;

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    return result;
}

// Of pictures that cameras, telephones and programs write, and that are not read here.
constexpr std::array<std::string_view, 20> kUnreadEndings{
    ".heic", ".heif", ".hif", ".avif", ".jxl", ".jp2", ".svg", ".psd", ".tga", ".exr",
    ".hdr",  ".ico",  ".dng", ".cr2",  ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf"};

// Empty: it is no such picture.
std::string_view unread_ending(std::string_view name) {
    const auto text = lower(name);
    const auto* const found =
        std::find_if(kUnreadEndings.begin(), kUnreadEndings.end(), [&](std::string_view ending) {
            return text.ends_with(ending) && text.size() > ending.size();
        });
    return found == kUnreadEndings.end() ? std::string_view() : *found;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\f\v";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Spreadsheets put a mark before what they write.
std::string_view without_mark(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

BatchInput picture(std::string_view path, const fs::path& folder) {
    BatchInput input{.label = config::printable(path, config::kWhole),
                     .file = folder / fs::path(path),
                     .name = fs::path(path).stem().string(),
                     .seed = {},
                     .fault = {}};
    if (path.size() > kLongestPath) {
        input.label = config::printable(path, kShownOfLong);
        input.fault = fmt::format("a path of more than {} bytes", kLongestPath);
    }
    if (const auto ending = unread_ending(path); !ending.empty())
        input.fault = fmt::format("{} pictures are not read: make a PNG or JPEG of it", ending);
    return input;
}

BatchInput prompt(std::string_view words) {
    BatchInput input{.label = std::string(words),
                     .is_prompt = true,
                     .file = {},
                     .name = std::string(words.substr(0, kShownOfLong)),
                     .seed = {},
                     .fault = {}};
    if (words.size() > kLongestPrompt)
        input.fault = fmt::format("a prompt of more than {} bytes", kLongestPrompt);
    else if (!network::is_utf8(words))
        input.fault = "a prompt that is not UTF-8";
    if (!input.fault.empty()) input.label = config::printable(words, kShownOfLong);
    return input;
}

config::Error too_many(std::size_t most) {
    return fail(BatchErrc::too_large, fmt::format("more than {} inputs", most));
}

// The columns of a CSV that matter, by their place; one that is not there: npos.
struct Columns {
    static constexpr std::size_t kNone = std::string::npos;
    std::size_t picture = kNone, prompt = kNone, name = kNone, seed = kNone;
};

Columns columns_of(const CsvRow& header) {
    Columns columns;
    for (std::size_t i = 0; i < header.fields.size(); ++i) {
        const auto name = lower(trimmed(header.fields[i]));
        const auto take = [&](std::size_t& column) {
            if (column == Columns::kNone) column = i;
        };
        if (name == "picture" || name == "image" || name == "file" || name == "path")
            take(columns.picture);
        else if (name == "prompt")
            take(columns.prompt);
        else if (name == "name")
            take(columns.name);
        else if (name == "seed")
            take(columns.seed);
    }
    return columns;
}

BatchInput input_of_row(const CsvRow& row, const Columns& columns, std::size_t width,
                        const fs::path& folder) {
    const auto field = [&](std::size_t column) {
        return column < row.fields.size() ? trimmed(row.fields[column]) : std::string_view();
    };
    const auto path = field(columns.picture), words = field(columns.prompt);
    auto input = words.empty() ? picture(path, folder) : prompt(words);
    if (path.empty() == words.empty()) {
        input.label = fmt::format("line {}", row.line);
        input.fault = path.empty() ? "neither a picture nor a prompt"
                                   : "both a picture and a prompt: give either";
    }
    if (const auto name = field(columns.name); !name.empty()) input.name = name;
    if (const auto seed = field(columns.seed); !seed.empty()) {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(seed.data(), seed.data() + seed.size(), number);
        const bool whole = error == std::errc() && end == seed.data() + seed.size();
        if (whole && number <= kLargestSeed)
            input.seed = number;
        else
            input.fault = fmt::format("line {}: {} is no seed: give a whole number from 0 to {}",
                                      row.line, config::quoted(seed, kShownOfLong), kLargestSeed);
    }
    for (std::size_t i = width; i < row.fields.size(); ++i)
        if (!field(i).empty())
            input.fault = fmt::format(
                "line {}: more fields than the first line has columns: quote what has commas",
                row.line);
    return input;
}

// The path itself would tell those who get the manifest more than they need.
std::string origin_of(const fs::path& path) {
    constexpr std::size_t kDigits = 16;
    std::error_code error;
    auto whole = fs::canonical(path, error);
    if (error) whole = fs::absolute(path, error);
    return config::sha256(whole.string()).substr(0, kDigits);
}

config::Result<std::vector<BatchInput>> pictures_of_folder(const fs::path& folder) {
    std::error_code error;
    std::vector<std::string> names;
    for (auto entry = fs::directory_iterator(folder, error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (name.starts_with('.') || !has_picture_ending(name)) continue;
        std::error_code ignored;
        if (entry->is_directory(ignored)) continue;
        if (names.size() == kMostInputs) return too_many(kMostInputs);
        names.push_back(name);
    }
    if (error) return fail(BatchErrc::unreadable, error.message());
    std::sort(names.begin(), names.end());
    std::vector<BatchInput> inputs;
    inputs.reserve(names.size());
    for (const auto& name : names) inputs.push_back(picture(name, folder));
    return inputs;
}

}  // namespace

bool has_picture_ending(std::string_view name) {
    constexpr std::array<std::string_view, 8> kEndings{".png", ".jpg", ".jpeg", ".webp",
                                                       ".gif", ".bmp", ".tif",  ".tiff"};
    const auto text = lower(name.substr(name.size() - std::min<std::size_t>(name.size(), 8)));
    return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) {
        return text.ends_with(ending) && name.size() > ending.size();
    });
}

std::string unread_pictures(const fs::path& folder) {
    std::map<std::string_view, std::size_t> counts;
    std::error_code error;
    for (const auto& entry : config::folder_entries(folder, error)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with('.')) continue;
        if (const auto ending = unread_ending(name); !ending.empty()) ++counts[ending];
    }
    std::string words;
    for (const auto& [ending, count] : counts)
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, ending);
    return words;
}

config::Result<std::vector<BatchInput>> inputs_of_list(std::string_view text,
                                                       const fs::path& folder) {
    text = without_mark(text);
    if (text.find('\0') != text.npos)
        return fail(BatchErrc::bad_list, "it holds a NUL, and is no text");
    std::vector<BatchInput> inputs;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = trimmed(text.substr(at, end - at));
        at = end + 1;
        if (line.empty() || line.starts_with('#')) continue;
        if (inputs.size() == kMostInputs) return too_many(kMostInputs);
        const bool is_path = has_picture_ending(line) || !unread_ending(line).empty();
        inputs.push_back(is_path ? picture(line, folder) : prompt(line));
    }
    return inputs;
}

config::Result<std::vector<BatchInput>> inputs_of_csv(std::string_view text,
                                                      const fs::path& folder) {
    text = without_mark(text);
    const auto rows = parse_csv(text, {.rows = kMostInputs + 1}, csv_separator(text));
    if (!rows) return rows.error();
    if (rows->empty()) return std::vector<BatchInput>();
    const auto columns = columns_of(rows->front());
    if (columns.picture == Columns::kNone && columns.prompt == Columns::kNone)
        return fail(BatchErrc::bad_list,
                    "its first line names no column `picture` and no column `prompt`");
    std::vector<BatchInput> inputs;
    inputs.reserve(rows->size() - 1);
    for (std::size_t i = 1; i < rows->size(); ++i)
        inputs.push_back(input_of_row((*rows)[i], columns, rows->front().fields.size(), folder));
    return inputs;
}

config::Result<std::vector<BatchInput>> read_inputs(const fs::path& path) {
    std::error_code error;
    const auto read = [&]() -> config::Result<std::vector<BatchInput>> {
        if (fs::is_directory(path, error)) return pictures_of_folder(path);
        if (has_picture_ending(path.string()))
            return fail(BatchErrc::bad_list,
                        "this is a picture: name its folder or a list, or use miner generate");
        const auto bytes = read_plain_file(path, kMaxListBytes);
        if (!bytes) return bytes.error();
        const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
        const bool is_csv = lower(path.extension().string()) == ".csv";
        return is_csv ? inputs_of_csv(text, path.parent_path())
                      : inputs_of_list(text, path.parent_path());
    };
    auto inputs = read();
    if (inputs && inputs->empty()) {
        const auto unread = unread_pictures(path);
        return fail(BatchErrc::bad_list,
                    unread.empty() ? "nothing in it is a picture or a prompt"
                                   : "nothing in it is a picture that is read: " + unread);
    }
    const auto origin = inputs ? origin_of(path) : "";
    if (inputs)
        for (auto& input : *inputs) input.origin = origin;
    return inputs;
}

}  // namespace miner
