#include "config/describe.hpp"

#include "config/escape.hpp"
#include "config/keys.hpp"
#include "config/version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace config {
namespace {

constexpr std::size_t kWidestColumn = 40;  // a longer value pushes its own line, not all of them

std::string_view group_of(const Key& key) {
    const auto dot = key.name.find('.');
    return dot == std::string_view::npos ? std::string_view{} : key.name.substr(0, dot);
}

std::string with_unit(const Key& key, const std::string& value) {
    return key.unit.empty() ? value : fmt::format("{} {}", value, key.unit);
}

const Origin& origin_of(const Loaded& loaded, const Key& key) {
    return loaded.origin.find(key.name)->second;
}

std::string json_list(const std::vector<std::string>& entries) {
    std::vector<std::string> quoted_entries;
    for (const std::string& entry : entries) quoted_entries.push_back(json_quoted(entry, kWhole));
    return fmt::format("[{}]", fmt::join(quoted_entries, ","));
}

// A table cell: a bar would end it.
std::string cell(std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
        text.insert(at, 1, '\\');
    return text;
}

// Lines of a comment in a settings file, broken between words.
std::string commented(std::string_view words) {
    constexpr std::size_t kWidth = 98;
    std::string text;
    while (!words.empty()) {
        std::size_t size = words.size();
        if (size > kWidth) size = words.rfind(' ', kWidth);
        if (size == std::string_view::npos) size = words.find(' ');
        if (size == std::string_view::npos) size = words.size();
        fmt::format_to(std::back_inserter(text), "# {}\n", words.substr(0, size));
        words.remove_prefix(std::min(size + 1, words.size()));
    }
    return text;
}

constexpr std::string_view kMarkdownHead =
    R"(<!-- Rendered from the table of settings by `miner config --markdown`; a test keeps it so. -->
# Settings

A setting may come from four places; each beats the ones before it:

1. its default;
2. a TOML file: `--config FILE`, else `$MINER_CONFIG`, else `$XDG_CONFIG_HOME/miner/miner.toml`
   (`~/.config/miner/miner.toml`) if it is there;
3. the environment: `MINER_` and the key in capitals with `_` for the dot, or Bittensor's own name where one is given;
   an empty variable counts as not set;
4. a flag: `--` and the key, before or after the subcommand.

So `gate.attempts` is `attempts = 3` under `[gate]` in the file, `MINER_GATE_ATTEMPTS=3` in the environment, and
`--gate.attempts 3` on the command line. A list is an array in the file, is separated by commas in the environment, and
takes several values as a flag (`--validators A B`). `miner config --print` shows what counts at the moment and where it
came from. Wrong settings are listed all at once, and the miner ends with exit code 2.
)";

}  // namespace

std::string settings_text(const Loaded& loaded) {
    struct Row {
        std::string key, value, origin;
        std::string_view doc;
        bool starts_group;
    };
    std::vector<Row> rows;
    std::size_t key_width = 0, value_width = 0, origin_width = 0;
    std::string_view group;
    for (const Key& key : keys()) {
        Row row{std::string(key.name), with_unit(key, value_of(key, loaded.settings)),
                origin_of(loaded, key).text(), key.doc, group_of(key) != group};
        group = group_of(key);
        key_width = std::max(key_width, row.key.size());
        if (row.value.size() <= kWidestColumn)
            value_width = std::max(value_width, row.value.size());
        if (row.origin.size() <= kWidestColumn)
            origin_width = std::max(origin_width, row.origin.size());
        rows.push_back(std::move(row));
    }
    std::string text =
        fmt::format("miner {}, settings {}, {}\n", version(), settings_hash(loaded.settings),
                    loaded.file.empty() ? "no settings file" : "file " + loaded.file);
    for (const Row& row : rows) {
        fmt::format_to(std::back_inserter(text), "{}{:<{}}  {:<{}}  {:<{}}  {}\n",
                       row.starts_group ? "\n" : "", row.key, key_width, row.value, value_width,
                       row.origin, origin_width, row.doc);
    }
    return text;
}

// By hand: a setting a line, to be read and compared by people, and each number as the settings
// file has it, where Boost.JSON writes 0.5 as 5E-1.
std::string settings_json(const Loaded& loaded) {
    std::vector<std::string> entries;
    for (const Key& key : keys()) {
        entries.push_back(fmt::format(
            R"({{"key":"{}","value":{},"origin":{},"default":{},"type":"{}","unit":"{}","flag":"{}","variables":{},"meaning":{}}})",
            key.name, value_of(key, loaded.settings),
            json_quoted(origin_of(loaded, key).text(), kWhole), value_of(key, Settings{}),
            type_of(key), key.unit, flag_of(key), json_list(variables_of(key)),
            json_quoted(key.doc, kWhole)));
    }
    return fmt::format(
        "{{\"version\":\"{}\",\"file\":{},\"hash\":\"{}\",\"settings\":[\n{}\n],\"warnings\":{}}}"
        "\n",
        version(), json_quoted(loaded.file, kWhole), settings_hash(loaded.settings),
        fmt::join(entries, ",\n"), json_list(loaded.warnings));
}

std::string settings_toml() {
    std::string text = fmt::format(
        "# Settings of miner {}, each at its default. Take away the # before a key to set it;\n"
        "# `miner config --print --config FILE` shows what counts then, and what is wrong.\n",
        version());
    std::string_view group;
    for (const Key& key : keys()) {
        if (group_of(key) != group) {
            group = group_of(key);
            fmt::format_to(std::back_inserter(text), "\n[{}]\n", group);
        }
        const auto name = key.name.substr(group.empty() ? 0 : group.size() + 1);
        fmt::format_to(
            std::back_inserter(text), "\n{}#{} = {}\n",
            commented(fmt::format("{} What it may be: {}.", key.doc, expectation_of(key))), name,
            value_of(key, Settings{}));
    }
    return text;
}

std::string settings_markdown() {
    std::string text(kMarkdownHead);
    bool first = true;
    std::string_view group;
    for (const Key& key : keys()) {
        if (first || group_of(key) != group) {
            group = group_of(key);
            fmt::format_to(std::back_inserter(text),
                           "\n## {}\n\n| key | default | what it may be | meaning |\n| --- | --- | "
                           "--- | --- |\n",
                           group.empty() ? "subnet" : group);
            first = false;
        }
        std::string meaning(key.doc);
        if (!key.variables.empty()) {
            meaning += fmt::format(" Also from `{}`.", fmt::join(key.variables, "`, `"));
        }
        fmt::format_to(std::back_inserter(text), "| `{}` | `{}` | {} | {} |\n", key.name,
                       with_unit(key, value_of(key, Settings{})), cell(expectation_of(key)),
                       cell(meaning));
    }
    return text;
}

}  // namespace config
