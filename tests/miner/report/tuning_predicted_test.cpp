// What goes by predicted scores: enhancement and candidates.
#include "miner/report/tuning.hpp"

#include "storage/calibration.hpp"
#include "tests/miner/report/tuning_cases.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <limits>
#include <random>

using namespace miner;
using namespace tests;
using storage::EnhancementChain;
using Verdict = Advice::Verdict;

namespace {

class Dice {
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    double normal(double mean, double deviation) {
        return std::normal_distribution<double>(mean, deviation)(engine_);
    }

private:
    std::mt19937_64 engine_;
};

// Pictures of which some are harder than others; those whose first attempt comes out below 0.7 are
// tried with the extreme chain, which is better by `gain`.
Tasks both_chains(Dice& dice, int count, double gain) {
    Tasks tasks;
    for (int i = 0; i < count; ++i) {
        const double picture = dice.normal(0.75, 0.03);
        auto task = sent(300'000, {}, dice.normal(picture, 0.06));
        if (task.attempts[0].predicted->total < 0.7)
            task.attempts.push_back(
                tried(2, 300'000, dice.normal(picture + gain, 0.06), EnhancementChain::extreme));
        tasks.push_back(std::move(task));
    }
    return tasks;
}

// Judged results of both kinds, predicted with so much error; below the threshold all are refused.
Tasks predicted(Dice& dice, int count, double error, double bias = 0) {
    Tasks tasks;
    for (int i = 0; i < count; ++i) {
        const double truth = dice.normal(0.75, 0.1);
        auto task = sent(300'000, truth >= 0.6 ? std::min(truth, 1.0) : 0.0,
                         dice.normal(truth - bias, error));
        if (i % 2) task.kind = "text";
        tasks.push_back(std::move(task));
    }
    return tasks;
}

// A task whose attempts were predicted so.
storage::TuningRow attempts(std::initializer_list<double> predicted) {
    storage::TuningRow task{.kind = "image", .outcome = storage::Outcome::passed};
    for (const double total : predicted)
        task.attempts.push_back(tried(int(task.attempts.size()) + 1, 300'000, total));
    task.chosen = 1;
    return task;
}

}  // namespace

TEST_CASE("chains that are equal are not told apart, though the second follows bad luck") {
    Dice dice(3);
    int changes = 0;
    for (int i = 0; i < 200; ++i) {
        const auto tuning = tune(both_chains(dice, 400, 0), usual());
        CHECK(find(tuning, "enhance.extreme") != nullptr);
        changes += tuning.proposes();
    }
    CHECK(changes == 0);
}

TEST_CASE("a chain that is ahead though it gets the harder pictures is proposed for all") {
    Dice dice(4);
    const auto tuning = tune(both_chains(dice, 600, 0.1), usual());
    const auto& enhance = *find(tuning, "enhance.standard");
    CHECK(enhance.verdict == Verdict::change);
    CHECK(enhance.present == "[\"sharpness:3.5\", \"contrast:1.8\"]");
    CHECK(enhance.proposed == "[\"sharpness:5.0\"]");
    CHECK(as_flags(tuning) == "--enhance.standard sharpness:5.0");
    CHECK(as_toml(tuning) == "[enhance]\nstandard = [\"sharpness:5.0\"]\n");
}

TEST_CASE("a chain that falls behind a first attempt that failed is proposed to be dropped") {
    Dice dice(5);
    const auto tuning = tune(both_chains(dice, 600, -0.2), usual());
    const auto& enhance = *find(tuning, "enhance.extreme");
    CHECK(enhance.verdict == Verdict::change);
    CHECK(enhance.proposed == "[\"sharpness:3.5\", \"contrast:1.8\"]");
    CHECK(as_flags(tuning) == "--enhance.extreme sharpness:3.5,contrast:1.8");
}

TEST_CASE("with few pictures tried both ways the chains stay, and so they do when they are one") {
    Dice dice(6);
    auto settings = usual();
    const auto tuning = tune(both_chains(dice, 40, 0.3), settings);
    CHECK(find(tuning, "enhance.extreme")->verdict == Verdict::not_enough);
    settings.extreme = settings.standard;
    CHECK(find(tune(both_chains(dice, 600, 0.3), settings), "enhance.extreme")->verdict ==
          Verdict::keep);
}

TEST_CASE("scores of different scorers are not compared") {
    Dice dice(7);
    auto tasks = both_chains(dice, 600, 0.1);
    for (auto& task : tasks)
        for (auto& attempt : task.attempts)
            if (attempt.number == 2) attempt.predicted->left_out = "lpips";
    CHECK_FALSE(tune(tasks, usual()).proposes());
}

TEST_CASE("candidates that are never the best are proposed to be left") {
    Tasks tasks(250, attempts({0.5, 0.6, 0.7, 0.4, 0.5, 0.6}));
    const auto tuning = tune(tasks, usual());
    const auto& most = *find(tuning, "candidates.most");
    CHECK(most.verdict == Verdict::change);
    CHECK(most.present == "6");
    CHECK(most.proposed == "3");
    CHECK(most.effect == "250 tasks would have made fewer attempts, 0 with another result.");
    tasks.resize(100);  // 0 of 100 may well be 3 in 100
    CHECK(find(tune(tasks, usual()), "candidates.most")->verdict == Verdict::keep);
    tasks.resize(40);
    CHECK(find(tune(tasks, usual()), "candidates.most")->verdict == Verdict::not_enough);
}

TEST_CASE("where the last candidate is often the best, more are proposed") {
    Tasks tasks;
    for (int i = 0; i < 100; ++i)
        tasks.push_back(i % 4 ? attempts({0.6, 0.3, 0.2}) : attempts({0.3, 0.4, 0.5}));
    auto settings = usual();
    settings.most = 3;
    const auto most = *find(tune(tasks, settings), "candidates.most");
    CHECK(most.verdict == Verdict::change);
    CHECK(most.proposed == "5");
    settings.most = 4;  // time was over at three
    CHECK(find(tune(tasks, settings), "candidates.most")->verdict == Verdict::keep);
}

TEST_CASE("what is enough follows from the error of the predictions") {
    Dice dice(8);
    const auto enough = [&](double error, double present) {
        auto settings = usual();
        settings.enough = present;
        return *find(tune(predicted(dice, 600, error, 0.02), settings), "candidates.enough");
    };
    const auto higher = enough(0.05, 0.62);  // 0.6 + 1.645 x 0.05
    CHECK(higher.verdict == Verdict::change);
    CHECK(std::stod(higher.proposed) == Approx(0.682).margin(0.025));
    CHECK(enough(0.05, 0.68).verdict == Verdict::keep);
    const auto lower = enough(0.01, 0.7);
    CHECK(lower.verdict == Verdict::change);
    CHECK(std::stod(lower.proposed) == Approx(0.616).margin(0.01));
    CHECK(enough(0.03, 0.65).verdict == Verdict::keep);
}

TEST_CASE("enough is not lowered for a kind of task of which too little is known") {
    Dice dice(9);
    auto tasks = predicted(dice, 200, 0.01);
    std::erase_if(
        tasks, [kept = 0](const auto& task) mutable { return task.kind == "text" && ++kept > 10; });
    auto settings = usual();
    settings.enough = 0.7;
    const auto enough = *find(tune(tasks, settings), "candidates.enough");
    CHECK(enough.verdict == Verdict::not_enough);
    CHECK(enough.why.find("text") != enough.why.npos);
}

TEST_CASE("withholding is proposed where what would have been withheld was refused") {
    Dice dice(10);
    auto settings = usual();
    settings.withhold = "never";
    const auto tasks = predicted(dice, 1'000, 0.03);
    const auto withhold = *find(tune(tasks, settings), "candidates.withhold");
    CHECK(withhold.verdict == Verdict::change);
    CHECK(withhold.present == "\"never\"");
    CHECK(withhold.proposed == "\"auto\"");
    REQUIRE(withhold.evidence.size() == 2);
    CHECK(withhold.evidence[0].share.value() < 0.5);
    CHECK(withhold.evidence[1].share.value() > 0.9);
    CHECK(as_flags(tune(tasks, settings)).find("--candidates.withhold auto") != std::string::npos);
    CHECK(as_toml(tune(tasks, settings)).find("withhold = \"auto\"\n") != std::string::npos);
    settings.withhold = "auto";
    CHECK(find(tune(tasks, settings), "candidates.withhold")->verdict == Verdict::keep);
}

TEST_CASE("withholding is not proposed where predictions say nothing") {
    Dice dice(12);
    auto tasks = predicted(dice, 2'000, 0.03);
    // Accepted whatever was predicted.
    for (auto& task : tasks)
        if (task.score == 0.0) task.score = 0.61;
    const auto withhold = *find(tune(tasks, usual()), "candidates.withhold");
    CHECK(withhold.verdict == Verdict::change);
    CHECK(withhold.proposed == "\"never\"");
}

TEST_CASE("without predicted scores candidates and chains stay, and what they need is said") {
    const auto tuning = tune(gate_too_high(), usual());
    for (const auto* setting :
         {"enhance.extreme", "candidates.most", "candidates.enough", "candidates.withhold"}) {
        INFO(setting);
        REQUIRE(find(tuning, setting));
        CHECK(find(tuning, setting)->verdict == Verdict::not_enough);
        CHECK(find(tuning, setting)->why.find("score.model") != std::string::npos);
    }
}

TEST_CASE("a predicted score that is no number takes part in nothing") {
    Dice dice(13);
    auto tasks = predicted(dice, 400, 0.03);
    const auto before = render_tuning_json(tune(tasks, usual()));
    auto strange = sent(300'000, {}, std::numeric_limits<double>::quiet_NaN());
    strange.attempts.push_back(
        tried(2, 300'000, std::numeric_limits<double>::infinity(), EnhancementChain::extreme));
    tasks.insert(tasks.begin(), strange);
    const auto after = render_tuning_json(tune(tasks, usual()));
    CHECK(before.substr(before.find("\"accepted\"")) == after.substr(after.find("\"accepted\"")));
}
