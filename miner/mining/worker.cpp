#include "miner/mining/worker.hpp"

#include "miner/runtime/crew.hpp"
#include "network/event.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

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

namespace {

// Turns for each slot that are not submitting yet: those beyond the slots make candidates.
constexpr std::size_t kTurnsOfASlot = 4;
// Turns with nothing left to do but to submit. Each holds its result as text, some 10 MB.
constexpr std::size_t kMostSubmitting = 32;

constexpr std::chrono::seconds kLookForSlots{1};

class Work {
public:
    struct Parts {
        Roster& roster;
        Pipeline& pipeline;
        Slots& slots;
        Stop& stop;
        std::chrono::milliseconds idle;
        std::function<bool()> finished;
        Clocks clocks;
    };

    Work(asio::any_io_executor io, Parts parts) : p_(std::move(parts)), turns_(io), change_(io) {}

    // The turns that it has begun have ended when it returns, and when it throws.
    asio::awaitable<void> run() {
        std::exception_ptr failure;
        try {
            auto beginning = begin_turns();
            co_await std::move(beginning);
        } catch (...) {
            failure = std::current_exception();
            p_.stop.now();
        }
        auto ending = turns_.until_ended();
        co_await std::move(ending);
        if (failure) std::rethrow_exception(failure);
    }

private:
    // Of one turn that has begun.
    struct InHand {
        InHand(Work& of, Slots::Slot taken, const Roster::Choice& choice)
            : work(of), hold(choice.who->schedule, choice.validator), slot(std::move(taken)) {
            ++work.making_;
        }
        ~InHand() { submitting(); }

        void submitting() {
            slot.release();
            if (std::exchange(makes, false)) --work.making_;
            work.changed();
        }

        Work& work;
        Schedule::Hold hold;
        Slots::Slot slot;
        bool makes = true;
    };

    asio::awaitable<void> begin_turns() {
        while (!p_.stop.asked() && !turns_.failed()) {
            if (p_.finished && p_.finished()) {
                p_.stop.ask();
                break;
            }
            auto step = next();
            co_await std::move(step);
        }
    }

    // Begins a turn, or waits for what may let one begin.
    asio::awaitable<void> next() {
        const auto seen = changes_;
        if (!has_room()) {
            // Slots may come, too, where a balancer grows.
            auto waiting = wait(seen, std::min<std::chrono::milliseconds>(p_.idle, kLookForSlots));
            co_await std::move(waiting);
            co_return;
        }
        auto taking = p_.slots.take();
        auto slot = co_await std::move(taking);
        if (p_.stop.asked()) co_return;
        // A task that nobody here can do is better left with its validator.
        if (!p_.pipeline.able()) {
            slot.release();
            co_await p_.stop.sleep(p_.idle);
            co_return;
        }
        const auto seen_last = changes_;
        const auto now = p_.clocks.boot();
        if (auto choice = p_.roster.next(now)) {
            // From here on: the turn itself begins later.
            choice->who->schedule.reserve(choice->validator, now);
            auto in_hand = std::make_unique<InHand>(*this, std::move(slot), *choice);
            turns_.add(guarded(turn(std::move(*choice), std::move(in_hand)), p_.stop));
            co_return;
        }
        slot.release();
        auto pause = p_.idle;
        if (const auto turn = p_.roster.next_turn(now))
            pause = std::clamp(*turn - now, std::chrono::milliseconds(1), p_.idle);
        auto waiting = wait(seen_last, pause);
        co_await std::move(waiting);
    }

    asio::awaitable<void> turn(Roster::Choice choice, std::unique_ptr<InHand> in_hand) {
        TurnProgress progress{
            .gate_decided = [&in_hand] { in_hand->slot.release(); },
            .submitting = [&in_hand] { in_hand->submitting(); },
        };
        auto doing =
            p_.pipeline.turn(*choice.who, std::move(choice.validator), std::move(progress));
        co_await std::move(doing);
    }

    bool has_room() const {
        const auto most = std::max<std::size_t>(p_.slots.count(), 1) * kTurnsOfASlot;
        return making_ < most && turns_.size() < most + kMostSubmitting;
    }

    void changed() {
        ++changes_;
        change_.happen();
    }

    // Until a turn has come further than when there were `seen` changes, or for so long.
    asio::awaitable<void> wait(std::uint64_t seen, std::chrono::milliseconds pause) {
        auto waiting = until_changed(seen, std::chrono::steady_clock::now() + pause);
        auto either = p_.stop.unless_asked(std::move(waiting));
        co_await std::move(either);
    }
    asio::awaitable<bool> until_changed(std::uint64_t seen, network::Event::Time until) {
        while (changes_ == seen && std::chrono::steady_clock::now() < until) {
            co_await change_.wait(until);
        }
        co_return changes_ != seen;
    }

    Parts p_;
    std::size_t making_ = 0;  // turns that are not submitting yet
    std::uint64_t changes_ = 0;
    Crew turns_;
    network::Event change_;
};

}  // namespace

asio::awaitable<void> work(Roster& roster, Pipeline& pipeline, Slots& slots, Stop& stop,
                           std::chrono::milliseconds idle, std::function<bool()> finished,
                           Clocks clocks) {
    // Names of their own: g++ 12 destroys temporaries beside a co_await twice.
    const auto io = co_await asio::this_coro::executor;
    Work work(io, {roster, pipeline, slots, stop, idle, std::move(finished), std::move(clocks)});
    auto running = work.run();
    co_await std::move(running);
}

}  // namespace miner
