// The one table of settings: what every key is called, where it may come from, what it may be and
// what it means to an operator. Reading, printing and the documentation all walk this table; a
// setting that is not in it does not exist.
#pragma once

#include "config/settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace config {

// Where a key's value lives in a Settings; its type is the type of the setting.
using Field = std::variant<std::string*, bool*, int*, std::int64_t*, double*, seconds*,
                           milliseconds*, std::vector<std::string>*>;

// What a text must look like. Whether it is true (a checksum, an open port) is asked where it is
// used.
struct Shape {
    std::string_view expected;  // "HOTKEY@HOST:PORT": completes "give ..."
    bool (*fits)(std::string_view text);
};

struct Key {
    std::string_view name;  // "gate.min_gaussians"; its flag is "--" + name
    Field (*field)(Settings&);
    std::string_view doc;  // one line, for an operator
    std::string_view unit = {};
    // Of numbers, in the unit of the file (durations: seconds); both included.
    double least = 0;
    double most = 0;
    std::vector<std::string_view> choices = {};    // empty: free
    std::vector<std::string_view> variables = {};  // Bittensor's own names, after MINER_...
    const Shape* shape = nullptr;  // of a text, or of each entry of a list; null: free
    bool path = false;             // a leading ~ stands for the home folder
    bool secret = false;           // a text that is never printed
};

// In the order of the documentation: grouped by the part of the name before the dot.
std::span<const Key> keys();
const Key* find_key(std::string_view name);  // null when there is none

std::string flag_of(const Key& key);  // "--gate.min_gaussians"
// MINER_GATE_MIN_GAUSSIANS first, then Bittensor's.
std::vector<std::string> variables_of(const Key& key);
std::string type_of(const Key& key);  // "whole number", "seconds", "list of texts", ...
// "a whole number from 1 to 10": the end of every fault.
std::string expectation_of(const Key& key);

// The value as a settings file would have it: 150000, "finney", ["a", "b"], 0.5. Of a secret only
// whether it is there: "", "(set)"; addresses without the keys in them (config/veil.hpp).
std::string value_of(const Key& key, const Settings& settings);

// A value as it comes in: from TOML it has a type, from flags and variables it is text.
using Value = std::variant<std::string, bool, std::int64_t, double, std::vector<std::string>>;

// Puts a value into the settings, or says what is wrong with it and leaves them alone.
std::optional<std::string> assign(const Key& key, const Value& value, Settings& settings);

// Turns text into a value of the key's type and assigns it; a list is separated by commas, and by
// the entries of `texts`.
std::optional<std::string> assign_text(const Key& key, const std::vector<std::string>& texts,
                                       Settings& settings);

// 16 hex digits over every key and value, stable from run to run and whatever the order of the
// table; for the run table.
std::string settings_hash(const Settings& settings);

}  // namespace config
