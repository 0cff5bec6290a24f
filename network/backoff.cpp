#include "network/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace network {

std::chrono::milliseconds Backoff::after_failure(double random) {
    const double doubled = std::ldexp(double(settings_.first.count()), std::min(failures_, 30));
    const double nominal = std::min(doubled, double(settings_.longest.count()));
    ++failures_;
    return std::chrono::milliseconds(
        std::llround(nominal * (1 + settings_.jitter * (2 * random - 1))));
}

}  // namespace network
