// What a device has made of candidates waits here for its health, encoding and prediction. Two
// coroutines of io share it: one makes, the other finishes what was made, in order, meanwhile.
#pragma once

#include "generator/generator.hpp"
#include "network/event.hpp"
#include "storage/attempt.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

namespace miner {

class CandidateQueue {
public:
    // A step of an attempt: its structure, or its splats.
    struct Made {
        int number = 0;                           // of the attempt
        std::optional<storage::Attempt> attempt;  // one that is new; its structure was made
        generator::GeneratedSplats generated;     // of one that was told before
        std::chrono::steady_clock::time_point begin;
        double before_ms = 0;  // that it took before it began

        bool has_splats() const { return generated.splats.size() > 0; }
    };

    explicit CandidateQueue(boost::asio::any_io_executor io) : changed_(io) {}

    // For whoever makes. Waiting ends when `stop` fires, too, which must happen on io.
    void put(Made made);
    void close();  // nothing is put any more
    // Until no splats wait to be finished: with those that are being finished and those that are
    // made next there are two candidates' at a time.
    boost::asio::awaitable<void> until_room(std::stop_token stop);
    // Until nothing waits to be finished, and nothing is.
    boost::asio::awaitable<void> until_finished(std::stop_token stop);

    // For whoever finishes: the next; nothing once there is none any more, or `stop` fires.
    boost::asio::awaitable<std::optional<Made>> take(std::stop_token stop);
    // Until nothing is being made.
    boost::asio::awaitable<void> until_not_making(std::stop_token stop);

private:
    boost::asio::awaitable<void> until(bool (CandidateQueue::*holds)() const, std::stop_token stop);
    bool has_room() const;
    bool has_finished() const { return taking_ && made_.empty(); }
    bool has_next() const { return closed_ || !made_.empty(); }
    bool is_not_making() const { return closed_ || maker_waits_; }

    network::Event changed_;
    std::deque<Made> made_;
    bool closed_ = false;
    bool taking_ = false;  // whoever finishes waits for something to finish
    bool maker_waits_ = false;
};

}  // namespace miner
