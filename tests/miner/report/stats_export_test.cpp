// What programs read. Python's readers, which share nothing with our writers, say whether it is
// what it claims to be.
#include "miner/report/stats.hpp"

#include "storage/database.hpp"
#include "tests/miner/report/some_statistics.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

using namespace miner;
using storage::Counts;
using storage::Statistics;
using tests::kMonday;

namespace {

namespace json = boost::json;

// As boost::json reads a number: not always to the last bit.
Approx near(double value) { return Approx(value).epsilon(1e-14); }

Counts counts() {
    auto counts = tests::some_counts();
    counts.not_scored = 2;
    counts.median_score = 0.1 + 0.2;  // all of its digits
    return counts;
}

Statistics statistics() {
    auto statistics = tests::some_statistics(counts());
    statistics.by_pair = {{"5Short", "5OurFirst", counts()}};
    statistics.stages.pop_back();
    return statistics;
}

// What a Python program makes of a text: the JSON that it prints. A reader of our own would believe
// whatever our writer does.
json::value by_python(const std::string& program, const std::string& text) {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "text";
    std::ofstream(file, std::ios::binary) << text;
    const auto read = tests::run_to_end({.program = tests::python(),
                                         .arguments = {"-I", "-c", program, file.string()},
                                         .environment = {},
                                         .input = {},
                                         .folder = {},
                                         .largest_file = {}},
                                        tests::kLongestWait);
    INFO(read.err);
    REQUIRE(read.exit_status.code == 0);
    return json::parse(read.out);
}

// Rows as objects by the header; a row of another length is an error.
json::array read_csv(const std::string& text) {
    return by_python(R"(
import csv, json, sys
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    header, *rows = csv.reader(file, strict=True)
assert len(set(header)) == len(header)
assert all(len(row) == len(header) for row in rows)
print(json.dumps([dict(zip(header, row)) for row in rows]))
)",
                     text)
        .as_array();
}

// As Python reads it: strictly, without NaN, and no name twice.
json::value read_json(const std::string& text) {
    return by_python(R"(
import json, sys
def strict(pairs):
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)
def never(what):
    raise ValueError(what)
with open(sys.argv[1], encoding="utf-8") as file:
    value = json.load(file, object_pairs_hook=strict, parse_constant=never)
print(json.dumps(value))
)",
                     text);
}

const json::object& row_of(const json::array& rows, std::string_view group, std::string_view name) {
    for (const auto& row : rows)
        if (row.at("group").as_string() == group && row.at("name").as_string() == name)
            return row.as_object();
    FAIL("no row " << group << " " << name);
    return rows.front().as_object();
}

}  // namespace

