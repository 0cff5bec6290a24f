// Until when candidates may be made: a result that is judged within the validator's throttle period
// after its pull wins nothing by being early (ops/docs/scoring.md). Pure: the time is passed in.
#pragma once

#include "config/settings.hpp"
#include "miner/runtime/clock.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <string>

namespace miner {

class CandidateTime {
public:
    using Time = BootClock::time_point;

    explicit CandidateTime(config::Candidates settings) : settings_(std::move(settings)) {}

    // A submission was answered, after so long.
    void submitted(const std::string& validator, std::chrono::milliseconds took);

    // When a result must be on its way to be judged in time. throttle_period: seconds, as the
    // validator said with the task; what makes no sense counts as 0, more than two minutes as two.
    Time until(const std::string& validator, Time pulled, double throttle_period) const;

private:
    std::chrono::milliseconds way(const std::string& validator) const;

    config::Candidates settings_;
    std::map<std::string, std::deque<std::chrono::milliseconds>> took_;  // the last few
};

}  // namespace miner
