// Which of several nodes to try next, and after what pause. Decides only: the clock's differences
// and the random number are passed in.
#pragma once

#include "network/backoff.hpp"

#include <chrono>
#include <cstddef>

namespace network {

class Failover {
public:
    // A connection that lived for `settled` was a good one: what failed before it is forgotten.
    Failover(std::size_t nodes, Backoff::Settings backoff, std::chrono::milliseconds settled)
        : nodes_(nodes), settled_(settled), backoff_(backoff) {}

    std::size_t current() const { return current_; }

    // The current node failed after it had served for `lived` (0: it never did). Moves on to the
    // next one, and says how long to wait first: not at all until each node has had its turn.
    std::chrono::milliseconds lost(std::chrono::milliseconds lived, double random) {
        if (lived >= settled_) {
            backoff_.after_success();
            failures_ = 0;
        }
        current_ = (current_ + 1) % nodes_;
        return ++failures_ % nodes_ == 0 ? backoff_.after_failure(random)
                                         : std::chrono::milliseconds(0);
    }

private:
    std::size_t nodes_;
    std::chrono::milliseconds settled_;
    Backoff backoff_;
    std::size_t current_ = 0;
    std::size_t failures_ = 0;  // in a row
};

}  // namespace network
