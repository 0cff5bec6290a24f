// Predicted scores beside received ones, as the page and /metrics have them.
#include "miner/server/calibrations.hpp"

#include "tests/miner/server/seen.hpp"
#include "tests/support/catch.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <limits>

using miner::by_kind;
using miner::to_json;
using storage::PredictedScore;
using End = PredictedScore::End;
using tests::Seen;

namespace {

PredictedScore score(const std::string& kind, double predicted, End end, double received = 0) {
    PredictedScore score{.row = 7, .task_id = "t", .hotkey = "us", .validator = "them"};
    score.kind = kind;
    score.predicted = {.total = predicted, .left_out = "alignment,lpips", .scorer = "toy"};
    score.end = end;
    score.received = received;
    score.at = 1'000;
    return score;
}

}  // namespace

TEST_CASE("predicted scores come by kind of task, each with a calibration of its own") {
    std::vector<PredictedScore> scores;
    for (int i = 0; i < storage::kLeastPairs; ++i)
        scores.push_back(score("image", 0.75, End::accepted, 0.77));
    scores.push_back(score("text", 0.7, End::waiting));
    scores.push_back(score("image", 0.3, End::withheld));
    const auto kinds = by_kind(scores);
    REQUIRE(kinds.size() == 2);
    CHECK(kinds[0].kind == "image");
    CHECK(kinds[0].scores.size() == std::size_t(storage::kLeastPairs) + 1);
    CHECK(kinds[0].calibration.state == storage::Calibration::State::calibrated);
    CHECK(kinds[0].calibration.offset == Approx(0.02));
    CHECK(kinds[0].sides.judged == storage::kLeastPairs);
    CHECK(kinds[0].sides.right == storage::kLeastPairs);
    CHECK(kinds[1].kind == "text");
    CHECK(kinds[1].calibration.state == storage::Calibration::State::gathering);
}

TEST_CASE("as JSON they say how each ended, and nothing that no number is") {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    const auto json = to_json(
        by_kind({score("image", 0.7, End::accepted, 0.75), score("image", 0.5, End::refused, 0),
                 score("image", 0.3, End::withheld), score("image", kNan, End::waiting)}),
        500);
    const auto& kind = json.at("kinds").at(0);
    CHECK(kind.at("kind") == "image");
    CHECK(kind.at("calibration").at("state") == "gathering");
    CHECK(kind.at("calibration").at("least_pairs") == storage::kLeastPairs);
    CHECK(kind.at("calibration").at("offset").is_null());
    const auto& list = kind.at("scores").as_array();
    REQUIRE(list.size() == 4);
    CHECK(list[0].at("end") == "accepted");
    CHECK(list[0].at("received") == 0.75);
    CHECK(list[0].at("left_out") == boost::json::array{"alignment", "lpips"});
    CHECK(list[1].at("end") == "refused");
    CHECK(list[1].at("received").is_null());  // a refused one is told as 0, whatever it was
    CHECK(list[2].at("end") == "withheld");
    CHECK(list[3].at("end") == "waiting");
    CHECK(list[3].at("predicted").is_null());
    CHECK(list[3].at("parts").at("iqa") == 0.0);
    CHECK(boost::json::serialize(json).find("nan") == std::string::npos);
}

TEST_CASE("of each kind as many scores are listed as were asked for, the calibration is over all") {
    std::vector<PredictedScore> scores(30, score("image", 0.75, End::accepted, 0.77));
    const auto json = to_json(by_kind(scores), 3);
    CHECK(json.at("kinds").at(0).at("scores").as_array().size() == 3);
    CHECK(json.at("kinds").at(0).at("calibration").at("pairs") == 30);
    CHECK(to_json(by_kind({}), 3).at("kinds").as_array().empty());
}

TEST_CASE("the page is told what was predicted of a task, and which attempt was sent") {
    Seen seen;
    const auto kinds = seen.json("/api/predictions").at("kinds").as_array();
    REQUIRE(kinds.size() == 1);
    const auto& told = kinds[0].at("scores").at(0);
    CHECK(told.at("task") == seen.answered);
    CHECK(told.at("predicted") == 0.55);
    CHECK(told.at("parts").at("alignment") == 0.8);
    CHECK(told.at("parts").at("lpips").is_null());
    CHECK(told.at("end") == "accepted");
    CHECK(told.at("received") == 0.5);
    CHECK(told.at("scorer") == "toy\x1b");
    CHECK(seen.json("/api/predictions?last=0").at("kinds").at(0).at("scores").as_array().empty());
    CHECK(seen.json("/api/predictions?since=1001").at("kinds").as_array().empty());
    const auto story = seen.json(tests::task(seen.answered));
    CHECK(story.at("chosen") == 1);
    CHECK(story.at("withheld").is_null());
    CHECK(story.at("threshold") == 0.6);
    CHECK(story.at("predicted") == 0.55);
    const auto& attempt = story.at("attempts").at(0);
    CHECK(attempt.at("candidate") == false);
    CHECK(attempt.at("prediction").at("total") == 0.55);
    CHECK(attempt.at("prediction").at("left_out") == boost::json::array{"lpips"});
    CHECK(attempt.at("prediction").at("ms") == 40.0);
    const auto other = seen.json(tests::task(seen.submitting));
    CHECK(other.at("attempts").at(0).at("prediction").is_null());
    CHECK(other.at("predicted").is_null());
    CHECK(seen.json(tests::task(seen.open)).at("chosen").is_null());
}

TEST_CASE("what predictions are not asked by is refused") {
    Seen seen;
    for (const auto* target :
         {"/api/predictions?last=2001", "/api/predictions?last=-1", "/api/predictions?last=x",
          "/api/predictions?since=x", "/api/predictions?kind=image"})
        CHECK(seen.get(target).status == 400);
}

TEST_CASE("metrics have the calibration as of the last task that ended") {
    Seen seen;
    const auto metrics = seen.get("/metrics").body;
    CHECK(metrics.find("miner_prediction_state{kind=\"image\",state=\"gathering\"} 1\n") !=
          std::string::npos);
    CHECK(metrics.find("miner_prediction_error{kind=\"image\"} 0.05\n") != std::string::npos);
    seen.answer_more(storage::kLeastPairs);
    // Nothing ended as far as the server was told.
    CHECK(seen.get("/metrics").body.find("state=\"gathering\"} 1\n") != std::string::npos);
    seen.on_io(
        [](auto& status_server) { status_server.state().turn({.task_id = "t", .row = 7}, {}); });
    CHECK(seen.get("/metrics")
              .body.find("miner_prediction_state{kind=\"image\",state=\"calibrated\"} 1\n") !=
          std::string::npos);
}
