#include "config/places.hpp"

#include "config/errc.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>
#include <system_error>

namespace config {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = 1 << 20;

// $XDG_..., which counts only if absolute (XDG base directory specification), else a folder below
// HOME.
fs::path base_folder(const Environment& environment, std::string_view xdg,
                     const std::string& below_home) {
    const fs::path named = variable(environment, xdg);
    return named.is_absolute() ? named : expand_home("~/" + below_home, environment);
}

// A file that may be there: settings that were given must not be gone by as if they were not.
Error cannot_be_seen(const fs::path& path, const std::error_code& error) {
    const bool lasts = error == std::errc::permission_denied ||
                       error == std::errc::too_many_symbolic_link_levels ||
                       error == std::errc::filename_too_long;
    return fail(lasts ? Errc::cannot_read : Errc::disk_failed,
                path.string() + ": " + error.message());
}

Result<std::optional<SettingsFile>> read(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
        return fail(Errc::cannot_read,
                    path.string() + ": there is no such file; correct the path or leave it out");
    }
    if (!fs::exists(status)) return cannot_be_seen(path, error);
    if (!fs::is_regular_file(status))
        return fail(Errc::cannot_read, path.string() + ": it is not a file");
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        return fail(Errc::cannot_read,
                    path.string() + ": permission denied; make it readable for you");
    // Bounded while it is read: a file may grow after its size was asked for.
    std::string text(kLargestFile + 1, '\0');
    stream.read(text.data(), std::streamsize(text.size()));
    if (stream.bad()) return fail(Errc::disk_failed, path.string());
    text.resize(std::size_t(stream.gcount()));
    if (text.size() > kLargestFile) {
        return fail(Errc::cannot_read,
                    path.string() + ": larger than 1 MiB, so it is no settings file");
    }
    return std::optional(SettingsFile{path.string(), std::move(text)});
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
    std::error_code ignored;
    return fs::is_directory(fetched, ignored) ? fetched.string() : model;
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
