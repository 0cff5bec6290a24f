#include "config/load.hpp"

#include "config/cross_checks.hpp"
#include "config/escape.hpp"
#include "config/keys.hpp"
#include "config/nearest.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace config {
namespace {

constexpr std::size_t kMostFaults = 50;  // a file of another program is not worth more lines

std::string suggestion(std::string_view name, const std::vector<std::string>& known) {
    const std::string near = nearest(name, known);
    return near.empty() ? "see miner config --print for all settings"
                        : "did you mean " + near + "?";
}

std::vector<std::string> key_names() {
    std::vector<std::string> names;
    for (const Key& key : keys()) names.emplace_back(key.name);
    return names;
}

// Fills a Loaded layer by layer and collects what is wrong on the way.
class Layers {
public:
    Layers() {
        for (const Key& key : keys()) loaded.origin.emplace(key.name, Origin{});
    }

    void add_file(const SettingsFile& file);
    void add_environment(const Environment& environment);
    void add_flags(const std::vector<FlagValue>& flags);

    Loaded loaded;
    Faults faults;

private:
    void fault(std::string_view key, std::string where, std::string what) {
        faults.push_back({std::string(key), std::move(where), std::move(what)});
    }
    void settle(const Key& key, const std::optional<std::string>& wrong, Origin::Kind kind,
                std::string place) {
        if (wrong) return fault(key.name, std::move(place), *wrong);
        loaded.origin.find(key.name)->second = {kind, std::move(place)};
    }
    void walk(const toml::table& table, const std::string& prefix, const std::string& path);
    void add_node(const Key& key, const toml::node& node, const std::string& place);
    void warn_of_unknown_variables(const Environment& environment);

    std::set<std::string, std::less<>> seen_in_file_;
};

std::string place_in(const std::string& path, const toml::source_region& source) {
    return fmt::format("{}:{}", path, source.begin.line);
}

void Layers::add_file(const SettingsFile& file) {
    loaded.file = file.path;
    try {
        walk(toml::parse(file.text), "", file.path);
    } catch (const toml::parse_error& e) {
        fault("", place_in(file.path, e.source()),
              fmt::format("this is not TOML: {}; correct the line", quoted(e.description(), 300)));
    }
}

void Layers::walk(const toml::table& table, const std::string& prefix, const std::string& path) {
    for (const auto& [name, node] : table) {
        const std::string full = prefix + std::string(name.str());
        const std::string place = place_in(path, name.source());
        if (const Key* key = find_key(full)) {
            if (seen_in_file_.insert(full).second) {
                add_node(*key, node, place);
            } else {
                fault(full, place, "it is set twice in this file; keep one");
            }
        } else if (const toml::table* inner = node.as_table()) {
            walk(*inner, full + '.', path);
        } else {
            fault(quoted(full, 80), place, "no such setting; " + suggestion(full, key_names()));
        }
    }
}

void Layers::add_node(const Key& key, const toml::node& node, const std::string& place) {
    std::optional<Value> value;
    if (const auto* text = node.as_string()) value = text->get();
    if (const auto* flag = node.as_boolean()) value = flag->get();
    if (const auto* whole = node.as_integer()) value = whole->get();
    if (const auto* real = node.as_floating_point()) value = real->get();
    if (const auto* array = node.as_array()) {
        std::vector<std::string> list;
        for (const toml::node& entry : *array) {
            if (!entry.is_string()) {
                return fault(key.name, place_in(loaded.file, entry.source()),
                             fmt::format("entry {} of the list is no text in quotes: give {}",
                                         list.size() + 1, expectation_of(key)));
            }
            list.push_back(entry.as_string()->get());
        }
        value = std::move(list);
    }
    if (!value)
        return fault(key.name, place, "this is no value for it: give " + expectation_of(key));
    settle(key, assign(key, *value, loaded.settings), Origin::Kind::file, place);
}

void Layers::add_environment(const Environment& environment) {
    for (const Key& key : keys()) {
        std::string used;
        for (const std::string& name : variables_of(key)) {
            const std::string text = variable(environment, name);
            if (text.empty()) continue;
            if (used.empty()) {
                used = name;
                settle(key, assign_text(key, {text}, loaded.settings), Origin::Kind::environment,
                       name);
            } else if (text != variable(environment, used)) {
                loaded.warnings.push_back(
                    fmt::format("{} and {} disagree; {} counts", used, name, used));
            }
        }
    }
    warn_of_unknown_variables(environment);
}

void Layers::warn_of_unknown_variables(const Environment& environment) {
    // What scripts, build, tests and ops/pm2.config.js read, and the program does not: whoever
    // keeps them in the environment, which pm2 passes on, is not warned.
    constexpr std::string_view kOthers[]{
        "MINER_APT",           "MINER_BENCH",
        "MINER_BENCH_VOXELS",  "MINER_BINARY",
        "MINER_CHECK_HIDDEN",  "MINER_COMMIT",
        "MINER_CUDA",          "MINER_CUDA_ARCHITECTURES",
        "MINER_CUDA_DECIDED",  "MINER_CUDA_TOOLKIT",
        "MINER_FIELD",         "MINER_FUZZ",
        "MINER_FUZZ_METADATA", "MINER_GOLDEN",
        "MINER_GPU",           "MINER_RANDOM_MODEL",
        "MINER_RANDOM_SMALL",  "MINER_REFERENCE_PYTHON",
        "MINER_SANITIZE",      "MINER_SCORE_VOXELS",
        "MINER_TESTS",         "MINER_TORCH",
        "MINER_VECTORS",
    };
    std::vector<std::string> ours{"MINER_CONFIG", std::string(kWalletPassword)};
    for (const Key& key : keys()) ours.push_back(variables_of(key).front());
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("MINER_") ||
            std::find(ours.begin(), ours.end(), name) != ours.end() ||
            std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers))
            continue;
        loaded.warnings.push_back(fmt::format("{} in the environment is no setting; {}",
                                              quoted(name, 80), suggestion(name, ours)));
    }
}

