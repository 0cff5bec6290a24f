#include "miner/check/finding.hpp"

#include "config/escape.hpp"
#include "config/veil.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace miner {
namespace {

using State = Finding::State;

struct Mark {
    const char* word;
    const char* shown;
    int colour;
};

Mark mark_of(State state) {
    switch (state) {
        case State::ok:
            return {"ok", "ok  ", 32};
        case State::warn:
            return {"warn", "warn", 33};
        case State::fail:
            return {"fail", "FAIL", 31};
    }
    return {};
}

// Words of peers, and addresses, which may hold a key.
std::string fit(const std::string& text) { return config::printable(config::veiled(text)); }

std::string painted(std::string_view text, int code, bool colour) {
    return colour ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
}

}  // namespace

bool would_mine(const Findings& findings) {
    return std::none_of(findings.begin(), findings.end(),
                        [](const auto& finding) { return finding.state == State::fail; });
}

std::string render_finding(const Finding& finding, bool colour) {
    const auto mark = mark_of(finding.state);
    auto text = fmt::format("{}  {:<20} {}\n", painted(mark.shown, mark.colour, colour),
                            fit(finding.what), fit(finding.found));
    if (!finding.remedy.empty()) text += fmt::format("      -> {}\n", fit(finding.remedy));
    return text;
}

std::string render_verdict(const Findings& findings, bool colour) {
    const auto count = [&](State state) {
        return std::count_if(findings.begin(), findings.end(),
                             [&](const auto& finding) { return finding.state == state; });
    };
    const auto fails = count(State::fail), warns = count(State::warn);
    if (fails > 0)
        return fmt::format("\n{}\n", painted(fmt::format("{} of {} checks would stop mining", fails,
                                                         findings.size()),
                                             31, colour));
    if (warns > 0)
        return fmt::format("\n{}\n", painted(fmt::format("It would mine; {} of {} checks are worth "
                                                         "a look",
                                                         warns, findings.size()),
                                             33, colour));
    return fmt::format("\n{}\n", painted("All is well", 32, colour));
}

std::string render_findings_json(const Findings& findings) {
    boost::json::array rows;
    for (const auto& finding : findings)
        rows.push_back({{"state", mark_of(finding.state).word},
                        {"what", config::veiled(finding.what)},
                        {"found", config::veiled(finding.found)},
                        {"remedy", config::veiled(finding.remedy)}});
    return config::json_text(boost::json::serialize(
        boost::json::object{{"ok", would_mine(findings)}, {"findings", std::move(rows)}}));
}

}  // namespace miner
