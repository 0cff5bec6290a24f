#include "storage/calibration.hpp"

#include "tests/storage/predicted.hpp"
#include "tests/support/catch.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace storage;
using tests::judged;
using tests::newest_first;
using State = Calibration::State;
using Break = Calibration::Break;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Scores = std::vector<PredictedScore>;

// `count` of them, predicted 0.8; received as that and these differences say, over and over.
Scores around(int count, std::vector<double> differences) {
    Scores scores;
    for (int i = 0; i < count; ++i)
        scores.push_back(judged(0.8, 0.8 + differences[std::size_t(i) % differences.size()]));
    return scores;
}

Scores operator+(Scores first, const Scores& then) {
    first.insert(first.end(), then.begin(), then.end());
    return first;
}

Calibration of(const Scores& oldest_first) { return calibrate(newest_first(oldest_first)); }

Calibration calibrated(double error, double offset = 0) {
    Calibration calibration;
    calibration.state = State::calibrated;
    calibration.pairs = 100;
    calibration.offset = offset;
    calibration.error = error;
    return calibration;
}

// Received scores about predictions between 0.7 and 1, and from number `shifted` on lower by 0.1.
class Noise {
public:
    explicit Noise(unsigned seed) : engine_(seed) {}

    Scores stream(int count, double deviation, int shifted) {
        std::normal_distribution<double> error(0, deviation);
        std::uniform_real_distribution<double> quality(0.75, 0.85);
        Scores scores;
        for (int i = 0; i < count; ++i) {
            const double predicted = quality(engine_);
            scores.push_back(
                judged(predicted, predicted + error(engine_) - (i >= shifted ? 0.1 : 0)));
        }
        return scores;
    }

private:
    std::mt19937_64 engine_;
};

// How many pairs after number `shifted` the break was seen, the stream growing; -1: never.
int seen_after(const Scores& stream, int shifted) {
    const auto at = of(stream).broken_at;
    return at == 0 ? -1 : int(at / 1000) - shifted;
}

}  // namespace

TEST_CASE("without enough pairs nothing is measured") {
    CHECK(calibrate({}).state == State::gathering);
    CHECK(calibrate({}).error == 0.05);
    const auto few = of(around(19, {0.02}));
    CHECK(few.state == State::gathering);
    CHECK(few.pairs == 19);
    CHECK(few.offset == 0);
    CHECK(few.error == 0.05);
    CHECK(few.since == 1000);
    CHECK(few.corrected(0.7) == 0.7);
}

TEST_CASE("from twenty pairs on the offset is their median and the error 1.48 deviations") {
    const auto found = of(around(20, {0.00, 0.01, 0.02, 0.03, 0.04}));
    CHECK(found.state == State::calibrated);
    CHECK(found.why == Break::none);
    CHECK(found.pairs == 20);
    CHECK(found.offset == Approx(0.02));
    CHECK(found.error == Approx(1.48 * 0.01));
    CHECK(found.corrected(0.7) == Approx(0.72));
    CHECK(found.scorer == "published");
    // A lone outlier, or three, moves neither.
    const auto with_outliers = of(around(20, {0.00, 0.01, 0.02, 0.03, 0.04}) +
                                  around(3, {-0.2, 0.2, -0.2}) + around(20, {0.01, 0.02, 0.03}));
    CHECK(with_outliers.state == State::calibrated);
    CHECK(with_outliers.offset == Approx(0.02));
    CHECK(with_outliers.broken_at == 0);
}

TEST_CASE("no scorer is believed to be closer than its arithmetic") {
    CHECK(of(around(40, {0.0})).error == 0.005);
}

TEST_CASE("accepted results predicted near the threshold are no pairs: the refused ones lack") {
    Scores near;
    for (int i = 0; i < 30; ++i) near.push_back(judged(0.649, 0.75));
    CHECK(of(near).pairs == 0);
    CHECK(of(near + around(20, {0.01})).offset == Approx(0.01));
    // What is near is measured from the validator's own threshold.
    Scores lenient = near;
    for (auto& score : lenient) score.threshold = 0.5;
    CHECK(of(lenient).pairs == 30);
}

