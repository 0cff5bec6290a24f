// Shares and means with the interval in which they lie: what a few tasks can tell, and what not.
// Pure.
#pragma once

#include <cstdint>
#include <span>

namespace miner {

// So many of so many.
struct Share {
    std::int64_t part = 0, whole = 0;

    double value() const { return whole > 0 ? double(part) / double(whole) : 0; }
    void count(bool counts) {
        part += counts;
        ++whole;
    }
};

struct Interval {
    double low = 0, high = 0;
};

// The 95 % interval of the chance behind a share (Wilson 1927): within 0 and 1, and sound for few
// and for all or none; 0 to 1 for a share of nothing.
Interval wilson(const Share& share);

// The 95 % interval of the chance behind `a` less the one behind `b` (Newcombe 1998, method 10).
Interval difference(const Share& a, const Share& b);

// A mean with its 95 % interval, taken as normal: for 30 values or more. NaN for fewer than two.
struct Mean {
    std::int64_t count = 0;
    double value = 0, error = 0;  // error: the mean's standard deviation

    Interval interval() const;
};
Mean mean(std::span<const double> values);

// Of the means of two samples that know nothing of one another: a - b (Welch).
Mean difference(const Mean& a, const Mean& b);

}  // namespace miner
