#include "miner/report/stats.hpp"

#include "config/escape.hpp"
#include "miner/report/words.hpp"
#include "tests/miner/report/some_statistics.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hostile.hpp"

#include <sstream>
#include <string>
#include <vector>

using namespace miner;
using storage::Statistics;
using tests::kMonday;

namespace {

Statistics statistics() { return tests::some_statistics(); }

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) result.push_back(line);
    return result;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the table is this one") {
    CHECK(render_table(statistics(), {}) ==
          R"(Success rate  89.1 %  (1,100 of 1,234 reached the gate)
2026-11-29 00:53 to 2026-11-30 00:53 UTC

Generations
  all                            1,234
  passed at once                   980    79.4 %
  sparse at first                  254    20.6 %
  retries                          260
  retry passed                     120     9.7 %
  improved, still sparse            60     4.9 %
  rejected                          66     5.3 %
  errors                             8     0.6 %

Submissions
  with a result                  1,160
  accepted                       1,100    94.8 %
  score zero                        50     4.3 %
  mean score                     0.712
  median score                   0.750
  reward as reported          75,612.5

By validator
  validator                  made  success   sent  accepted  zero   mean  median
  5CFPcUJgYgW..L9rfoMAsfGh  1,234   89.1 %  1,160     1,100    50  0.712   0.750
  5Short                        0        -      0         0     0      -       -

By hotkey
  hotkey       made  success   sent  accepted  zero   mean  median
  5OurFirst   1,234   89.1 %  1,160     1,100    50  0.712   0.750
  5OurSecond  1,234   89.1 %  1,160     1,100    50  0.712   0.750

By kind
  kind    made  success   sent  accepted  zero   mean  median
  image  1,234   89.1 %  1,160     1,100    50  0.712   0.750

By route
  route     made  success   sent  accepted  zero   mean  median
  picture  1,234   89.1 %  1,160     1,100    50  0.712   0.750
  prompt       0        -      0         0     0      -       -

By day (UTC)
  day          made  success   sent  accepted  zero   mean  median
  2026-11-29  1,234   89.1 %  1,160     1,100    50  0.712   0.750
  2026-11-30  1,234   89.1 %  1,160     1,100    50  0.712   0.750

Stages
  stage     runs      p50       p90     p99  of device
  prepare  1,494    41 ms     55 ms   90 ms          -
  latent   1,160    1.2 s     1.8 s  61.0 s    100.0 %
  total    1,234  2.1 min  66.7 min   2.5 h          -
)");
}

TEST_CASE("the device's time is shared among its own stages alone") {
    storage::Statistics some;
    some.all.generations = 1;
    some.stages = {{.stage = "prepare", .count = 1, .total = 9000},
                   {.stage = "structure", .count = 1, .total = 300},
                   {.stage = "gaussians", .count = 1, .total = 100},
                   {.stage = "total", .count = 1, .total = 9400}};
    const auto text = render_table(some);
    const auto line = [&](const std::string& stage) {
        const auto begin = text.find("\n  " + stage) + 1;
        return text.substr(begin, text.find('\n', begin) - begin);
    };
    CHECK(line("prepare").ends_with(" -"));
    CHECK(line("structure").ends_with(" 75.0 %"));
    CHECK(line("gaussians").ends_with(" 25.0 %"));
    CHECK(line("total").ends_with(" -"));
}

TEST_CASE("a single hotkey has no group: it would say everything twice") {
    auto single = statistics();
    single.by_hotkey.pop_back();
    CHECK_FALSE(contains(render_table(single), "hotkey"));
}

