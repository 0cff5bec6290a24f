#include "miner/mining/candidate_time.hpp"

#include <algorithm>

namespace miner {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kRemembered = 5;
constexpr double kLongestThrottle = 120;  // seconds; validators have 30

}  // namespace

void CandidateTime::submitted(const std::string& validator, milliseconds took) {
    auto& last = took_[validator];
    last.push_back(took);
    if (last.size() > kRemembered) last.pop_front();
}

// The slowest of the last, as its answers come when it has judged, and others wait there, too.
milliseconds CandidateTime::way(const std::string& validator) const {
    const auto known = took_.find(validator);
    if (known == took_.end()) return settings_.way;
    return *std::max_element(known->second.begin(), known->second.end());
}

CandidateTime::Time CandidateTime::until(const std::string& validator, Time pulled,
                                         double throttle_period) const {
    auto window = settings_.window;
    if (window == milliseconds(0) && throttle_period > 0)  // NaN is not
        window = milliseconds(std::int64_t(1000 * std::min(throttle_period, kLongestThrottle)));
    return pulled + window - way(validator) - settings_.margin;
}

}  // namespace miner
