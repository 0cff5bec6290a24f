#include "miner/rehearsal/report.hpp"

#include "config/escape.hpp"
#include "config/version.hpp"
#include "miner/report/stats.hpp"
#include "miner/server/listing_json.hpp"

#include <boost/json.hpp>

namespace miner {
namespace {

namespace json = boost::json;

std::string_view name(Check::State state) {
    switch (state) {
        case Check::State::ok:
            return "ok";
        case Check::State::note:
            return "note";
        case Check::State::fail:
            return "fail";
    }
    return "fail";
}

json::array checks_of(const Checklist& checklist) {
    json::array checks;
    for (const auto& check : checklist.checks)
        checks.push_back(
            {{"check", check.what}, {"state", name(check.state)}, {"found", check.found}});
    return checks;
}

json::object task_of(const RehearsedTask& task) {
    json::object object{{"task_id", task.id},
                        {"name", task.name},
                        {"kind", task.prompt ? "text" : "image"},
                        {"score_is", name(task.judged_by)},
                        {"recorded", nullptr}};
    if (task.line) object["recorded"] = to_json(*task.line);
    return object;
}

}  // namespace

std::string render_json(const RehearsalReport& report) {
    json::array tasks;
    for (const auto& task : report.tasks) tasks.push_back(task_of(task));
    const json::object object{
        {"version", config::version()},
        {"go", report.checklist.go},
        {"checklist", checks_of(report.checklist)},
        {"scored_by", kScoresNote},
        {"statistics", json::parse(render_json(report.statistics))},
        {"tasks", std::move(tasks)},
        {"database", report.database},
        {"contact_sheet",
         report.contact_sheet.empty() ? json::value(nullptr) : json::value(report.contact_sheet)}};
    return config::json_text(json::serialize(object));
}

}  // namespace miner