TEST_CASE("what nobody judged, or is no number, is no pair") {
    auto waiting = around(10, {0.3}), withheld = waiting, nan = waiting;
    for (auto& score : waiting) score.end = PredictedScore::End::waiting;
    for (auto& score : withheld) score.end = PredictedScore::End::withheld;
    for (auto& score : nan) score.predicted.total = kNone;
    const auto found = of(waiting + withheld + nan + around(20, {0.01}));
    CHECK(found.pairs == 20);
    CHECK(found.offset == Approx(0.01));
    CHECK(sides(waiting + withheld + nan, found).judged == 0);
}

TEST_CASE("a prediction above one is held against the cap at one") {
    Scores high;
    for (int i = 0; i < 20; ++i) high.push_back(judged(1.09, 1));
    CHECK(of(high).offset == 0);
    CHECK(of(high).state == State::calibrated);
}

TEST_CASE("another scorer, or another part left out, starts anew") {
    auto other = around(30, {0.04}), partial = other;
    for (auto& score : other) score.predicted.scorer = "toy";
    for (auto& score : partial) score.predicted.left_out = "alignment";
    const auto found = of(other + partial + around(3, {0.0}));
    CHECK(found.state == State::gathering);
    CHECK(found.pairs == 3);
    CHECK(of(around(30, {0.0}) + partial).left_out == "alignment");
    CHECK(of(around(30, {0.0}) + partial).offset == Approx(0.04));
}

TEST_CASE("an offset above 0.05 is a break, whatever its sign") {
    for (const double sign : {1.0, -1.0}) {
        const auto found = of(around(40, {sign * 0.06}));
        CHECK(found.state == State::broken);
        CHECK(found.why == Break::offset);
        CHECK(found.offset == Approx(sign * 0.06));
        CHECK(of(around(40, {sign * 0.049})).state == State::calibrated);
    }
}

