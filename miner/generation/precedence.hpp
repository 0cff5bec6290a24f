// Whose turn it is at a backend that makes more than what its requests ask for: a request without
// any result goes before one that makes its second candidate, that before one at its third, and so
// on. Lives on io.
#pragma once

#include "network/event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>

namespace miner {

class Precedence {
public:
    // Whether a request makes something at the backend, as far as that is not for others to allow.
    enum class At { work, rest };

    // A request's place, for as long as it lives. 0: it has no result yet. One at rest waits for
    // its turn, or for room there, or wants nothing more of it.
    class Place {
    public:
        explicit Place(Precedence& precedence, At at = At::work)
            : precedence_(precedence), at_(precedence.ranks_.insert(0)), resting_(at == At::rest) {
            if (resting_) ++precedence_.resting_;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            rest(false);
            leave();
        }

        // Those of one rank are in the order in which they came to it.
        void move_to(int rank) {
            precedence_.ranks_.erase(at_);
            at_ = precedence_.ranks_.insert(rank);
            precedence_.changed();
        }
        // Behind everybody, as nothing more is made for it.
        void retire() {
            rest(true);
            move_to(std::numeric_limits<int>::max());
        }
        int rank() const { return *at_; }

    private:
        friend class Precedence;

        void rest(bool resting) {
            if (resting == resting_) return;
            resting_ = resting;
            precedence_.resting_ += resting ? 1 : -1;
            if (resting && precedence_.rested_) precedence_.rested_();
        }
        void leave() {
            precedence_.ranks_.erase(at_);
            precedence_.changed();
        }

        Precedence& precedence_;
        std::multiset<int>::iterator at_;
        bool resting_;
    };

    // `place` is at rest for as long as this lives.
    class Rest {
    public:
        explicit Rest(Place& place) : place_(place) { place_.rest(true); }
        Rest(const Rest&) = delete;
        Rest& operator=(const Rest&) = delete;
        ~Rest() { place_.rest(false); }

    private:
        Place& place_;
    };

    // What the backend makes at once; may change.
    using Places = std::function<std::size_t()>;

    // Returns once nobody of a lower rank is before `place`, or no more than leave it one of the
    // backend's places; false when that is not so by `until`, or when `stop` fires, which must
    // happen on io. `place` is at rest meanwhile.
    boost::asio::awaitable<bool> turn(Place& place, Places places,
                                      std::chrono::steady_clock::time_point until,
                                      std::stop_token stop);

    // Requests that something is made for.
    std::size_t at_work() const { return ranks_.size() - std::size_t(resting_); }
    // Hears when one of them has come to rest.
    void on_rest(std::function<void()> rested) { rested_ = std::move(rested); }

private:
    bool is_turn_of(const Place& place, std::size_t places) const {
        const auto before =
            std::distance(ranks_.begin(), std::multiset<int>::const_iterator(place.at_));
        return *ranks_.begin() >= place.rank() || std::size_t(before) < places;
    }
    void changed() {
        if (changed_) changed_->happen();
    }

    std::multiset<int> ranks_;
    std::ptrdiff_t resting_ = 0;
    std::function<void()> rested_;
    std::optional<network::Event> changed_;  // since somebody waits
};

}  // namespace miner
