#include "miner/cli/weights.hpp"

#include "config/digest.hpp"
#include "network/errc.hpp"
#include "weights/weights_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace miner {

config::Result<void> expect_right(const std::string& folder,
                                  const std::function<void(const config::Error&)>& warn) {
    if (folder.empty()) return {};
    const auto verdicts = weights::verify(folder, weights::Verify::changed);
    if (!verdicts && verdicts.error().code == network::Errc::malformed) {
        warn(verdicts.error());
        return {};
    }
    if (!verdicts) return verdicts.error();
    const weights::Verified* unread = nullptr;
    for (const auto& verdict : *verdicts) {
        if (verdict.fault.empty()) continue;
        if (!verdict.may_pass)
            return config::fail(network::Errc::wrong_hash,
                                folder + "/" + verdict.path + ": " + verdict.fault +
                                    "; run `miner weights fetch` again for this model");
        if (!unread) unread = &verdict;
    }
    if (unread)
        return config::fail(network::Errc::disk_failed,
                            folder + "/" + unread->path + ": " + unread->fault +
                                "; where it stays so, run `miner weights fetch` again for this "
                                "model");
    return {};
}

std::string weights_digest(const std::string& folder) {
    constexpr std::size_t kDigits = 16;
    if (folder.empty()) return {};
    const auto lock = weights::read_lock(folder);
    if (!lock || !*lock || (*lock)->files.empty()) return {};
    std::map<std::string_view, std::string_view> files;
    for (const auto& file : (*lock)->files) files.emplace(file.path, file.sha256);
    std::string text;
    for (const auto& [path, sha256] : files) text += fmt::format("{}  {}\n", sha256, path);
    return config::sha256(text).substr(0, kDigits);
}

std::string bytes_text(std::int64_t bytes) {
    if (bytes >= 1'000'000'000) return fmt::format("{:.1f} GB", double(bytes) / 1e9);
    if (bytes >= 1'000'000) return fmt::format("{:.0f} MB", double(bytes) / 1e6);
    if (bytes >= 1'000) return fmt::format("{:.0f} kB", double(bytes) / 1e3);
    return fmt::format("{} B", bytes);
}

std::string progress_line(std::int64_t done, std::int64_t all, std::chrono::milliseconds since) {
    constexpr int kWidth = 24;
    const double share = all > 0 ? std::clamp(double(done) / double(all), 0.0, 1.0) : 1;
    const int filled = int(share * kWidth);
    auto line = fmt::format("[{}{}] {:3.0f} %  {} of {}", std::string(std::size_t(filled), '#'),
                            std::string(std::size_t(kWidth - filled), '-'), std::floor(share * 100),
                            bytes_text(done), bytes_text(all));
    const double seconds = double(since.count()) / 1000;
    if (done <= 0 || seconds <= 0) return line;
    const double rate = double(done) / seconds;
    line += fmt::format("  {}/s", bytes_text(std::llround(rate)));
    if (done < all) line += fmt::format("  {:.0f} s left", double(all - done) / rate);
    return line;
}

}  // namespace miner