TEST_CASE("a shift breaks the calibration, and only what came after it counts") {
    const std::vector<double> usual{0.0, 0.01, -0.01}, shifted{-0.1, -0.11, -0.09};
    const auto before = around(60, usual);
    CHECK(of(before + around(4, shifted)).state == State::calibrated);
    const auto found = of(before + around(10, shifted));
    CHECK(found.state == State::broken);
    CHECK(found.why == Break::shift);
    CHECK(found.pairs == 10);
    CHECK(found.since == 61'000);  // the first one after the break
    CHECK(found.broken_at > 61'000);
    CHECK(found.offset == 0);
    CHECK(found.error == 0.05);
    // Enough pairs later it is known that they stay away; or that they came back.
    CHECK(of(before + around(20, shifted)).why == Break::offset);
    const auto again = of(around(60, {0.06, 0.05, 0.07}) + around(60, {-0.04, -0.05, -0.03}));
    CHECK(again.state == State::calibrated);
    CHECK(again.why == Break::none);
    CHECK(again.broken_at > 61'000);
    CHECK(again.pairs == 60);
    CHECK(again.offset == Approx(-0.04));
}

TEST_CASE("an outlier among the newest is no break") {
    const auto usual = around(60, {0.0, 0.01, -0.01});
    for (const int outliers : {1, 2, 3}) {
        const auto found = of(usual + around(outliers, {-0.19}) + around(12, {0.0, 0.01, -0.01}));
        CHECK(found.state == State::calibrated);
        CHECK(found.broken_at == 0);
    }
}

// A hundred pairs are eight hours of one hotkey. Of 1,000 such streams 30 are taken for broken
// although nothing but chance happened, and go without refusing for the next twenty pairs.
TEST_CASE("noise of 0.05 rarely looks like a break, noise of a good scorer never") {
    Noise noise(1);
    int broken = 0, broken_good = 0;
    for (int i = 0; i < 1000; ++i) {
        broken += of(noise.stream(100, 0.05, 1000)).broken_at != 0;
        broken_good += of(noise.stream(100, 0.01, 1000)).broken_at != 0;
    }
    CHECK(broken < 40);
    CHECK(broken_good == 0);
}

TEST_CASE("a shift of 0.1 is seen within some fifteen pairs, even in noise of half of it") {
    Noise noise(2);
    int soon = 0, soon_good = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto after = seen_after(noise.stream(75, 0.05, 60), 60);
        soon += after > 0 && after <= 15;
        const auto after_good = seen_after(noise.stream(75, 0.01, 60), 60);
        soon_good += after_good > 0 && after_good <= 10;
    }
    CHECK(soon > 900);
    CHECK(soon_good == 1000);
}

TEST_CASE("ten refusals of results that seemed safe are a break, as no pairs come any more") {
    const auto usual = around(30, {0.0, 0.02, -0.02});  // error 1.48 x 0.02
    const auto found = of(usual + around(9, {-0.8}));
    CHECK(found.state == State::calibrated);
    const auto broken = of(usual + around(10, {-0.8}));
    CHECK(broken.state == State::broken);
    CHECK(broken.why == Break::refusals);
    CHECK(broken.pairs == 0);
    CHECK(broken.since == 0);
    CHECK(broken.broken_at == 40'000);
    CHECK(of(usual + around(10, {-0.8}) + around(20, {0.01})).state == State::calibrated);
    // Without a calibration, too: safe is then above 0.7.
    CHECK(of(around(10, {-0.8})).why == Break::refusals);
}

TEST_CASE("refusals near the threshold, or among twice as many acceptances, are no break") {
    const auto usual = around(30, {0.0, 0.02, -0.02});
    Scores near;
    for (int i = 0; i < 40; ++i) near.push_back(judged(0.6 + 2 * 1.48 * 0.02 - 0.001, 0));
    CHECK(of(usual + near).state == State::calibrated);
    Scores mixed;
    for (int i = 0; i < 60; ++i) mixed.push_back(judged(0.8, i % 3 == 0 ? 0 : 0.8));
    CHECK(of(usual + mixed).state == State::calibrated);
    CHECK(of(usual + mixed).pairs == 70);
}

TEST_CASE("a judgement is on the side of the corrected prediction, or it is not") {
    const Scores scores{judged(0.7, 0.7), judged(0.59, 0.62), judged(0.59, 0), judged(0.65, 0),
                        judged(0.6, 0.61)};
    const auto raw = sides(scores, of(scores));
    CHECK(raw.judged == 5);
    CHECK(raw.right == 3);
    auto higher = of(scores);
    higher.offset = 0.02;
    CHECK(sides(scores, higher).right == 3);  // one more of the accepted, one less of the refused
    higher.scorer = "toy";
    CHECK(sides(scores, higher).judged == 0);
}

TEST_CASE("the chance of acceptance is that of a normal error") {
    const auto calibration = calibrated(0.04, 0.01);
    CHECK(chance_of_acceptance(0.59, calibration, 0.6) == Approx(0.5));
    CHECK(chance_of_acceptance(0.63, calibration, 0.6) == Approx(0.8413447));
    CHECK(chance_of_acceptance(0.55, calibration, 0.6) == Approx(1 - 0.8413447));
    CHECK(chance_of_acceptance(2, calibration, 0.6) == Approx(1));
    CHECK(chance_of_acceptance(kNone, calibration, 0.6) == 0);
    CHECK(chance_of_acceptance(0.6, calibrated(0), 0.6) == 1);
    CHECK(chance_of_acceptance(0.59, calibrated(0), 0.6) == 0);
}

TEST_CASE("a result is sent from a chance of 2 v / (1 + 2 v) on") {
    // 1.6 / 2.6 = 0.615 at v = 0.8 and 2 / 3 at v = 1, where a normal error asks for 0.6 + 0.43 e.
    const double e = 0.05;
    const auto calibration = calibrated(e);
    const auto sent_from = [&](double acceptance) {
        double low = 0, high = 1;
        while (high - low > 1e-9) {
            const double middle = (low + high) / 2;
            (pays(middle, calibration, 0.6, acceptance) ? high : low) = middle;
        }
        return high;
    };
    CHECK(chance_of_acceptance(sent_from(0.8), calibration, 0.6) == Approx(0.6153846));
    CHECK(chance_of_acceptance(sent_from(1), calibration, 0.6) == Approx(0.6666667));
    CHECK(sent_from(1) == Approx(0.6 + 0.4307 * e).epsilon(1e-4));
    CHECK(pays(0.6 + 0.44 * e, calibration, 0.6, 1));
    CHECK_FALSE(pays(0.6 + 0.42 * e, calibration, 0.6, 1));
    // Nothing to lose where nothing is accepted; another threshold is another place.
    CHECK(pays(0.1, calibration, 0.6, 0));
    CHECK_FALSE(pays(0.65, calibration, 0.7, 1));
    // Before there is a calibration the error is taken for 0.05.
    CHECK(pays(0.622, {}, 0.6, 1));
    CHECK_FALSE(pays(0.621, {}, 0.6, 1));
}

TEST_CASE("nothing is withheld on numbers that are none, or on a broken calibration") {
    CHECK(pays(kNone, calibrated(0.05), 0.6, 1));
    CHECK(pays(0.7, calibrated(0.05), kNone, 1));
    CHECK(pays(0.7, calibrated(0.05), 0.6, kNone));
    auto broken = calibrated(0.05);
    broken.state = State::broken;
    CHECK(pays(0.1, broken, 0.6, 1));
}

TEST_CASE("a calibration says nothing of another scorer's predictions") {
    auto calibration = calibrated(0.01, 0.04);
    calibration.scorer = "published";
    Prediction predicted{.total = 0.59, .scorer = "published"};
    CHECK(pays(predicted, calibration, 0.6, 1));
    predicted.scorer = "toy";
    CHECK_FALSE(pays(predicted, calibration, 0.6, 1));
    predicted.total = 0.63;
    CHECK(pays(predicted, calibration, 0.6, 1));
}

TEST_CASE("a prediction with parts left out withholds only once its own error is measured") {
    auto calibration = calibrated(0.01);
    calibration.scorer = "published";
    const Prediction partial{.total = 0.4, .left_out = "alignment", .scorer = "published"};
    CHECK(pays(partial, {}, 0.6, 1));
    CHECK(pays(partial, calibration, 0.6, 1));
    calibration.left_out = "alignment";
    CHECK_FALSE(pays(partial, calibration, 0.6, 1));
    calibration.state = State::gathering;
    CHECK(pays(partial, calibration, 0.6, 1));
}

TEST_CASE("predictions are grouped by kind, then by kind and validator") {
    auto images = around(30, {0.01}), texts = around(5, {0.0});
    for (std::size_t i = 0; i < 10; ++i) images[i].validator = "5Another";
    for (auto& score : texts) score.kind = "text";
    texts[0].end = PredictedScore::End::withheld;
    texts[1] = judged(0.9, 0);
    texts[1].kind = "text";
    const auto groups = prediction_groups(newest_first(texts + images));
    REQUIRE(groups.size() == 5);
    CHECK(groups[0].kind == "image");
    CHECK(groups[0].validator.empty());
    CHECK(groups[0].predicted == 30);
    CHECK(groups[0].withheld == 0);
    CHECK(groups[0].calibration.state == State::calibrated);
    CHECK(groups[0].sides.right == 30);
    CHECK(groups[1].kind == "text");
    CHECK(groups[1].predicted == 5);
    CHECK(groups[1].withheld == 1);
    CHECK(groups[1].calibration.pairs == 3);
    CHECK(groups[1].sides.judged == 4);
    CHECK(groups[1].sides.right == 3);
    CHECK(groups[2].validator == "5Another");
    CHECK(groups[2].calibration.pairs == 10);
    CHECK(groups[3].validator == "5Their");
    CHECK(groups[3].kind == "image");
    CHECK(groups[4].kind == "text");
    CHECK(prediction_groups({}).empty());
}

TEST_CASE("states and breaks have names") {
    CHECK(name(State::gathering) == "gathering");
    CHECK(name(State::calibrated) == "calibrated");
    CHECK(name(State::broken) == "broken");
    CHECK(name(Break::none) == "none");
    CHECK(name(Break::offset) == "offset");
    CHECK(name(Break::shift) == "shift");
    CHECK(name(Break::refusals) == "refusals");
}
