#include "miner/worker.hpp"

#include <algorithm>
#include <chrono>

namespace miner {

std::optional<Roster::Choice> Roster::next(std::int64_t now_s) {
    for (std::size_t i = 0; i < identities_.size(); ++i) {
        auto& who = identities_[(first_ + i) % identities_.size()];
        if (!who.registered) continue;
        if (auto validator = who.schedule.next(now_s)) {
            first_ = (first_ + i + 1) % identities_.size();
            return Choice{&who, std::move(*validator)};
        }
    }
    return std::nullopt;
}

std::optional<std::int64_t> Roster::next_turn(std::int64_t now_s) const {
    std::optional<std::int64_t> soonest;
    for (const auto& who : identities_) {
        if (!who.registered) continue;
        const auto turn = who.schedule.next_turn(now_s);
        if (turn && (!soonest || *turn < *soonest)) soonest = turn;
    }
    return soonest;
}

asio::awaitable<void> work(Roster& roster, Pipeline& pipeline, Stop& stop,
                           std::chrono::milliseconds idle, std::function<bool()> finished) {
    using namespace std::chrono;
    while (!stop.asked()) {
        if (finished && finished()) {
            stop.ask();
            break;
        }
        const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
        const auto now_s = duration_cast<seconds>(now).count();
        // A task that nobody here can do is better left with its validator.
        if (!pipeline.able()) {
            co_await stop.sleep(idle);
            continue;
        }
        if (auto choice = roster.next(now_s)) {
            co_await pipeline.turn(*choice->who, std::move(choice->validator));
            continue;
        }
        auto pause = idle;
        // The schedule counts whole seconds: wake at the beginning of the one in question.
        if (const auto turn = roster.next_turn(now_s))
            pause = std::clamp(milliseconds(*turn * 1000) - now, milliseconds(10), idle);
        co_await stop.sleep(pause);
    }
}

}  // namespace miner
