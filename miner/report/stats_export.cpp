#include "miner/report/stats.hpp"

#include "config/escape.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <cmath>
#include <utility>

namespace miner {
namespace {

using storage::Counts;
using storage::Outcome;

// The one list of counts that JSON and CSV show.
struct Named {
    std::string_view name;
    std::optional<double> value;
    bool whole;
};

// What is no number is none: a reader of JSON would choke on it.
std::optional<double> finite(std::optional<double> value) {
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::vector<Named> named(const Counts& counts) {
    const auto whole = [](std::string_view of, std::optional<std::int64_t> value) {
        return Named{of, value ? std::optional(double(*value)) : std::nullopt, true};
    };
    return {whole("generations", counts.generations),
            whole("passed_at_once", counts.passed_at_once),
            whole("sparse_first", counts.sparse_first),
            whole("retries", counts.retries),
            whole(name(Outcome::retry_passed), counts.retry_passed),
            whole(name(Outcome::retry_improved), counts.retry_improved),
            whole(name(Outcome::rejected), counts.rejected),
            whole("errors", counts.errors),
            whole(name(Outcome::skipped), counts.skipped),
            {"success_rate", counts.success_rate(), false},
            whole("submissions", counts.submissions),
            whole("accepted", counts.accepted),
            whole("zero_scores", counts.zero_scores),
            whole("not_scored", counts.not_scored),
            {"mean_score", finite(counts.mean_score), false},
            {"median_score", finite(counts.median_score), false},
            whole("last_accepted", counts.last_accepted),
            {"reward", finite(counts.reward), false}};
}

boost::json::value json(const Named& named) {
    if (!named.value) return nullptr;
    if (named.whole) return std::int64_t(*named.value);
    return *named.value;
}

boost::json::object json(const Counts& counts) {
    boost::json::object object;
    for (const auto& count : named(counts)) object[count.name] = json(count);
    return object;
}

boost::json::object with(boost::json::object object, const Counts& counts) {
    for (auto& member : json(counts)) object.insert(member);
    return object;
}

boost::json::array json(const std::vector<storage::Group>& groups) {
    boost::json::array array;
    for (const auto& group : groups) array.push_back(with({{"name", group.name}}, group.counts));
    return array;
}

boost::json::array json(const std::vector<storage::PairGroup>& pairs) {
    boost::json::array array;
    for (const auto& pair : pairs)
        array.push_back(
            with({{"validator", pair.validator}, {"hotkey", pair.hotkey}}, pair.counts));
    return array;
}

// The shortest form that reads back the same.
std::string csv_number(double value) {
    char text[64];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string csv_number(const Named& named) {
    if (!named.value) return "";
    return named.whole ? std::to_string(std::int64_t(*named.value)) : csv_number(*named.value);
}

std::string csv_row(std::string_view group, std::string_view name, const Counts& counts) {
    std::string row = config::csv_field(group) + "," + config::csv_field(name);
    for (const auto& count : named(counts)) row += "," + csv_number(count);
    return row + ",,,,\n";
}

std::string csv_row(const storage::Percentiles& stage) {
    std::string row = "stage," + config::csv_field(stage.stage);
    row.append(named({}).size(), ',');
    for (const double value : {double(stage.count), stage.p50, stage.p90, stage.p99}) {
        row += "," + csv_number(value);
    }
    return row + "\n";
}

boost::json::value json(const std::optional<storage::Milliseconds>& at) {
    return at ? boost::json::value(*at) : boost::json::value(nullptr);
}

}  // namespace

std::string render_json(const storage::Statistics& statistics) {
    boost::json::array stages;
    for (const auto& stage : statistics.stages) {
        stages.push_back({{"stage", stage.stage},
                          {"count", stage.count},
                          {"p50_ms", stage.p50},
                          {"p90_ms", stage.p90},
                          {"p99_ms", stage.p99}});
    }
    const boost::json::object object{{"all", json(statistics.all)},
                                     {"by_validator", json(statistics.by_validator)},
                                     {"by_hotkey", json(statistics.by_hotkey)},
                                     {"by_pair", json(statistics.by_pair)},
                                     {"by_kind", json(statistics.by_kind)},
                                     {"by_route", json(statistics.by_route)},
                                     {"by_day", json(statistics.by_day)},
                                     {"stages", std::move(stages)},
                                     {"first", json(statistics.first)},
                                     {"newest", json(statistics.newest)}};
    return config::json_text(boost::json::serialize(object));
}

std::string render_csv(const storage::Statistics& statistics) {
    std::string csv = "group,name";
    for (const auto& count : named({})) csv.append(",").append(count.name);
    csv += ",count,p50_ms,p90_ms,p99_ms\n";
    csv += csv_row("all", "all", statistics.all);
    const auto rows = [&](const char* group, const std::vector<storage::Group>& groups) {
        for (const auto& [name, counts] : groups) csv += csv_row(group, name, counts);
    };
    rows("validator", statistics.by_validator);
    rows("hotkey", statistics.by_hotkey);
    rows("kind", statistics.by_kind);
    rows("route", statistics.by_route);
    rows("day", statistics.by_day);
    for (const auto& stage : statistics.stages) csv += csv_row(stage);
    return csv;
}

}  // namespace miner
