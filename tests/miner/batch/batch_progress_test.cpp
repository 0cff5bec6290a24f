// How a batch looks while it goes.
#include "miner/batch/progress.hpp"

#include "tests/support/catch.hpp"

#include <sstream>

namespace {

using Catch::Contains;
using miner::BatchProgress;
using miner::ManifestLine;

ManifestLine passed(const std::string& input) {
    ManifestLine line;
    line.input = input;
    line.outcome = "retry_passed";
    line.attempts = 2;
    line.gaussians = 157'856;
    line.file = "a.spz";
    line.milliseconds = 2'400;
    return line;
}

// On a terminal of so many columns; 0: on none.
struct Shown {
    std::ostringstream out, err;
    double now = 100;
    BatchProgress progress;

    explicit Shown(int columns, std::size_t all = 40, std::size_t before = 0)
        : progress({.out = out,
                    .err = err,
                    .columns = columns > 0 ? std::function<int()>([columns] { return columns; })
                                           : std::function<int()>(),
                    .clock = [this] { return now; },
                    .all = all,
                    .before = before}) {}

    // What was drawn last.
    std::string bar() const {
        const auto text = out.str();
        return text.substr(text.rfind("\033[K") + 3);
    }
};

}  // namespace

TEST_CASE("without a terminal there is a plain line for each input, and nothing else") {
    Shown shown(0, 40, 12);
    shown.progress.at_work("a.png", "structure");
    auto line = passed("a.png");
    line.score = 0.69;
    shown.progress.ended(line);
    shown.progress.finish();
    CHECK(shown.out.str() ==
          "13/40  a.png                              retry passed      157856 Gaussians  2 attempts"
          "     2.4 s  score 0.69\n");
    CHECK(shown.err.str().empty());
}

TEST_CASE("what failed goes to standard error, with file and reason made printable") {
    Shown shown(0);
    ManifestLine line;
    line.input = "b\x1b[31m.png";
    line.outcome = "error";
    line.error = "not a picture\nat all";
    shown.progress.ended(line);
    shown.progress.complain("the disk");
    CHECK(shown.out.str().empty());
    CHECK(shown.err.str() == "miner: b\\x1b[31m.png: not a picture\\nat all\nminer: the disk\n");
}

TEST_CASE("on a terminal a bar tells how far it is, how fast, and how long it will take") {
    Shown shown(120, 40, 10);
    shown.progress.at_work("a.png", "structure");
    CHECK_THAT(shown.bar(), Contains("] 10/40  a.png: structure"));
    shown.now += 30;
    shown.progress.ended(passed("a.png"));
    // One in thirty seconds: what was there before says nothing of how fast this is.
    CHECK_THAT(shown.bar(),
               Contains("[######..................] 11/40  2.0/min, 14 min 30 s left"));
    shown.now += 30;
    for (int i = 0; i < 29; ++i) shown.progress.ended(passed("a.png"));
    CHECK_THAT(shown.bar(), Contains("[########################] 40/40  30.0/min  "));
    shown.progress.finish();
    CHECK(shown.bar().empty());
}

TEST_CASE("the bar stays within its line, and other words come above it") {
    Shown shown(30);
    shown.progress.at_work("a very long name of a picture.png", "structure");
    CHECK(shown.bar().size() == 29);
    shown.progress.say("words");
    CHECK_THAT(shown.out.str(), Contains("\r\033[Kwords\n\r\033[K[....."));
    shown.progress.complain("bad");
    CHECK(shown.err.str() == "miner: bad\n");
    CHECK(shown.bar().size() == 29);
}

TEST_CASE("rates and spans are said in the unit that fits") {
    CHECK(miner::rate_words(4.21) == "4.2/s");
    CHECK(miner::rate_words(0.2) == "12.0/min");
    CHECK(miner::rate_words(0.001) == "3.6/h");
    CHECK(miner::span_words(0) == "0 s");
    CHECK(miner::span_words(59.4) == "59 s");
    CHECK(miner::span_words(60) == "1 min");
    CHECK(miner::span_words(410) == "6 min 50 s");
    CHECK(miner::span_words(7500) == "2 h 5 min");
    CHECK(miner::span_words(273'600) == "3 d 4 h");
    CHECK(miner::span_words(-5) == "0 s");
}
