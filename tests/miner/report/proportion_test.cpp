#include "miner/report/proportion.hpp"

#include "tests/support/catch.hpp"

#include <cmath>
#include <random>
#include <vector>

using namespace miner;

TEST_CASE("a share's interval is Wilson's") {
    // Newcombe 1998a, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    const auto of = [](std::int64_t part, std::int64_t whole) {
        return wilson({.part = part, .whole = whole});
    };
    CHECK(of(81, 263).low == Approx(0.2553).margin(5e-5));
    CHECK(of(81, 263).high == Approx(0.3662).margin(5e-5));
    CHECK(of(15, 148).low == Approx(0.0624).margin(5e-5));
    CHECK(of(15, 148).high == Approx(0.1605).margin(5e-5));
    CHECK(of(0, 20).low == 0);
    CHECK(of(0, 20).high == Approx(0.1611).margin(5e-5));
    CHECK(of(1, 29).low == Approx(0.0061).margin(5e-5));
    CHECK(of(1, 29).high == Approx(0.1718).margin(5e-5));
    CHECK(of(20, 20).high == 1);
    CHECK(of(0, 0).low == 0);
    CHECK(of(0, 0).high == 1);
}

TEST_CASE("the interval of a difference of shares is Newcombe's") {
    // Newcombe 1998b, table II, method 10.
    const auto check = [](Share a, Share b, double low, double high) {
        const auto interval = difference(a, b);
        CHECK(interval.low == Approx(low).margin(5e-5));
        CHECK(interval.high == Approx(high).margin(5e-5));
    };
    check({56, 70}, {48, 80}, 0.0524, 0.3339);
    check({9, 10}, {3, 10}, 0.1705, 0.8090);
    check({5, 56}, {0, 29}, -0.0381, 0.1926);
    check({10, 10}, {0, 20}, 0.6791, 1.0);
    check({0, 0}, {3, 10}, -1, 1);
}

TEST_CASE("of means that are equal, about one in twenty is told apart") {
    std::mt19937_64 engine(7);
    std::normal_distribution<double> normal(0.7, 0.1);
    int apart = 0;
    for (int i = 0; i < 2'000; ++i) {
        std::vector<double> a(40), b(60);
        for (auto* sample : {&a, &b})
            for (double& value : *sample) value = normal(engine);
        const auto interval = difference(mean(a), mean(b)).interval();
        apart += interval.low > 0 || interval.high < 0;
    }
    CHECK(apart > 60);
    CHECK(apart < 150);
}

TEST_CASE("one value has a mean without an interval") {
    const double one[] = {0.5};
    CHECK(std::isnan(mean(one).value));
    CHECK(mean({}).count == 0);
    const double two[] = {0.4, 0.6};
    CHECK(mean(two).value == Approx(0.5));
    CHECK(mean(two).error == Approx(0.1));
}
