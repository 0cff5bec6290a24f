#include "miner/mining/calibrator.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using miner::Calibrator;
using storage::Calibration;
using storage::PredictedScore;
using End = PredictedScore::End;

namespace {

struct Bench {
    std::vector<std::string> lines;
    config::Logger log{config::Level::info, false,
                       [this](std::string_view line) { lines.emplace_back(line); }};

    bool said(const std::string& words) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& line) { return line.find(words) != line.npos; });
    }
};

storage::Prediction predicted(double total, std::string left_out = "") {
    storage::Prediction prediction{.total = total, .scorer = "fake"};
    prediction.left_out = std::move(left_out);
    return prediction;
}

PredictedScore pair_of(double prediction, double received, std::string left_out = "") {
    return {.kind = "text",
            .predicted = predicted(prediction, std::move(left_out)),
            .threshold = 0.6,
            .end = received > 0 ? End::accepted : End::refused,
            .received = received};
}

// 24 accepted pairs around a small offset.
std::vector<PredictedScore> good_pairs(const std::string& left_out = "") {
    std::vector<PredictedScore> pairs;
    for (int i = 0; i < 24; ++i)
        pairs.push_back(pair_of(0.75, 0.75 + 0.01 * (i % 3 - 1), left_out));
    return pairs;
}

}  // namespace

TEST_CASE("before any comparison a low prediction is withheld, with the error that is assumed") {
    Bench bench;
    Calibrator calibrator({}, bench.log, {});
    CHECK(calibrator.withholds("text", predicted(0.5), 0.6));
    CHECK_FALSE(calibrator.withholds("text", predicted(0.7), 0.6));
    CHECK(calibrator.withholds("text", predicted(0.7), 0.75));  // that validator asks for more
}

TEST_CASE("with a part of the score left out nothing is withheld before it was compared") {
    Bench bench;
    Calibrator fresh({}, bench.log, {});
    CHECK_FALSE(fresh.withholds("text", predicted(0.1, "lpips"), 0.6));
    Calibrator compared({}, bench.log, good_pairs("lpips"));
    CHECK(compared.withholds("text", predicted(0.1, "lpips"), 0.6));
    // Neither by what was compared of another kind of task, nor of other parts.
    CHECK_FALSE(compared.withholds("image", predicted(0.1, "lpips"), 0.6));
    CHECK_FALSE(compared.withholds("text", predicted(0.1, "lpips,alignment"), 0.6));
}

TEST_CASE("candidates.withhold never means it") {
    Bench bench;
    config::Candidates settings;
    settings.withhold = "never";
    Calibrator calibrator(settings, bench.log, good_pairs());
    CHECK_FALSE(calibrator.withholds("text", predicted(0.1), 0.6));
}

TEST_CASE("a result over which a validator fails costs nothing, and goes out") {
    Bench bench;
    Calibrator calibrator({}, bench.log, good_pairs());
    CHECK_FALSE(calibrator.withholds("text", predicted(std::nan("")), 0.6));
}

TEST_CASE("every tenth in a row of those that would be withheld goes out all the same") {
    Bench bench;
    Calibrator calibrator({}, bench.log, {});
    int sent = 0;
    for (int i = 0; i < 30; ++i) sent += !calibrator.withholds("text", predicted(0.3), 0.6);
    CHECK(sent == 3);
}

TEST_CASE("a break is said once, and nothing is withheld until predictions fit again") {
    Bench bench;
    Calibrator calibrator({}, bench.log, good_pairs());
    CHECK(calibrator.of("text").state == Calibration::State::calibrated);
    CHECK(calibrator.withholds("text", predicted(0.4), 0.6));
    for (int i = 0; i < 20; ++i) calibrator.add(pair_of(0.7, 0.95));
    CHECK(calibrator.of("text").state != Calibration::State::calibrated);
    CHECK_FALSE(calibrator.withholds("text", predicted(0.4, "lpips"), 0.6));
    CHECK(std::count_if(bench.lines.begin(), bench.lines.end(), [](const auto& line) {
              return line.find("predictions do not fit") != line.npos;
          }) == 1);
}

TEST_CASE("what was compared in earlier runs counts, and what comes is added to it") {
    Bench bench;
    auto known = good_pairs();
    known.resize(19);
    Calibrator calibrator({}, bench.log, known);
    CHECK(calibrator.of("text").state == Calibration::State::gathering);
    calibrator.add(pair_of(0.75, 0.75));
    CHECK(calibrator.of("text").state == Calibration::State::calibrated);
    CHECK(bench.said("predictions calibrated"));
}
