#include "miner/cli/commands/commands.hpp"

#include "config/durable_file.hpp"
#include "config/escape.hpp"
#include "miner/generation/device.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/crash_report.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace miner {

std::optional<config::Logger> open_log(const config::Settings& settings,
                                       const std::filesystem::path& folder) {
    auto logger = config::Logger::open(settings.log, folder, settings.debug);
    if (logger) {
        report_crashes(folder);
        return std::move(*logger);
    }
    complain("log", logger.error());
    return std::nullopt;
}

void warn_of_embedded_model(const config::Settings& settings, config::Logger& log) {
    if (!settings.generator.model.empty() || device_names(settings.generator).empty()) return;
    log.warn("embedded model",
             {{"hint", "it is for rehearsals, and validators will not take what it makes"},
              {"remedy",
               "fetch a published one with `miner weights` and name it in "
               "generator.model"}});
}

config::Settings settings_with_quiet_log(const config::Loaded& loaded) {
    auto settings = loaded.settings;
    if (loaded.is_preset("log.file")) settings.log.file = "none";
    if (loaded.is_preset("log.console"))
        settings.log.console = settings.debug || !loaded.is_preset("log.level");
    return settings;
}

namespace {

// Zero at the end and on failure. A signal that somebody else answers is none.
std::size_t read_some(std::span<std::uint8_t> block, std::FILE* file) {
    for (;;) {
        errno = 0;
        const auto got = std::fread(block.data(), 1, block.size(), file);
        if (!std::ferror(file) || errno != EINTR) return got;
        std::clearerr(file);
        if (got > 0) return got;
    }
}

}  // namespace

std::optional<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes) {
    const auto say = [&](std::string_view why) {
        fmt::print(stderr, "miner: {}: {}\n",
                   path == "-" ? "standard input" : config::printable(path), why);
        return std::nullopt;
    };
    std::error_code ignored;
    if (path != "-" && std::filesystem::is_directory(path, ignored))
        return say("is a folder, not a file");
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
        path == "-" ? stdin : std::fopen(path.c_str(), "rb"),
        [](std::FILE* f) { return f == stdin ? 0 : std::fclose(f); });
    if (!file) return say(std::strerror(errno));
    std::vector<std::uint8_t> bytes;
    std::uint8_t block[1 << 16];
    while (const std::size_t got = read_some(block, file.get())) {
        if (bytes.size() + got > max_bytes)
            return say(fmt::format("larger than {} MiB", max_bytes >> 20));
        bytes.insert(bytes.end(), block, block + got);
    }
    if (std::ferror(file.get())) return say("cannot be read");
    return bytes;
}

bool write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
    const auto written = config::write_durably(path, bytes);
    if (!written)
        fmt::print(stderr, "miner: {}: {}\n", config::printable(path),
                   written.error().code.message());
    return written.has_value();
}

}  // namespace miner