TEST_CASE("JSON has every number under its name") {
    const auto value = read_json(render_json(statistics()));
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
    CHECK(all.at("success_rate").as_double() == near(1100.0 / 1234));
    CHECK(all.at("submissions") == 1160);
    CHECK(all.at("accepted") == 1100);
    CHECK(all.at("zero_scores") == 50);
    CHECK(all.at("not_scored") == 2);
    CHECK(all.at("mean_score").as_double() == near(0.71234));
    CHECK(all.at("median_score").as_double() == near(0.1 + 0.2));
    CHECK(all.at("last_accepted") == kMonday + 60'000);
    CHECK(all.at("reward").as_double() == 75'612.5);
    CHECK(all.as_object().size() == 18);
    CHECK(value.at("by_validator").at(1).at("name") == "5Short");
    CHECK(value.at("by_validator").at(1).at("generations") == 0);
    CHECK(value.at("by_hotkey").at(1).at("name") == "5OurSecond");
    CHECK(value.at("by_pair").at(0).at("validator") == "5Short");
    CHECK(value.at("by_pair").at(0).at("hotkey") == "5OurFirst");
    CHECK(value.at("by_pair").at(0).at("accepted") == 1100);
    CHECK(value.at("by_kind").at(0).at("accepted") == 1100);
    CHECK(value.at("by_route").at(1).at("name") == "prompt");
    CHECK(value.at("by_day").as_array().size() == 2);
    CHECK(value.at("stages").at(1).at("stage") == "latent");
    CHECK(value.at("stages").at(1).at("p90_ms").as_double() == near(1800.4));
    CHECK(value.at("first") == kMonday - 86'400'000);
    CHECK(value.at("newest") == kMonday);
    CHECK(render_json(statistics()).find('\n') == std::string::npos);
}

TEST_CASE("CSV has a row a group, with the numbers that JSON has") {
    const auto csv = render_csv(statistics());
    CHECK(csv.starts_with("group,name,generations,"));
    CHECK(csv.ends_with("\n"));
    const auto rows = read_csv(csv);
    REQUIRE(rows.size() == 1 + 2 + 2 + 1 + 2 + 2 + 2);
    const auto value = read_json(render_json(statistics()));
    const auto same = [&](const json::object& row, const json::value& counts) {
        for (const auto& [name, number] : counts.as_object()) {
            if (name == "name") continue;
            INFO(std::string(name));
            const std::string cell(row.at(name).as_string());
            if (number.is_null()) {
                CHECK(cell.empty());
            } else {
                REQUIRE_FALSE(cell.empty());
                CHECK(std::stod(cell) == near(number.to_number<double>()));
            }
        }
    };
    same(row_of(rows, "all", "all"), value.at("all"));
    for (const auto* group : {"validator", "hotkey", "kind", "route", "day"})
        for (const auto& counts : value.at(std::string("by_") + group).as_array())
            same(row_of(rows, group, counts.at("name").as_string()), counts);
    const auto& latent = row_of(rows, "stage", "latent");
    CHECK(latent.at("count") == "1160");
    CHECK(latent.at("p50_ms") == "1250");
    CHECK(latent.at("p90_ms") == "1800.4");
    CHECK(latent.at("p99_ms") == "61000");
    CHECK(latent.at("total_ms") == "1500000");
    CHECK(latent.at("generations") == "");
    CHECK(row_of(rows, "all", "all").at("p99_ms") == "");
    CHECK(row_of(rows, "all", "all").at("median_score") == "0.30000000000000004");
    // Whole numbers are written as such, however large.
    CHECK(row_of(rows, "all", "all").at("last_accepted") == "1796000060000");
}

TEST_CASE("predictions are in JSON and CSV, where there are any") {
    const auto some = tests::predicted_statistics();
    const auto value = read_json(render_json(some));
    CHECK(value.at("all").at("candidates") == 3210);
    CHECK(value.at("all").at("withheld") == 21);
    CHECK(value.at("by_kind").at(0).at("candidates") == 0);
    const auto& predictions = value.at("predictions").as_array();
    REQUIRE(predictions.size() == 4);
    const auto& image = predictions[0].as_object();
    CHECK(image.at("kind") == "image");
    CHECK(image.at("validator").is_null());
    CHECK(image.at("scorer") == "published");
    CHECK(image.at("left_out").is_null());
    CHECK(image.at("state") == "calibrated");
    CHECK(image.at("reason").is_null());
    CHECK(image.at("predicted") == 1000);
    CHECK(image.at("withheld") == 12);
    CHECK(image.at("pairs") == 900);
    CHECK(image.at("offset").as_double() == near(-0.0123));
    CHECK(image.at("error").as_double() == near(0.0312));
    CHECK(image.at("right") == 950);
    CHECK(image.at("judged") == 980);
    CHECK(image.at("since") == kMonday - 7000);
    CHECK(image.at("broken_at").is_null());
    CHECK(image.size() == 15);
    CHECK(predictions[1].at("left_out") == "alignment");
    CHECK(predictions[1].at("offset").is_null());
    CHECK(predictions[1].at("error").is_null());
    CHECK(predictions[3].at("validator") == "5Short");
    CHECK(predictions[3].at("state") == "broken");
    CHECK(predictions[3].at("reason") == "refusals");
    CHECK(predictions[3].at("since").is_null());
    CHECK(predictions[3].at("broken_at") == kMonday);

    const auto csv = render_csv(some);
    CHECK(csv.substr(0, csv.find('\n'))
              .ends_with(
                  ",p99_ms,total_ms,candidates,withheld,predicted,pairs,offset,error,right,judged,"
                  "since,broken_at,"
                  "state,reason"));
    const auto rows = read_csv(csv);
    CHECK(row_of(rows, "all", "all").at("candidates") == "3210");
    CHECK(row_of(rows, "all", "all").at("pairs") == "");
    CHECK(row_of(rows, "stage", "total").at("withheld") == "");
    const auto& row = row_of(rows, "prediction", "image");
    CHECK(row.at("generations") == "");
    CHECK(row.at("withheld") == "12");
    CHECK(row.at("pairs") == "900");
    CHECK(row.at("offset") == "-0.0123");
    CHECK(row.at("state") == "calibrated");
    CHECK(row.at("reason") == "");
    const auto& broken = row_of(rows, "prediction", "text 5Short");
    CHECK(broken.at("reason") == "refusals");
    CHECK(broken.at("broken_at") == "1796000000000");
    CHECK(broken.at("offset") == "");
}

TEST_CASE("where nothing was predicted JSON and CSV are what they always were") {
    Statistics some;
    some.all.generations = some.all.passed_at_once = 2;
    some.by_kind = {{"image", some.all}};
    some.stages = {{"latent", 1'000'000, 1.5, 2, 3, 4}};
    CHECK(render_csv(some) ==
          "group,name,generations,passed_at_once,sparse_first,retries,retry_passed,retry_improved,"
          "rejected,errors,skipped,success_rate,submissions,accepted,zero_scores,not_scored,"
          "mean_score,median_score,last_accepted,reward,count,p50_ms,p90_ms,p99_ms,total_ms\n"
          "all,all,2,2,0,0,0,0,0,0,0,1,0,0,0,0,,,,,,,,,\n"
          "kind,image,2,2,0,0,0,0,0,0,0,1,0,0,0,0,,,,,,,,,\n"
          "stage,latent,,,,,,,,,,,,,,,,,,,1000000,1.5,2,3,4\n");
    const std::string counts =
        R"("generations":2,"passed_at_once":2,"sparse_first":0,"retries":0,"retry_passed":0,)"
        R"("retry_improved":0,"rejected":0,"errors":0,"skipped":0,"success_rate":1E0,)"
        R"("submissions":0,"accepted":0,"zero_scores":0,"not_scored":0,"mean_score":null,)"
        R"("median_score":null,"last_accepted":null,"reward":null})";
    CHECK(
        render_json(some) ==
        R"({"all":{)" + counts +
            R"(,"by_validator":[],"by_hotkey":[],"by_pair":[],"by_kind":[{"name":"image",)" +
            counts +
            R"(],"by_route":[],"by_day":[],"stages":[{"stage":"latent","count":1000000,)"
            R"("p50_ms":1.5E0,"p90_ms":2E0,"p99_ms":3E0,"total_ms":4E0}],"first":null,"newest":null})");
}

TEST_CASE("of an empty database there are counts of zero, and neither rates nor scores") {
    const tests::TemporaryFolder folder;
    const auto database = storage::Database::open(folder.path() / "miner.db").value();
    const auto nothing = storage::statistics(*database, {}).value();
    const auto value = read_json(render_json(nothing));
    CHECK(value.at("all").at("generations") == 0);
    CHECK(value.at("all").at("accepted") == 0);
    for (const auto* name :
         {"success_rate", "mean_score", "median_score", "last_accepted", "reward"})
        CHECK(value.at("all").at(name).is_null());
    CHECK(value.at("first").is_null());
    CHECK(value.at("newest").is_null());
    for (const auto* name :
         {"by_validator", "by_hotkey", "by_pair", "by_kind", "by_route", "by_day", "stages"})
        CHECK(value.at(name).as_array().empty());
    const auto rows = read_csv(render_csv(nothing));
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].at("generations") == "0");
    CHECK(rows[0].at("success_rate") == "");
    CHECK(rows[0].at("mean_score") == "");
    CHECK(rows[0].at("reward") == "");
}

