// Whose turn it is at a backend that makes more than what its requests ask for: a request without
// any result goes before one that makes its second candidate, that before one at its third, and so
// on. Lives on io.
#pragma once

#include "network/event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <stop_token>

namespace miner {

class Precedence {
public:
    // A request's place, for as long as it lives. 0: it has no result yet.
    class Place {
    public:
        explicit Place(Precedence& precedence)
            : precedence_(precedence), at_(precedence.ranks_.insert(0)) {}
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { leave(); }

        void move_to(int rank) {
            leave();
            at_ = precedence_.ranks_.insert(rank);
        }
        int rank() const { return *at_; }

    private:
        void leave() {
            precedence_.ranks_.erase(at_);
            precedence_.changed();
        }

        Precedence& precedence_;
        std::multiset<int>::iterator at_;
    };

    // Returns once nobody goes before `place`; false when that is not so by `until`, or when `stop`
    // fires, which must happen on io.
    boost::asio::awaitable<bool> turn(const Place& place,
                                      std::chrono::steady_clock::time_point until,
                                      std::stop_token stop);

private:
    void changed() {
        if (changed_) changed_->happen();
    }

    std::multiset<int> ranks_;
    std::optional<network::Event> changed_;  // since somebody waits
};

}  // namespace miner
