#include "miner/report/proportion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace miner {
namespace {

constexpr double kZ = 1.959963984540054;  // of the normal distribution, 2.5 % on either side

}  // namespace

Interval wilson(const Share& share) {
    if (share.whole <= 0) return {0, 1};
    const double n = double(share.whole), p = share.value(), z2 = kZ * kZ;
    const double centre = p + z2 / (2 * n);
    const double half = kZ * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return {std::max(0.0, (centre - half) / (1 + z2 / n)),
            std::min(1.0, (centre + half) / (1 + z2 / n))};
}

Interval difference(const Share& a, const Share& b) {
    if (a.whole <= 0 || b.whole <= 0) return {-1, 1};
    const auto of_a = wilson(a), of_b = wilson(b);
    const double d = a.value() - b.value();
    return {d - std::hypot(a.value() - of_a.low, of_b.high - b.value()),
            d + std::hypot(of_a.high - a.value(), b.value() - of_b.low)};
}

Interval Mean::interval() const { return {value - kZ * error, value + kZ * error}; }

Mean mean(std::span<const double> values) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    const auto count = std::int64_t(values.size());
    if (count < 2) return {count, kNone, kNone};
    double sum = 0, squares = 0;
    for (const double value : values) sum += value;
    const double middle = sum / double(count);
    for (const double value : values) squares += (value - middle) * (value - middle);
    return {count, middle, std::sqrt(squares / double(count - 1) / double(count))};
}

Mean difference(const Mean& a, const Mean& b) {
    return {std::min(a.count, b.count), a.value - b.value, std::hypot(a.error, b.error)};
}

}  // namespace miner
