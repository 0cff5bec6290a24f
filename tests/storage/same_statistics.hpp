// Whether two statistics say the same.
#pragma once

#include "storage/report.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace tests {

// Sums of scores differ by the order in which they are added up.
inline void check_same(const storage::Counts& a, const storage::Counts& b) {
    CHECK(a.generations == b.generations);
    CHECK(a.passed_at_once == b.passed_at_once);
    CHECK(a.sparse_first == b.sparse_first);
    CHECK(a.retries == b.retries);
    CHECK(a.candidates == b.candidates);
    CHECK(a.retry_passed == b.retry_passed);
    CHECK(a.retry_improved == b.retry_improved);
    CHECK(a.rejected == b.rejected);
    CHECK(a.withheld == b.withheld);
    CHECK(a.errors == b.errors);
    CHECK(a.skipped == b.skipped);
    CHECK(a.submissions == b.submissions);
    CHECK(a.accepted == b.accepted);
    CHECK(a.zero_scores == b.zero_scores);
    CHECK(a.not_scored == b.not_scored);
    REQUIRE(a.mean_score.has_value() == b.mean_score.has_value());
    if (a.mean_score) CHECK(*a.mean_score == Approx(*b.mean_score));
    CHECK(a.median_score == b.median_score);
    CHECK(a.last_accepted == b.last_accepted);
    CHECK(a.reward == b.reward);
}

inline void check_same(std::vector<storage::Group> a, std::vector<storage::Group> b) {
    const auto by_name = [](const auto& one, const auto& other) { return one.name < other.name; };
    std::sort(a.begin(), a.end(), by_name);
    std::sort(b.begin(), b.end(), by_name);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        INFO("group " << a[i].name);
        CHECK(a[i].name == b[i].name);
        check_same(a[i].counts, b[i].counts);
    }
}

inline void check_same(const storage::Statistics& a, const storage::Statistics& b) {
    check_same(a.all, b.all);
    for (const auto groups : {&storage::Statistics::by_validator, &storage::Statistics::by_hotkey,
                              &storage::Statistics::by_kind, &storage::Statistics::by_route,
                              &storage::Statistics::by_day})
        check_same(a.*groups, b.*groups);
    std::vector<storage::Group> pairs_a, pairs_b;
    for (const auto& pair : a.by_pair)
        pairs_a.push_back({pair.validator + " " + pair.hotkey, pair.counts});
    for (const auto& pair : b.by_pair)
        pairs_b.push_back({pair.validator + " " + pair.hotkey, pair.counts});
    check_same(pairs_a, pairs_b);
    REQUIRE(a.stages.size() == b.stages.size());
    for (std::size_t i = 0; i < a.stages.size(); ++i) {
        INFO("stage " << a.stages[i].stage);
        CHECK(a.stages[i].stage == b.stages[i].stage);
        CHECK(a.stages[i].count == b.stages[i].count);
        CHECK(a.stages[i].p50 == b.stages[i].p50);
        CHECK(a.stages[i].p90 == b.stages[i].p90);
        CHECK(a.stages[i].p99 == b.stages[i].p99);
    }
    CHECK(a.first == b.first);
    CHECK(a.newest == b.newest);
}

}  // namespace tests
