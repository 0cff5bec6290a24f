#include "miner/report/stats.hpp"

#include "config/escape.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace miner {
namespace {

using storage::Counts;
using storage::Milliseconds;
using storage::Outcome;
using Break = storage::Calibration::Break;

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

std::vector<Named> named(const storage::Percentiles& stage) {
    return {{"count", double(stage.count), true},
            {"p50_ms", stage.p50, false},
            {"p90_ms", stage.p90, false},
            {"p99_ms", stage.p99, false},
            {"total_ms", stage.total, false}};
}

// Beside them where something was predicted.
std::vector<Named> of_predictions(const Counts& counts) {
    return {{"candidates", double(counts.candidates), true},
            {"withheld", double(counts.withheld), true}};
}

// Of one prediction group.
std::vector<Named> named(const storage::PredictionGroup& group) {
    const auto& found = group.calibration;
    const bool measured = found.pairs >= storage::kLeastPairs;
    const auto time = [](Milliseconds at) {
        return at == 0 ? std::nullopt : std::optional(double(at));
    };
    return {{"predicted", double(group.predicted), true},
            {"withheld", double(group.withheld), true},
            {"pairs", double(found.pairs), true},
            {"offset", measured ? finite(found.offset) : std::nullopt, false},
            {"error", measured ? finite(found.error) : std::nullopt, false},
            {"right", double(group.sides.right), true},
            {"judged", double(group.sides.judged), true},
            {"since", time(found.since), true},
            {"broken_at", time(found.broken_at), true}};
}

// Writes counts as objects; with those of predictions where there are any.
class JsonCounts {
public:
    explicit JsonCounts(bool predicts) : predicts_(predicts) {}

    boost::json::object with(boost::json::object object, const Counts& counts) const {
        for (const auto& count : named(counts)) object[count.name] = json(count);
        if (!predicts_) return object;
        for (const auto& count : of_predictions(counts)) object[count.name] = json(count);
        return object;
    }

    boost::json::array array(const std::vector<storage::Group>& groups) const {
        boost::json::array array;
        for (const auto& group : groups)
            array.push_back(with({{"name", group.name}}, group.counts));
        return array;
    }

    boost::json::array array(const std::vector<storage::PairGroup>& pairs) const {
        boost::json::array array;
        for (const auto& pair : pairs)
            array.push_back(
                with({{"validator", pair.validator}, {"hotkey", pair.hotkey}}, pair.counts));
        return array;
    }

private:
    bool predicts_;
};

boost::json::value text_or_null(std::string_view text) {
    return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

boost::json::array json(const std::vector<storage::PredictionGroup>& groups) {
    boost::json::array array;
    for (const auto& group : groups) {
        const auto& found = group.calibration;
        boost::json::object object{
            {"kind", group.kind},
            {"validator", text_or_null(group.validator)},
            {"scorer", text_or_null(found.scorer)},
            {"left_out", text_or_null(found.left_out)},
            {"state", storage::name(found.state)},
            {"reason", found.why == Break::none ? boost::json::value(nullptr)
                                                : boost::json::value(storage::name(found.why))}};
        for (const auto& value : named(group)) object[value.name] = json(value);
        array.push_back(std::move(object));
    }
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

// What a row has, by its column; of the others it has nothing.
using CsvRow = std::map<std::string_view, std::string>;

void put(CsvRow& row, const std::vector<Named>& values) {
    for (const auto& value : values) row[value.name] = csv_number(value);
}

class Csv {
public:
    explicit Csv(bool predicts) : columns_{"group", "name"} {
        const auto add = [this](const std::vector<Named>& values) {
            for (const auto& value : values)
                if (std::find(columns_.begin(), columns_.end(), value.name) == columns_.end())
                    columns_.push_back(value.name);
        };
        add(named(Counts()));
        add(named(storage::Percentiles()));
        if (predicts) {
            add(of_predictions({}));
            add(named(storage::PredictionGroup()));
            columns_.insert(columns_.end(), {"state", "reason"});
        }
        for (const auto column : columns_) text_.append(column).append(",");
        text_.back() = '\n';
    }

    void add(std::string_view group, std::string_view name, CsvRow row) {
        row["group"] = config::csv_field(group);
        row["name"] = config::csv_field(name);
        for (const auto column : columns_) text_.append(row[column]).append(",");
        text_.back() = '\n';
    }
    void add(std::string_view group, std::string_view name, const Counts& counts) {
        CsvRow row;
        put(row, named(counts));
        put(row, of_predictions(counts));
        add(group, name, std::move(row));
    }
    void add(const storage::Percentiles& stage) {
        CsvRow row;
        put(row, named(stage));
        add("stage", stage.stage, std::move(row));
    }
    void add(const storage::PredictionGroup& group) {
        CsvRow row{{"state", std::string(name(group.calibration.state))}};
        if (group.calibration.why != Break::none) row["reason"] = name(group.calibration.why);
        put(row, named(group));
        add("prediction", group.kind + (group.validator.empty() ? "" : " ") + group.validator,
            std::move(row));
    }

    std::string take() { return std::move(text_); }

private:
    std::vector<std::string_view> columns_;
    std::string text_;
};

boost::json::value json(const std::optional<Milliseconds>& at) {
    return at ? boost::json::value(*at) : boost::json::value(nullptr);
}

}  // namespace

std::string render_json(const storage::Statistics& statistics) {
    boost::json::array stages;
    for (const auto& stage : statistics.stages) {
        boost::json::object object{{"stage", stage.stage}};
        for (const auto& value : named(stage)) object[value.name] = json(value);
        stages.push_back(std::move(object));
    }
    const JsonCounts counts(predicts(statistics));
    boost::json::object object{{"all", counts.with({}, statistics.all)},
                               {"by_validator", counts.array(statistics.by_validator)},
                               {"by_hotkey", counts.array(statistics.by_hotkey)},
                               {"by_pair", counts.array(statistics.by_pair)},
                               {"by_kind", counts.array(statistics.by_kind)},
                               {"by_route", counts.array(statistics.by_route)},
                               {"by_day", counts.array(statistics.by_day)},
                               {"stages", std::move(stages)},
                               {"first", json(statistics.first)},
                               {"newest", json(statistics.newest)}};
    if (predicts(statistics)) object["predictions"] = json(statistics.predictions);
    return config::json_text(boost::json::serialize(object));
}

std::string render_csv(const storage::Statistics& statistics) {
    Csv csv(predicts(statistics));
    csv.add("all", "all", statistics.all);
    const auto rows = [&](const char* group, const std::vector<storage::Group>& groups) {
        for (const auto& [name, counts] : groups) csv.add(group, name, counts);
    };
    rows("validator", statistics.by_validator);
    rows("hotkey", statistics.by_hotkey);
    rows("kind", statistics.by_kind);
    rows("route", statistics.by_route);
    rows("day", statistics.by_day);
    for (const auto& stage : statistics.stages) csv.add(stage);
    for (const auto& group : statistics.predictions) csv.add(group);
    return csv.take();
}

}  // namespace miner