TEST_CASE("whatever a name holds, a reader gets one field of it") {
    std::vector<std::string> names{"a,b \"c\"",    "\"", "\"\"", "a\nb",         "a\r\nb,c",
                                   "\033[2J\a",    "",   "'",    "\xff\xfe\x80", "\xe7\x95\x8c",
                                   "\xe2\x80\xae", ",",  "=1+1", "\\\"",         "NaN"};
    names.emplace_back("nul\0in it", 9);
    for (int byte = 1; byte < 256; ++byte) names.push_back({'x', char(byte), 'y'});
    Statistics hostile;
    for (const auto& name : names) {
        hostile.by_validator.push_back({name, counts()});
        hostile.by_pair.push_back({name, name, {}});
    }
    const auto csv = render_csv(hostile), text = render_json(hostile);
    for (const char c : csv + text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool steers = (byte < 0x20 && c != '\n') || byte == 0x7f;
        CHECK_FALSE(steers);
    }
    const auto rows = read_csv(csv);
    CHECK(rows.size() == 1 + names.size());
    for (std::size_t i = 0; i < names.size(); ++i) CHECK(rows[i + 1].at("generations") == "1234");
    CHECK(rows[1].at("name") == json::value(names[0]));
    const auto value = read_json(text);
    CHECK(value.at("by_validator").as_array().size() == names.size());
    CHECK(value.at("by_validator").at(0).at("name") == json::value(names[0]));
    CHECK(value.at("by_validator").at(3).at("name") == json::value(names[3]));
    CHECK(value.at("by_pair").at(9).at("hotkey") == json::value(names[9]));
}

TEST_CASE("numbers that are none do not make JSON or CSV that cannot be read") {
    Statistics odd;
    odd.all = counts();
    odd.all.mean_score = std::numeric_limits<double>::quiet_NaN();
    odd.all.reward = std::numeric_limits<double>::infinity();
    odd.all.median_score = 1e300;
    odd.all.generations = std::numeric_limits<std::int64_t>::max() / 1024 * 1024;
    const auto value = read_json(render_json(odd));
    CHECK(value.at("all").at("mean_score").is_null());
    CHECK(value.at("all").at("reward").is_null());
    CHECK(value.at("all").at("median_score").as_double() == near(1e300));
    const auto rows = read_csv(render_csv(odd));
    CHECK(rows[0].at("mean_score") == "");
    CHECK(rows[0].at("reward") == "");
}
