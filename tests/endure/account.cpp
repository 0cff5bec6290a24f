#include "tests/endure/account.hpp"

#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/listing.hpp"
#include "tests/storage/outsider.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cmath>
#include <set>

namespace endure {
namespace {

namespace json = boost::json;

constexpr int kMost = 1000;  // tasks of a story

std::string quoted(const std::string& text) { return "'" + text + "'"; }

}  // namespace

Account::Account(std::filesystem::path storage) : storage_(std::move(storage)) {}

std::int64_t Account::number(const std::string& sql) const {
    return tests::Outsider(storage_ / "miner.db").number(sql);
}

void Account::demand(bool holds, const std::string& words) {
    if (!holds) broken_.push_back(words);
}

void Account::demand_none(const std::string& sql, const std::string& words) {
    const auto found = number("SELECT count(*) FROM " + sql);
    demand(found == 0, words + ": " + std::to_string(found));
}

void Account::check_whole() {
    const tests::Outsider database(storage_ / "miner.db");
    const auto verdict = database.word("PRAGMA integrity_check");
    demand(verdict == "ok", "integrity_check says '" + verdict + "'");
    demand_none("pragma_foreign_key_check", "rows that refer to nothing");
    demand_none(
        "(SELECT 1 FROM attempts WHERE superseded = 0 GROUP BY task, number"
        " HAVING count(*) > 1)",
        "attempts that count twice");
    demand_none(
        "tasks t WHERE state IN ('submitting', 'answered') AND NOT EXISTS"
        " (SELECT 1 FROM submissions s WHERE s.task = t.id)",
        "tasks on their way without a submission");
    demand_none("feedback f JOIN submissions s USING (task, number) WHERE s.status <> 'answered'",
                "feedback to what was not answered");
}

// Each result on record is there byte by byte, and was not made again since it was.
void Account::check_results(Kept& kept) {
    const auto database = storage::Database::open(storage_ / "miner.db", {.read_only = true});
    const auto artifacts = storage::Artifacts::open(storage_ / "assets");
    if (!database || !artifacts) return demand(false, "the folder does not open");
    const auto tasks = storage::list_tasks(**database, kMost);
    if (!tasks) return demand(false, "the tasks cannot be listed");
    std::set<std::string> decided;
    for (const auto& task : *tasks) {
        if (task.outcome == storage::Outcome::none) continue;
        decided.insert(task.task_id);
        if (!task.asset.empty())
            demand(artifacts->get(task.asset).has_value(),
                   task.task_id + ": its result is not there");
        const auto attempts =
            number("SELECT count(*) FROM attempts WHERE task = " + std::to_string(task.row));
        const auto first = kept.emplace(task.task_id, attempts).first->second;
        demand(attempts == first, task.task_id + ": made again after its result was kept");
    }
    for (const auto& result : kept)
        demand(decided.contains(result.first), result.first + ": a kept result is lost");
}

void Account::check_after_cut(const std::vector<Witness>& witnesses, Kept& kept) {
    check_whole();
    check_results(kept);
    for (const auto& witness : witnesses) {
        const auto recorded = number(
            "SELECT count(*) FROM submissions s JOIN tasks t ON t.id = s.task"
            " JOIN validators v ON v.id = t.validator WHERE v.address = " +
            quoted(witness.hotkey));
        demand(recorded >= witness.tally.submissions,
               "a validator got " + std::to_string(witness.tally.submissions) +
                   " submissions, on record are " + std::to_string(recorded));
    }
}

void Account::check_at_end(const std::vector<Witness>& witnesses, Kept& kept) {
    demand(!std::filesystem::exists(storage_ / "miner.db-wal"), "an orderly end left a -wal");
    check_after_cut(witnesses, kept);
    demand_none("tasks WHERE state <> 'answered'", "tasks that were not answered");
    demand(std::filesystem::is_empty(storage_ / "assets" / "tmp"), "half a result was left");
    std::size_t tasks = 0;
    for (const auto& witness : witnesses) {
        const auto& tally = witness.tally;
        tasks += witness.tasks.size();
        demand(tally.handed_out == int(witness.tasks.size()), "a task was not asked for");
        demand(tally.without_effect == 0,
               "submissions without effect: " + std::to_string(tally.without_effect));
        demand(tally.bad_signatures + tally.bad_nonces == 0, "a signature or nonce was refused");
        demand(tally.accepted + tally.refused + tally.skips == int(witness.tasks.size()),
               "tasks that a validator closed: " +
                   std::to_string(tally.accepted + tally.refused + tally.skips));
        for (const auto& task : witness.tasks) {
            const auto times =
                std::count_if(tally.verdicts.begin(), tally.verdicts.end(),
                              [&](const auto& verdict) { return verdict.first == task; });
            demand(times <= 1, task + " was judged " + std::to_string(times) + " times");
            const auto asset =
                tests::Outsider(storage_ / "miner.db")
                    .word("SELECT coalesce(asset, '') FROM tasks WHERE task_id = " + quoted(task));
            const auto judged = witness.judged.find(task);
            demand((judged == witness.judged.end() ? "" : judged->second) == asset,
                   task + ": the validator judged something else than what is on record");
        }
    }
    demand(number("SELECT count(*) FROM tasks") == std::int64_t(tasks), "tasks lost or doubled");
}

void Account::same(const json::object& said, const char* name, const std::string& sql) {
    const auto& value = said.at(name);
    const double number_said = value.is_null() ? -1 : value.to_number<double>();
    const auto rows = tests::Outsider(storage_ / "miner.db").word("SELECT " + sql);
    // Sums differ by the order in which they are added up.
    demand(!rows.empty() && std::abs(number_said - std::stod(rows)) < 1e-9,
           std::string("stats: ") + name + " is " + std::to_string(number_said) +
               ", the rows say " + rows);
}

void Account::check_statistics(const std::string& text) {
    boost::system::error_code code;
    const auto whole = json::parse(text, code);
    if (code) return demand(false, "miner stats says no JSON");
    const auto& all = whole.at("all").as_object();
    const std::string decided = "(SELECT id FROM tasks WHERE outcome IS NOT NULL)";
    const std::string made =
        "(SELECT id FROM tasks WHERE outcome IS NOT NULL AND outcome <> 'skipped')";
    const auto count = [&](const char* name, const std::string& of) {
        same(all, name, "count(*) FROM " + of);
    };
    count("generations", made);
    count("passed_at_once", "tasks WHERE outcome = 'passed'");
    for (const char* outcome : {"retry_passed", "retry_improved", "rejected", "skipped"})
        count(outcome, "tasks WHERE outcome = " + quoted(outcome));
    count("errors", "tasks WHERE outcome = 'error'");
    const std::string counting = "attempts WHERE superseded = 0 AND task IN " + made;
    count("retries", counting + " AND number > 1 AND candidate = 0");
    count("sparse_first", counting + " AND number = 1 AND outcome = 'sparse'");
    count("submissions",
          "(SELECT DISTINCT task FROM submissions WHERE bytes > 0"
          " AND status NOT IN ('failed', 'returned'))");
    const std::string judgement =
        "feedback f JOIN submissions s USING (task, number) WHERE s.bytes > 0"
        " AND s.status = 'answered' AND validation_failed = 0 AND score IS NOT NULL";
    count("accepted", judgement + " AND score > 0");
    count("zero_scores", judgement + " AND score = 0");
    same(all, "mean_score", "coalesce(avg(score), -1) FROM " + judgement);
    same(all, "last_accepted", "coalesce(max(at), -1) FROM " + judgement + " AND score > 0");
    same(all, "reward",
         "coalesce(sum(reward), -1) FROM (SELECT f.reward, max(f.at) FROM feedback f"
         " JOIN tasks t ON t.id = f.task WHERE f.reward IS NOT NULL GROUP BY t.validator)");
    for (const auto& stage : whole.at("stages").as_array()) {
        const auto& name = stage.at("stage").as_string();
        if (name == "total" || name == "submit") continue;
        const std::string column = name == "gaussians" ? "gaussians_ms" : std::string(name);
        same(stage.as_object(), "count",
             "count(" + column + ") FROM attempts WHERE superseded = 0 AND task IN " + decided);
    }
    for (const char* groups : {"by_day", "by_validator", "by_hotkey", "by_kind"})
        for (const char* name : {"generations", "submissions", "accepted", "retries"}) {
            std::int64_t sum = 0;
            for (const auto& group : whole.at(groups).as_array())
                sum += group.at(name).to_number<std::int64_t>();
            demand(sum == all.at(name).to_number<std::int64_t>(),
                   std::string("stats: ") + name + " does not add up " + groups);
        }
}

}  // namespace endure