void Layers::add_flags(const std::vector<FlagValue>& flags) {
    for (const FlagValue& flag : flags) {
        if (const Key* key = find_key(flag.key)) {
            settle(*key, assign_text(*key, flag.values, loaded.settings), Origin::Kind::flag,
                   flag.flag);
        } else {
            fault(quoted(flag.key, 80), flag.flag,
                  "no such setting; " + suggestion(flag.key, key_names()));
        }
    }
}

// What is left at its default is complained of by whoever needs it.
void expand_paths(Loaded& loaded, const Environment& environment, Faults& faults) {
    for (const Key& key : keys()) {
        if (!key.path) continue;
        auto* text = std::get<std::string*>(key.field(loaded.settings));
        *text = expand_home(*text, environment).string();
        if (needs_home(*text) && !loaded.is_preset(key.name))
            faults.push_back({std::string(key.name), loaded.origin.find(key.name)->second.text(),
                              std::string(kNoHome)});
    }
}

}  // namespace

std::string Origin::text() const {
    switch (kind) {
        case Kind::preset:
            return place.empty() ? "default" : "default " + place;
        case Kind::file:
            return "file " + place;
        case Kind::environment:
            return "environment " + place;
        case Kind::flag:
            return "flag " + place;
    }
    return "default";
}

std::string Fault::message() const {
    if (key.empty() || key == where || "--" + key == where) return where + ": " + what;
    if (where.empty()) return key + ": " + what;
    return fmt::format("{} ({}): {}", key, where, what);
}

bool Loaded::is_preset(std::string_view key) const {
    const auto found = origin.find(key);
    return found == origin.end() || found->second.kind == Origin::Kind::preset;
}

std::variant<Loaded, Faults> load(const std::optional<SettingsFile>& file,
                                  const Environment& environment,
                                  const std::vector<FlagValue>& flags) {
    Layers layers;
    if (file) layers.add_file(*file);
    layers.add_environment(environment);
    layers.add_flags(flags);
    settle_network(layers.loaded, environment, layers.faults);
    cross_check(layers.loaded, layers.faults);
    expand_paths(layers.loaded, environment, layers.faults);
    if (!layers.faults.empty()) {
        if (layers.faults.size() > kMostFaults) layers.faults.resize(kMostFaults);
        return std::move(layers.faults);
    }
    return std::move(layers.loaded);
}

}  // namespace config
