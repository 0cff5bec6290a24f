// How many turns may be without a result at a time: so many, that one's network and disk run under
// another's computing, and no task waits long for a backend. A turn that goes on to candidates
// gives its slot to another. Lives on io.
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
        explicit Slot(Slots& slots) : slots_(&slots) { --slots.free_; }
        Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot() { release(); }

        void release() {
            if (auto* slots = std::exchange(slots_, nullptr)) {
                ++slots->free_;
                slots->freed_.happen();
            }
        }

    private:
        Slots* slots_;
    };

    Slots(boost::asio::any_io_executor io, std::size_t count) : free_(count), freed_(io) {}

    // Waits until one is free.
    boost::asio::awaitable<Slot> take() {
        while (free_ == 0) {
            co_await freed_.wait();
        }
        co_return Slot(*this);
    }

    std::size_t free() const { return free_; }

private:
    std::size_t free_;
    network::Event freed_;
};

}  // namespace miner
