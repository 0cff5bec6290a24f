#include "storage/distribution.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace storage;

namespace {

double rounded(double milliseconds) { return time_of_bucket(bucket_of_time(milliseconds)); }

// The same by the formula: three digits, whatever the power of ten.
double three_digits(double value) {
    const double unit = std::pow(10.0, std::floor(std::log10(value)) - 2);
    return std::round(value / unit) * unit;
}

}  // namespace

TEST_CASE("times are kept to three significant digits") {
    CHECK(rounded(0) == 0);
    CHECK(rounded(0.0009) == 0);
    CHECK(rounded(0.001) == 0.001);
    CHECK(rounded(0.12345) == 0.123);
    CHECK(rounded(30.5) == 30.5);
    CHECK(rounded(480.125) == 480);
    CHECK(rounded(999.4) == 999);
    CHECK(rounded(999.6) == 1000);
    CHECK(rounded(1004) == 1000);
    CHECK(rounded(12'345) == 12'300);
    CHECK(rounded(86'400'000) == 86'400'000);
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> power(-2.99, 14.99);
    for (int i = 0; i < 10'000; ++i) {
        const double value = std::pow(10.0, power(random));
        CHECK(rounded(value) == Approx(three_digits(value)).epsilon(1e-12));
    }
    for (const double exact : {1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3, 1e6, 1e12})
        CHECK(rounded(exact) == exact);
}

TEST_CASE("what is no time, or longer than any, has a place all the same") {
    CHECK(rounded(-5) == 0);
    CHECK(rounded(std::numeric_limits<double>::quiet_NaN()) == 0);
    CHECK(rounded(std::numeric_limits<double>::infinity()) == 1e15);
    CHECK(rounded(1e300) == 1e15);
}

TEST_CASE("longer times have higher buckets") {
    auto last = bucket_of_time(0);
    for (double value = 0.001; value < 1e15; value *= 1.011) {
        CHECK(bucket_of_time(value) > last);
        last = bucket_of_time(value);
    }
}

TEST_CASE("scores are kept to four decimals") {
    CHECK(score_of_bucket(bucket_of_score(0)) == 0);
    CHECK(score_of_bucket(bucket_of_score(1)) == 1);
    CHECK(score_of_bucket(bucket_of_score(0.73456)) == 0.7346);
    CHECK(score_of_bucket(bucket_of_score(-1)) == 0);
    CHECK(score_of_bucket(bucket_of_score(1e300)) == 6.5535);
}

TEST_CASE("ranks are those of the sorted values, for few and for many") {
    std::mt19937_64 random(3);
    for (const int count : {1, 2, 3, 100, 2048, 2049, 10'000}) {
        Distribution distribution;
        std::vector<std::uint16_t> values;
        for (int i = 0; i < count; ++i) {
            const auto value = std::uint16_t(random() % (count > 100 ? 65'536 : 7));
            values.push_back(value);
            distribution.add(value);
        }
        std::sort(values.begin(), values.end());
        REQUIRE(distribution.count() == count);
        for (const int rank : {0, count / 3, count / 2, count - 1})
            CHECK(distribution.at(rank) == values[std::size_t(rank)]);
        CHECK(distribution.percentile(0.9) == values[std::size_t(std::ceil(0.9 * count)) - 1]);
        CHECK(distribution.percentile(0) == values.front());
        CHECK(distribution.percentile(1) == values.back());
    }
    CHECK(Distribution().percentile(0.5) == 0);
}

TEST_CASE("sums are the distribution of all, and survive packing") {
    std::mt19937_64 random(5);
    for (const int count : {10, 5'000, 200'000}) {
        Distribution all, one, other;
        for (int i = 0; i < count; ++i) {
            const auto value = std::uint16_t(random() % 400);
            all.add(value);
            (i % 3 == 0 ? one : other).add(value);
        }
        one.add(other);
        Distribution read;
        REQUIRE(read.add_packed(one.packed()));
        REQUIRE(read.count() == count);
        for (const double share : {0.0, 0.1, 0.5, 0.9, 1.0}) {
            CHECK(one.percentile(share) == all.percentile(share));
            CHECK(read.percentile(share) == all.percentile(share));
        }
    }
}

TEST_CASE("a number that came more often than 16 bits hold is packed several times") {
    Distribution often;
    often.add(7, 200'000);
    CHECK(often.packed().size() == 4 * 4);
    Distribution read;
    REQUIRE(read.add_packed(often.packed()));
    CHECK(read.count() == 200'000);
    CHECK(read.at(199'999) == 7);
}

TEST_CASE("nothing is packed as nothing, and half an entry is refused") {
    CHECK(Distribution().packed().empty());
    Distribution distribution;
    CHECK(distribution.add_packed({}));
    const std::vector<std::uint8_t> half{1, 0, 1};
    CHECK_FALSE(distribution.add_packed(half));
    CHECK(distribution.count() == 0);
}
