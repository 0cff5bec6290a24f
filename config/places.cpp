#include "config/places.hpp"

#include "config/errc.hpp"
#include "config/whole_file.hpp"

#include <fmt/format.h>

#include <array>
#include <system_error>
#include <utility>

namespace config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = 1 << 20;

// $XDG_..., which counts only if absolute (XDG base directory specification), else a folder below
// HOME.
fs::path base_folder(const Environment& environment, std::string_view xdg,
                     const std::string& below_home) {
    const fs::path named = variable(environment, xdg);
    return named.is_absolute() ? named : expand_home("~/" + below_home, environment);
}

// Settings that were given must not be gone by as if they were not: a file that cannot be read is
// an error, and one that may pass where it is the disk's.
Error unreadable(const fs::path& path, const boost::system::error_code& code) {
    namespace errc = boost::system::errc;
    const auto refused = [&](const std::string& why) {
        return fail(Errc::cannot_read, path.string() + ": " + why);
    };
    if (code == errc::no_such_file_or_directory || code == errc::not_a_directory)
        return refused("there is no such file; correct the path or leave it out");
    if (code == errc::is_a_directory || code == errc::invalid_argument)
        return refused("it is not a file");
    if (code == errc::file_too_large)
        return refused("larger than 1 MiB, so it is no settings file");
    if (code == errc::permission_denied)
        return refused("permission denied; make it readable for you");
    if (is_lasting(code.value())) return refused(code.message());
    return fail(Errc::disk_failed, path.string() + ": " + code.message());
}

Result<std::optional<SettingsFile>> read(const fs::path& path) {
    auto text = read_whole_file(path, kLargestFile);
    if (!text) return unreadable(path, text.error().code);
    return std::optional(SettingsFile{path.string(), std::move(*text)});
}

}  // namespace

Result<std::optional<SettingsFile>> read_settings_file(const std::optional<std::string>& asked,
                                                       const Environment& environment) {
    if (asked) return read(expand_home(*asked, environment));
    const std::string named = variable(environment, "MINER_CONFIG");
    if (!named.empty()) return read(expand_home(named, environment));
    const fs::path usual =
        base_folder(environment, "XDG_CONFIG_HOME", ".config") / "miner" / "miner.toml";
    std::error_code seen_by_read;
    if (!usual.is_absolute() || fs::status(usual, seen_by_read).type() == fs::file_type::not_found)
        return std::optional<SettingsFile>{};
    return read(usual);
}

fs::path expand_home(const std::string& path, const Environment& environment) {
    const std::string home = variable(environment, "HOME");
    if (home.empty() || !needs_home(path)) return path;
    return path == "~" ? fs::path(home) : fs::path(home) / path.substr(2);
}

bool needs_home(std::string_view path) { return path == "~" || path.starts_with("~/"); }

fs::path storage_folder(const Settings& settings, const Environment& environment) {
    if (!settings.storage.path.empty()) return expand_home(settings.storage.path, environment);
    return base_folder(environment, "XDG_DATA_HOME", ".local/share") / "miner";
}

fs::path weights_folder(const Settings& settings, const Environment& environment) {
    if (!settings.weights.path.empty()) return expand_home(settings.weights.path, environment);
    return storage_folder(settings, environment) / "models";
}

namespace {

std::string fetched_or_itself(const std::string& model, const Settings& settings,
                              const Environment& environment) {
    if (model.empty() || model.find('/') != std::string::npos) return model;
    const auto fetched = weights_folder(settings, environment) / model;
    std::error_code error;
    const bool there = fs::is_directory(fetched, error);
    // One that cannot be looked at just now is there, or was: the same words are no path to a
    // model.
    return there || (error && !is_lasting(error.value())) ? fetched.string() : model;
}

}  // namespace

std::string model_folder(const Settings& settings, const Environment& environment) {
    return fetched_or_itself(settings.generator.model, settings, environment);
}

std::string scorer_folder(const Settings& settings, const Environment& environment) {
    if (settings.score.model == kEmbeddedScorer) return kEmbeddedScorer;
    return fetched_or_itself(settings.score.model, settings, environment);
}

std::string chain_url(const Subtensor& subtensor) {
    struct Network {
        std::string_view name, url;
    };
    constexpr std::array<Network, 5> kNetworks{{
        {"finney", "wss://entrypoint-finney.opentensor.ai:443"},
        {"test", "wss://test.finney.opentensor.ai:443"},
        {"archive", "wss://archive.chain.opentensor.ai:443"},
        {"latent-lite", "wss://lite.sub.latent.to:443"},
        {"local", "ws://127.0.0.1:9944"},
    }};
    if (!subtensor.chain_endpoint.empty()) return subtensor.chain_endpoint;
    for (const Network& network : kNetworks) {
        if (network.name == subtensor.network) return std::string(network.url);
    }
    return subtensor.network;  // a URL itself
}

}  // namespace config
