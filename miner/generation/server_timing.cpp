#include "miner/generation/server_timing.hpp"

#include <fmt/format.h>

#include <charconv>

namespace miner {
namespace {

using config::kStages;
using config::StageTimes;

constexpr std::string_view kDuration = ";dur=";
constexpr double kLongest = 24 * 3600 * 1000;

}  // namespace

std::string write_server_timing(const StageTimes& times) {
    std::string header;
    for (const auto& [name, stage] : kStages)
        if (times.*stage >= 0)
            header += fmt::format("{}{}{}{:.3f}", header.empty() ? "" : ", ", name, kDuration,
                                  times.*stage);
    return header;
}

StageTimes read_server_timing(std::string_view header) {
    StageTimes times;
    for (const auto& [name, stage] : kStages) {
        const auto start = std::string(name) + std::string(kDuration);
        auto at = header.find(start);
        // "latent" must not be found in "blatent".
        while (at != header.npos && at > 0 && header[at - 1] != ' ' && header[at - 1] != ',')
            at = header.find(start, at + 1);
        if (at == header.npos) continue;
        const auto* first = header.data() + at + start.size();
        double ms = -1;
        const auto [end, error] = std::from_chars(first, header.data() + header.size(), ms);
        if (error == std::errc{} && ms >= 0 && ms < kLongest) times.*stage = ms;
    }
    return times;
}

}  // namespace miner
