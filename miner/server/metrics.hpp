// The miner's numbers for Prometheus, counted since the start from the pipeline's events. Lives on
// io. ops/monitoring uses these names.
#pragma once

#include "miner/server/calibrations.hpp"
#include "miner/server/state.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace miner {

using WallClock = std::chrono::system_clock;

class Metrics {
public:
    explicit Metrics(WallClock::time_point start);
    ~Metrics();

    void pulled(const Pulled& pulled);
    void attempt(const storage::Attempt& attempt);
    void completed(const storage::Attempt& attempt);  // its score may be predicted now
    void turn(const Turn& turn, WallClock::time_point now);
    // How far predicted scores can be trusted by now.
    void calibrated(const std::vector<KindPredictions>& kinds);
    // A call of /generate that ended: "made", "sparse", "bad_picture", "late", "full", "gone",
    // "error". "full", too, when it was not let in.
    void generated(std::string_view end, double seconds);
    // Of /generate, at this moment; places: that can be made at once.
    struct Calls {
        std::size_t waiting = 0, at_work = 0, places = 0;
    };
    void calls(Calls calls);
    void answered(unsigned status);  // by the HTTP server

    // What is true at this moment, then everything in Prometheus's text format. `folder`: whose
    // disk is looked at.
    std::string render(const State& state, const std::filesystem::path& folder, State::Time now);

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace miner
