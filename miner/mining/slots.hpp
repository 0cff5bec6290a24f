// How many turns may be without a result at a time: so many, that one's network and disk run under
// another's computing, and no task waits long for a backend. A turn that goes on to candidates,
// or to submit, gives its slot to another. Their number may change: of fewer, those taken are left
// to their turns. Lives on io.
#pragma once

#include "network/event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <utility>

namespace miner {

class Slots {
public:
    // For as long as it lives, or until it is released.
    class Slot {
    public:
        explicit Slot(Slots& slots) : slots_(&slots) { ++slots.taken_; }
        Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot() { release(); }

        void release() {
            if (auto* slots = std::exchange(slots_, nullptr)) {
                --slots->taken_;
                slots->freed_.happen();
            }
        }

    private:
        Slots* slots_;
    };

    Slots(boost::asio::any_io_executor io, std::size_t count) : count_(count), freed_(io) {}

    // Waits until one is free.
    boost::asio::awaitable<Slot> take() {
        while (free() == 0) {
            co_await freed_.wait();
        }
        co_return Slot(*this);
    }

    std::size_t free() const { return count_ > taken_ ? count_ - taken_ : 0; }
    std::size_t count() const { return count_; }
    void set_count(std::size_t count) {
        count_ = count;
        freed_.happen();
    }

private:
    std::size_t count_, taken_ = 0;
    network::Event freed_;
};

}  // namespace miner
