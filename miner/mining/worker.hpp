// Does turns, as many at a time as backends can make and validators take: whatever hotkey and
// validator is next, until it is asked to stop. Lives on io.
#pragma once

#include "miner/mining/identity.hpp"
#include "miner/mining/pipeline.hpp"
#include "miner/mining/slots.hpp"
#include "miner/runtime/clock.hpp"

#include <functional>
#include <span>
#include <vector>

namespace miner {

// Hotkeys in turn, so that none starves however many there are.
class Roster {
public:
    explicit Roster(std::vector<Identity> identities) : identities_(std::move(identities)) {}

    struct Choice {
        Identity* who;
        Validator validator;
    };

    // Who asks whom now; empty: nobody can be asked.
    std::optional<Choice> next(Schedule::Time now);
    // The earliest time somebody can be asked.
    std::optional<Schedule::Time> next_turn(Schedule::Time now) const;

    // For whoever keeps validators and registration up to date. The references stay valid.
    std::span<Identity> identities() { return identities_; }

private:
    std::vector<Identity> identities_;
    std::size_t first_ = 0;  // who is asked first the next time
};

// A turn has a slot until its result stands: candidates are made, and results submitted, besides,
// so that validators who take their time to judge keep nobody else waiting. Of one hotkey each
// validator has one turn at a time. Looks at the clock at least every `idle`, so that a machine
// that slept is up to date soon. `finished` is polled between turns; when it says so, everything is
// asked to stop. Empty: run on.
asio::awaitable<void> work(Roster& roster, Pipeline& pipeline, Slots& slots, Stop& stop,
                           std::chrono::milliseconds idle, std::function<bool()> finished,
                           Clocks clocks = {});

}  // namespace miner
