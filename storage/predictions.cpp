#include "storage/predictions.hpp"

#include "storage/guard.hpp"
#include "storage/judgement.hpp"
#include "storage/sql.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>

namespace storage {
namespace {

// The index tasks_predicted picks the newest pulls; all else is looked up for these alone.
const std::string kNewest =
    std::string(
        "SELECT t.id, t.task_id, h.address, v.address, t.kind, t.threshold, t.withheld,"
        " t.finished_at, f.score, f.at, a.predicted, a.iqa, a.alignment, a.ssim, a.lpips,"
        " a.left_out, a.scorer, a.score_ms FROM"
        " (SELECT id FROM tasks WHERE predicted IS NOT NULL AND ") +
    kWithin +
    "  ORDER BY pulled_at DESC, id DESC LIMIT ?4) newest JOIN tasks t ON t.id = newest.id"
    " JOIN validators v ON v.id = t.validator JOIN hotkeys h ON h.id = v.hotkey"
    " JOIN attempts a ON a.task = t.id AND a.superseded = 0 AND a.number = t.predicted"
    " LEFT JOIN feedback f ON f.task = t.id AND f.number ="
    "  (SELECT g.number FROM feedback g JOIN submissions s USING (task, number)"
    "   WHERE g.task = t.id AND s.bytes > 0 AND " +
    kJudged + "   ORDER BY g.number DESC LIMIT 1)";

double or_nan(const SQLite::Column& column) {
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

PredictedScore read(SQLite::Statement& row) {
    PredictedScore score;
    score.row = row.getColumn(0).getInt64();
    score.task_id = row.getColumn(1).getString();
    score.hotkey = row.getColumn(2).getString();
    score.validator = row.getColumn(3).getString();
    score.kind = row.getColumn(4).getString();
    if (const auto told = row.getColumn(5); !told.isNull()) score.threshold = told.getDouble();
    score.at = row.getColumn(7).getInt64();
    if (const auto judged = row.getColumn(8); row.getColumn(6).getInt() > 0) {
        score.end = PredictedScore::End::withheld;
    } else if (!judged.isNull()) {
        score.received = judged.getDouble();
        score.end =
            score.received > 0 ? PredictedScore::End::accepted : PredictedScore::End::refused;
        score.at = row.getColumn(9).getInt64();
    }
    auto& predicted = score.predicted;
    predicted.total = or_nan(row.getColumn(10));
    predicted.iqa = or_nan(row.getColumn(11));
    predicted.alignment = or_nan(row.getColumn(12));
    predicted.ssim = or_nan(row.getColumn(13));
    predicted.lpips = or_nan(row.getColumn(14));
    predicted.left_out = row.getColumn(15).getString();
    predicted.scorer = row.getColumn(16).getString();
    if (const auto took = row.getColumn(17); !took.isNull())
        predicted.milliseconds = took.getDouble();
    return score;
}

}  // namespace

config::Result<std::vector<PredictedScore>> predicted_scores(Database& database, const Span& span,
                                                             int limit) {
    return guarded(database, [&]() -> config::Result<std::vector<PredictedScore>> {
        SQLite::Statement row(database.handle(), kNewest);
        bind(row, {span.since.value_or(std::numeric_limits<Milliseconds>::min()),
                   span.until.value_or(std::numeric_limits<Milliseconds>::max()),
                   joined(span.hotkeys), std::clamp(limit, 0, kMostPredictedScores)});
        std::vector<PredictedScore> scores;
        while (row.executeStep()) scores.push_back(read(row));
        std::sort(scores.begin(), scores.end(),
                  [](const PredictedScore& a, const PredictedScore& b) {
                      return a.at != b.at ? a.at > b.at : a.row > b.row;
                  });
        return scores;
    });
}

}  // namespace storage