TEST_CASE("no line of the table is wider than asked for, or ends with blanks") {
    auto wide = tests::predicted_statistics();
    const bool by_validator = GENERATE(false, true);
    if (by_validator)
        wide.predictions.erase(wide.predictions.begin(), wide.predictions.begin() + 2);
    wide.all.not_scored = wide.all.skipped = 3;
    wide.by_validator[1].name = "\xe7\x95\x8c\xe7\x95\x8c" + std::string(60, 'x');
    const std::vector<storage::Contact> contacts{
        {.validator = "5Their",
         .calls = 1'234'567,
         .failures = 1,
         .last_error = std::string(150, 'e') + " and so on",
         .cooldown_until = kMonday}};
    for (const int width : {24, 40, 72, 80, 81, 120, 300}) {
        for (const bool compact : {false, true}) {
            const TableOptions options{.width = width,
                                       .compact = compact,
                                       .scores_note = "Scores are a stand-in for something else."};
            for (const auto& line :
                 lines(render_table(wide, options) + render_contacts(contacts, 0, options))) {
                INFO(width << ": " << line);
                CHECK(config::columns(line) <= std::size_t(width));
                CHECK_FALSE(line.ends_with(' '));
            }
        }
    }
}

TEST_CASE("an absurd width is taken for the narrowest") {
    CHECK(render_table(statistics(), {.width = -5}) == render_table(statistics(), {.width = 24}));
    CHECK(render_table(statistics(), {.width = 0}) == render_table(statistics(), {.width = 24}));
}

TEST_CASE("where there is no room, the columns that matter least are left out") {
    auto narrow = statistics();
    narrow.by_hotkey.clear();
    narrow.by_route.clear();
    narrow.by_day.clear();
    CHECK(render_table(narrow, {.width = 40}) == R"(Success rate  89.1 %
(1,100 of 1,234 reached the gate)
2026-11-29 00:53 to 2026-11-30 00:53 UTC

Generations
  all                     1,234
  passed at once            980  79.4 %
  sparse at first           254  20.6 %
  retries                   260
  retry passed              120   9.7 %
  improved, still sparse     60   4.9 %
  rejected                   66   5.3 %
  errors                      8   0.6 %

Submissions
  with a result          1,160
  accepted               1,100  94.8 %
  score zero                50   4.3 %
  mean score             0.712
  median score           0.750
  reward as reported  75,612.5

By validator
  validator         made  success   mean
  5CFPcUJ..MAsfGh  1,234   89.1 %  0.712
  5Short               0        -      -

By kind
  kind    made  success  accepted   mean
  image  1,234   89.1 %     1,100  0.712

Stages
  stage        p50       p90     p99
  prepare    41 ms     55 ms   90 ms
  latent     1.2 s     1.8 s  61.0 s
  total    2.1 min  66.7 min   2.5 h
)");
}

TEST_CASE("on a screen generations and submissions stand side by side") {
    auto compact = statistics();
    compact.by_validator.clear();
    compact.by_hotkey.clear();
    compact.by_kind.clear();
    compact.by_route.clear();
    compact.by_day.clear();
    compact.stages.clear();
    CHECK(render_table(compact, {.width = 80, .compact = true}) ==
          R"(Success rate  89.1 %  (1,100 of 1,234 reached the gate)
2026-11-29 00:53 to 2026-11-30 00:53 UTC

Generations                               Submissions
  all                     1,234             with a result          1,160
  passed at once            980  79.4 %     accepted               1,100  94.8 %
  sparse at first           254  20.6 %     score zero                50   4.3 %
  retries                   260             mean score             0.712
  retry passed              120   9.7 %     median score           0.750
  improved, still sparse     60   4.9 %     reward as reported  75,612.5
  rejected                   66   5.3 %
  errors                      8   0.6 %
)");
    const auto narrow = render_table(compact, {.width = 60, .compact = true});
    CHECK(contains(narrow, "\n\nSubmissions\n"));
}

TEST_CASE("what the scores are is said below them, when they are no validator's") {
    CHECK_FALSE(contains(render_table(statistics()), "stand-in"));
    CHECK(contains(render_table(statistics(), {.scores_note = "They are a stand-in."}),
                   "75,612.5\n  They are a stand-in.\n"));
}

TEST_CASE("there is no mean of no scores, and no reward that nobody told") {
    Statistics none;
    none.all.generations = none.all.rejected = 3;
    const auto table = render_table(none);
    CHECK_FALSE(contains(table, "mean score"));
    CHECK(contains(table, "reward as reported" + std::string(17, ' ') + "-"));
}

