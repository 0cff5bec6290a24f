#include "tests/endure/level.hpp"
#include "tests/endure/soak_story.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

#include <cmath>
#include <fstream>
#include <iterator>
#include <random>

using namespace endure;

namespace {

// An hour at ten tasks a second; memory and descriptors rise and fall.
std::vector<Sample> quiet_hour() {
    std::mt19937 random(1);
    std::vector<Sample> samples;
    for (int i = 0; i < 720; ++i) {
        const double noise = double(random() % 1000);
        samples.push_back({.seconds = 5.0 * i,
                           .tasks = 50.0 * i,
                           .rss_kb = 40'000 + noise,
                           .heap_kb = 5'000 + noise,
                           .descriptors = 30.0 + double(i % 5),
                           .threads = 9,
                           .database_kb = 500 + 0.6 * 50 * i,
                           .wal_kb = 4'000,
                           .log_kb = 2'000 + noise,
                           .assets_kb = 1'500});
    }
    return samples;
}

template <class Change>
std::vector<std::string> broken_by(Change change) {
    auto samples = quiet_hour();
    for (auto& sample : samples) change(sample);
    return judge_levels(samples, {.log_kb = 3'000}).broken;
}

const auto kNone = std::vector<std::string>{};

}  // namespace

TEST_CASE("the slope of a line is found, whatever one in four of its points say") {
    std::vector<double> x, y;
    for (int i = 0; i < 1000; ++i) {
        x.push_back(i);
        y.push_back(i % 4 == 3 ? 1e9 : 3.0 * i + 7);
    }
    CHECK(std::abs(slope(x, y) - 3) < 0.01);
    CHECK(slope({1, 1, 1}, {1, 2, 3}) == 0);
    CHECK(slope({}, {}) == 0);
}

TEST_CASE("descriptors and threads that are more at last than is allowed are told of") {
    const Sample early{.descriptors = 40, .threads = 5};
    CHECK(risen(early, {.descriptors = 48, .threads = 7}, 8, 2) == kNone);
    CHECK(risen(early, {.descriptors = 30, .threads = 4}, 8, 2) == kNone);
    CHECK(risen(early, {.descriptors = 49, .threads = 7}, 8, 2) ==
          std::vector<std::string>{"descriptors went from 40 to 49"});
    CHECK(risen(early, {.descriptors = 40, .threads = 8}, 8, 2) ==
          std::vector<std::string>{"threads went from 5 to 8"});
}

TEST_CASE("what rises and falls is level, and what only rose at first") {
    CHECK(broken_by([](Sample&) {}) == kNone);
    CHECK(broken_by([](Sample& sample) {
              const auto warm = std::min(1.0, sample.seconds / 1000);
              sample.rss_kb *= warm;
              sample.heap_kb *= warm;
              sample.descriptors *= warm;
              sample.assets_kb *= warm;
          }) == kNone);
}

TEST_CASE("memory that grows by the hour or by the task is found") {
    const auto heap = broken_by([](Sample& sample) { sample.heap_kb += 3 * sample.seconds; });
    REQUIRE(heap.size() == 1);
    CHECK(heap[0].starts_with("heap grows by 10"));
    const auto leak = broken_by([](Sample& sample) { sample.rss_kb += 0.25 * sample.tasks; });
    REQUIRE(leak.size() == 1);
    CHECK(leak[0].starts_with("resident memory grows by "));
}

TEST_CASE("descriptors, threads and what is on the disk may not climb") {
    const auto late = [](const Sample& sample) { return sample.seconds > 3000; };
    CHECK(broken_by([&](Sample& sample) { sample.descriptors += 9 * late(sample); }).size() == 1);
    CHECK(broken_by([&](Sample& sample) { sample.threads += 3 * late(sample); }).size() == 1);
    CHECK(broken_by([&](Sample& sample) { sample.wal_kb += 9'000 * late(sample); }).size() == 1);
    CHECK(broken_by([&](Sample& sample) { sample.assets_kb *= 1 + 9 * late(sample); }).size() == 1);
    CHECK(broken_by([&](Sample& sample) { sample.log_kb += 4'000 * late(sample); }).size() == 1);
    CHECK(broken_by([](Sample& sample) {
              sample.database_kb += 1e-4 * sample.tasks * sample.tasks;
          }).size() == 1);
}

TEST_CASE("what did little, or was hardly looked at, is not called level") {
    CHECK(broken_by([](Sample& sample) { sample.tasks /= 1000; }).size() >= 3);
    CHECK(judge_levels({}).broken.size() == 1);
    CHECK(judge_levels(std::vector<Sample>(11)).broken.size() == 1);
}

TEST_CASE("a soak samples both processes at work, and its picture can be drawn") {
    const Place place;
    const auto csv = place.path() / "soak.csv";
    const auto figures =
        soak(std::chrono::milliseconds(0), std::chrono::milliseconds(200), 20, csv);
    for (const auto& words : figures.broken) {
        CAPTURE(words);
        // So short a soak says nothing of levels, but it must come to its end.
        CHECK((words.starts_with("mining: ") || words.starts_with("serving: ")));
    }
    for (const char* name : {"mining", "serving"}) {
        CAPTURE(name);
        const auto& curve = figures.curves.at(name);
        REQUIRE(curve.size() >= 2);
        const auto& last = curve.back();
        CHECK(last.tasks >= 20);
        CHECK(last.rss_kb > last.heap_kb);
        CHECK(last.heap_kb > 0);
        CHECK(last.descriptors > 5);
        CHECK(last.threads >= 4);
        CHECK(last.log_kb > 0);
    }
    CHECK(figures.curves.at("mining").back().database_kb > 0);
    CHECK(figures.curves.at("mining").back().assets_kb > 0);
    CHECK(figures.numbers.at("answers of the page") > 0);
    const auto picture = place.path() / "soak.svg";
    const auto drawn = tests::run_to_end(
        {.program = tests::python(),
         .arguments = {tests::project_path("ops/soak_picture.py"), csv.string(), picture.string()},
         .environment = {},
         .input = {},
         .folder = {},
         .largest_file = {}},
        kPatience);
    CHECK(drawn.err == "");
    std::ifstream stream(picture);
    const std::string svg{std::istreambuf_iterator<char>(stream), {}};
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.size() < 60'000);
}
