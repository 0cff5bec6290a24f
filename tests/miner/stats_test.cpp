#include "miner/stats.hpp"

#include "tests/support/hostile.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <vector>

using namespace miner;
using storage::Counts;
using storage::Statistics;

namespace {

constexpr storage::Milliseconds kMonday = 1'796'000'000'000;  // 2026-11-30 00:53 UTC

Counts counts() {
    Counts counts;
    counts.generations = 1234;
    counts.passed_at_once = 980;
    counts.sparse_first = 254;
    counts.retries = 260;
    counts.retry_passed = 120;
    counts.retry_improved = 60;
    counts.rejected = 66;
    counts.errors = 8;
    counts.submissions = 1160;
    counts.accepted = 1100;
    counts.zero_scores = 50;
    counts.mean_score = 0.71234;
    counts.median_score = 0.75;
    counts.reward = 75'612.5;
    return counts;
}

Statistics statistics() {
    Statistics statistics;
    statistics.all = counts();
    statistics.by_validator = {{"5CFPcUJgYgWryPaV1aYjSbTpbTLu42V32Ytw1L9rfoMAsfGh", counts()},
                               {"5Short", {}}};
    statistics.by_hotkey = {{"5OurFirst", counts()}, {"5OurSecond", counts()}};
    statistics.by_kind = {{"image", counts()}};
    statistics.by_route = {{"picture", counts()}, {"prompt", {}}};
    statistics.by_day = {{"2026-11-29", counts()}, {"2026-11-30", counts()}};
    statistics.stages = {{"prepare", 1494, 41.25, 55, 90},
                         {"latent", 1160, 1250, 1800.4, 61'000},
                         {"total", 1234, 125'000, 4'000'000, 9'000'000}};
    statistics.first = kMonday - 86'400'000;
    statistics.newest = kMonday;
    return statistics;
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) result.push_back(line);
    return result;
}

std::vector<std::string> cells(const std::string& line) {
    std::vector<std::string> result;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) result.push_back(cell);
    if (line.ends_with(',')) result.emplace_back();
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
  accepted                       1,100    95.7 %
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
  stage     runs      p50       p90     p99
  prepare  1,494    41 ms     55 ms   90 ms
  latent   1,160    1.2 s     1.8 s  61.0 s
  total    1,234  2.1 min  66.7 min   2.5 h
)");
}

TEST_CASE("a single hotkey has no group: it would say everything twice") {
    auto single = statistics();
    single.by_hotkey.pop_back();
    CHECK_FALSE(contains(render_table(single), "hotkey"));
}

TEST_CASE("no line of the table is wider than asked for, or ends with blanks") {
    for (const int width : {72, 80, 120, 300}) {
        for (const auto& line : lines(render_table(statistics(), {.width = width}))) {
            CHECK(line.size() <= std::size_t(width));
            CHECK_FALSE(line.ends_with(' '));
        }
    }
}

TEST_CASE("an absurd width is taken for the narrowest") {
    CHECK(render_table(statistics(), {.width = -5}) == render_table(statistics(), {.width = 72}));
    CHECK(render_table(statistics(), {.width = 0}) == render_table(statistics(), {.width = 72}));
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
    Statistics hostile = statistics();
    hostile.by_validator[0].name = "5\033[2J\n\r\x9b\x07";
    for (const auto& text :
         {render_table(hostile), render_json(hostile), render_csv(hostile),
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

TEST_CASE("JSON has every number under its name") {
    const auto value = boost::json::parse(render_json(statistics()));
    const auto& all = value.at("all");
    CHECK(all.at("generations") == 1234);
    CHECK(all.at("passed_at_once") == 980);
    CHECK(all.at("sparse_first") == 254);
    CHECK(all.at("retries") == 260);
    CHECK(all.at("retry_passed") == 120);
    CHECK(all.at("retry_improved") == 60);
    CHECK(all.at("rejected") == 66);
    CHECK(all.at("errors") == 8);
    CHECK(all.at("skipped") == 0);
    CHECK(all.at("success_rate").as_double() == 1100.0 / 1234);
    CHECK(all.at("submissions") == 1160);
    CHECK(all.at("accepted") == 1100);
    CHECK(all.at("zero_scores") == 50);
    CHECK(all.at("not_scored") == 0);
    CHECK(all.at("mean_score").as_double() == 0.71234);
    CHECK(all.at("median_score").as_double() == 0.75);
    CHECK(all.at("reward").as_double() == 75'612.5);
    CHECK(value.at("by_validator").at(1).at("name") == "5Short");
    CHECK(value.at("by_validator").at(1).at("generations") == 0);
    CHECK(value.at("by_hotkey").at(1).at("name") == "5OurSecond");
    CHECK(value.at("by_kind").at(0).at("accepted") == 1100);
    CHECK(value.at("by_route").at(1).at("name") == "prompt");
    CHECK(value.at("by_day").as_array().size() == 2);
    CHECK(value.at("stages").at(1).at("stage") == "latent");
    CHECK(value.at("stages").at(1).at("p90_ms").as_double() == 1800.4);
    CHECK(value.at("newest") == kMonday);
    CHECK(boost::json::parse(render_json({})).at("first").is_null());
}

TEST_CASE("CSV has a row a group, each with as many cells as the header") {
    const auto rows = lines(render_csv(statistics()));
    REQUIRE(rows.size() == 1 + 1 + 2 + 2 + 1 + 2 + 2 + 3);
    const auto header = cells(rows[0]);
    CHECK(header[0] == "group");
    CHECK(header[1] == "name");
    CHECK(header[2] == "generations");
    CHECK(header.back() == "p99_ms");
    for (const auto& row : rows) CHECK(cells(row).size() == header.size());
    CHECK(rows[1].starts_with("all,all,1234,980,254,"));
    CHECK(rows[2].starts_with("validator,5CFPcUJgYgWryPaV1aYjSbTpbTLu42V32Ytw1L9rfoMAsfGh,1234,"));
    CHECK(rows[6].starts_with("kind,image,"));
    CHECK(rows[8].starts_with("route,prompt,"));
    CHECK(rows[10].starts_with("day,2026-11-30,"));
    CHECK(rows[12].ends_with(",1160,1250,1800.4,61000"));
    CHECK(rows[12].starts_with("stage,latent,,,"));
    CHECK(contains(rows[1], ",0.71234,0.75,75612.5,"));
}

TEST_CASE("CSV quotes what would break a row") {
    Statistics odd;
    odd.by_kind = {{"a,b \"c\"", {}}};
    CHECK(contains(render_csv(odd), "\nkind,\"a,b \"\"c\"\"\",0,"));
}
