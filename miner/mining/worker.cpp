#include "miner/mining/worker.hpp"

#include <algorithm>
#include <chrono>

namespace miner {

std::optional<Roster::Choice> Roster::next(Schedule::Time now) {
    for (std::size_t i = 0; i < identities_.size(); ++i) {
        auto& who = identities_[(first_ + i) % identities_.size()];
        if (!who.registered) continue;
        if (auto validator = who.schedule.next(now)) {
            first_ = (first_ + i + 1) % identities_.size();
            return Choice{&who, std::move(*validator)};
        }
    }
    return std::nullopt;
}

std::optional<Schedule::Time> Roster::next_turn(Schedule::Time now) const {
    std::optional<Schedule::Time> soonest;
    for (const auto& who : identities_) {
        if (!who.registered) continue;
        const auto turn = who.schedule.next_turn(now);
        if (turn && (!soonest || *turn < *soonest)) soonest = turn;
    }
    return soonest;
}

asio::awaitable<void> work(Roster& roster, Pipeline& pipeline, Slots& slots, Stop& stop,
                           std::chrono::milliseconds idle, std::function<bool()> finished,
                           Clocks clocks) {
    while (!stop.asked()) {
        if (finished && finished()) {
            stop.ask();
            break;
        }
        // A task that nobody here can do is better left with its validator.
        if (!pipeline.able()) {
            co_await stop.sleep(idle);
            continue;
        }
        auto slot = co_await slots.take();
        if (stop.asked()) break;
        const auto now = clocks.boot();
        if (auto choice = roster.next(now)) {
            std::function<void()> gate_decided = [&slot] { slot.release(); };
            co_await pipeline.turn(*choice->who, std::move(choice->validator),
                                   std::move(gate_decided));
            continue;
        }
        slot.release();
        auto pause = idle;
        if (const auto turn = roster.next_turn(now))
            pause = std::clamp(*turn - now, std::chrono::milliseconds(1), idle);
        co_await stop.sleep(pause);
    }
}

}  // namespace miner