TEST_CASE("a long name is shortened in the middle and the columns stay in line") {
    const auto table = render_table(statistics(), {.width = 80});
    CHECK(contains(table, "5CFP"));
    CHECK(contains(table, "sfGh"));
    CHECK(contains(table, ".."));
    CHECK_FALSE(contains(table, "5CFPcUJgYgWryPaV1aYjSbTpbTLu42V32Ytw1L9rfoMAsfGh"));
    CHECK(contains(render_table(statistics(), {.width = 200}),
                   "5CFPcUJgYgWryPaV1aYjSbTpbTLu42V32Ytw1L9rfoMAsfGh"));
}

TEST_CASE("colour appears only when it is asked for, and changes nothing else") {
    const auto plain = render_table(statistics(), {});
    auto coloured = render_table(statistics(), {.colour = true});
    CHECK_FALSE(contains(plain, "\033"));
    CHECK(contains(coloured, "\033[32m89.1 %"));
    for (auto at = coloured.find('\033'); at != std::string::npos; at = coloured.find('\033')) {
        coloured.erase(at, coloured.find('m', at) - at + 1);
    }
    CHECK(coloured == plain);
}

TEST_CASE("the success rate is green, yellow or red") {
    const auto coloured = [](int passed) {
        Statistics some;
        some.all.generations = 100;
        some.all.passed_at_once = passed;
        return render_table(some, {.colour = true});
    };
    CHECK(contains(coloured(70), "\033[32m70.0 %"));
    CHECK(contains(coloured(69), "\033[33m69.0 %"));
    CHECK(contains(coloured(49), "\033[31m49.0 %"));
}

TEST_CASE("predicted scores have a section, by kind, and their counts stand among the others") {
    auto some = tests::predicted_statistics();
    some.by_validator.clear();
    some.by_hotkey.clear();
    some.by_kind.clear();
    some.by_route.clear();
    some.by_day.clear();
    some.stages.clear();
    CHECK(render_table(some) == R"(Success rate  89.1 %  (1,100 of 1,234 reached the gate)
2026-11-29 00:53 to 2026-11-30 00:53 UTC

Generations
  all                            1,234
  passed at once                   980    79.4 %
  sparse at first                  254    20.6 %
  retries                          260
  candidates                     3,210
  retry passed                     120     9.7 %
  improved, still sparse            60     4.9 %
  rejected                          66     5.3 %
  withheld of these                 21     1.7 %
  errors                             8     0.6 %

Submissions
  with a result                  1,160
  accepted                       1,100    94.8 %
  score zero                        50     4.3 %
  mean score                     0.712
  median score                   0.750
  reward as reported          75,612.5

Predicted scores
  kind   predicted  withheld  pairs    bias  error       right
  image      1,000        12    900  -0.012  0.031  950 of 980
  text       1,000        12      7       -      -  950 of 980
  image: calibrated
  text: gathering: 7 of 20 pairs
)");
    // By validator these alone are left.
    some.predictions.erase(some.predictions.begin(), some.predictions.begin() + 2);
    const auto by_validator = render_table(some);
    CHECK(contains(by_validator, "  image 5CFP"));
    CHECK(contains(by_validator, "text 5Short: broken: results that seemed safe were refused."));
    CHECK_FALSE(contains(by_validator, "gathering"));
    CHECK(contains(render_table(some, {.colour = true}), "\033[31m  text 5Short: broken"));
}

TEST_CASE("where nothing was predicted nothing is said of it") {
    CHECK_FALSE(predicts(statistics()));
    for (const auto* word : {"Predicted", "candidates", "withheld"})
        CHECK_FALSE(contains(render_table(statistics()), word));
    auto some = statistics();
    some.all.candidates = 1;
    CHECK(predicts(some));
    some.all.candidates = 0;
    some.all.withheld = 1;
    CHECK(predicts(some));
    CHECK(predicts(tests::predicted_statistics()));
}

TEST_CASE("a calibration is told in words, and a broken one with its reason") {
    using storage::Calibration;
    Calibration one;
    CHECK(words(one) == "gathering: 0 of 20 pairs");
    one.state = Calibration::State::calibrated;
    CHECK(words(one) == "calibrated");
    one.state = Calibration::State::broken;
    one.why = Calibration::Break::offset;
    one.pairs = 30;
    one.offset = -0.0625;
    CHECK(words(one) ==
          "broken: received scores are 0.062 below what is predicted, and more than 0.05 is no "
          "bias. Nothing is withheld.");
    one.offset = 0.07;
    CHECK(contains(words(one), "0.070 above what is predicted"));
    one.why = Calibration::Break::shift;
    one.pairs = 11;
    CHECK(words(one) ==
          "broken: received scores lie elsewhere than before, against what is predicted. Nothing "
          "is withheld until new ones fit: 11 of 20 pairs since then.");
    one.why = Calibration::Break::refusals;
    CHECK(contains(words(one), "results that seemed safe were refused"));
}

TEST_CASE("a hundred per cent means all of them") {
    Statistics nearly;
    nearly.all.generations = 100'000;
    nearly.all.passed_at_once = 99'999;
    CHECK(contains(render_table(nearly), "99.9 %"));
    nearly.all.passed_at_once = 100'000;
    CHECK(contains(render_table(nearly), "100.0 %"));
}

TEST_CASE("without generations the table says where they come from") {
    const auto empty = render_table({});
    CHECK(contains(empty, "No generations yet."));
    CHECK(contains(empty, "miner rehearse"));
    CHECK(lines(empty).size() == 3);
    Statistics skipped;
    skipped.all.skipped = 1200;
    CHECK(contains(render_table(skipped), "No generations yet, 1,200 tasks skipped."));
}

TEST_CASE("what was not scored or skipped is shown when there is any") {
    CHECK_FALSE(contains(render_table(statistics()), "not scored"));
    CHECK_FALSE(contains(render_table(statistics()), "skipped"));
    auto some = statistics();
    some.all.not_scored = 7;
    some.all.skipped = 9;
    CHECK(contains(render_table(some), "not scored"));
    CHECK(contains(render_table(some), "skipped, not counted"));
}

TEST_CASE("a peer's words cannot drive the terminal") {
    Statistics hostile = tests::predicted_statistics();
    hostile.by_validator[0].name = "5\033[2J\n\r\x9b\x07";
    hostile.predictions.erase(hostile.predictions.begin(), hostile.predictions.begin() + 2);
    hostile.predictions[0].validator = hostile.predictions[1].kind = hostile.by_validator[0].name;
    for (const auto& text :
         {render_table(hostile),
          render_contacts({{.validator = "5\033]0;x\x07", .calls = 1, .last_error = "a\nb\x1b"}},
                          0)}) {
        CHECK_FALSE(tests::steers(text));
        CHECK_FALSE(contains(text, "\n\r"));
    }
}

TEST_CASE("names beyond ASCII are shown as they are, in columns that stand") {
    auto some = statistics();
    some.by_validator.resize(2);
    some.by_validator[0].name = "Prüfer";
    some.by_validator[1].name = "検証者";
    some.by_validator[1].counts = some.by_validator[0].counts;
    std::vector<std::string> ends;
    std::istringstream lines(render_table(some));
    for (std::string line; std::getline(lines, line);)
        for (const std::string& name : {some.by_validator[0].name, some.by_validator[1].name})
            if (line.starts_with("  " + name)) ends.push_back(line.substr(2 + name.size()));
    REQUIRE(ends.size() == 2);
    CHECK(ends[0].starts_with("  "));  // both are six columns wide, fewer than the heading
    CHECK(ends[0] == ends[1]);
}

TEST_CASE("contacts show calls, failures, the cool-down left and the last error") {
    const std::vector<storage::Contact> contacts{{.hotkey = "5Our",
                                                  .validator = "5Their",
                                                  .calls = 1200,
                                                  .failures = 3,
                                                  .last_call = kMonday - 30'000,
                                                  .last_failure = kMonday - 7'200'000,
                                                  .last_error = "connection refused",
                                                  .cooldown_until = kMonday / 1000 + 90},
                                                 {.validator = "5Fresh", .calls = 1}};
    CHECK(render_contacts(contacts, kMonday) == R"(Validators seen
  validator  calls  failed   last call  cool-down
  5Their     1,200       3  30.0 s ago     90.0 s
  5Fresh         1       0           -          -
  5Their failed 2.0 h ago: connection refused
)");
    CHECK(render_contacts({}, kMonday).empty());
}
