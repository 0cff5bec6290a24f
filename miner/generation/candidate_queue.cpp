#include "miner/generation/candidate_queue.hpp"

#include <algorithm>

namespace miner {
namespace {

// True for as long as it lives.
class Raised {
public:
    explicit Raised(bool& flag) : flag_(flag) { flag_ = true; }
    Raised(const Raised&) = delete;
    Raised& operator=(const Raised&) = delete;
    ~Raised() { flag_ = false; }

private:
    bool& flag_;
};

}  // namespace

void CandidateQueue::put(Made made) {
    made_.push_back(std::move(made));
    changed_.happen();
}

void CandidateQueue::close() {
    closed_ = true;
    changed_.happen();
}

bool CandidateQueue::has_room() const {
    return std::none_of(made_.begin(), made_.end(),
                        [](const Made& made) { return made.has_splats(); });
}

boost::asio::awaitable<void> CandidateQueue::until(bool (CandidateQueue::*holds)() const,
                                                   std::stop_token stop) {
    const std::stop_callback hurry(stop, [this] { changed_.happen(); });
    while (!(this->*holds)() && !stop.stop_requested()) co_await changed_.wait();
}

boost::asio::awaitable<void> CandidateQueue::until_room(std::stop_token stop) {
    const Raised waits(maker_waits_);
    changed_.happen();
    co_await until(&CandidateQueue::has_room, stop);
}

boost::asio::awaitable<void> CandidateQueue::until_finished(std::stop_token stop) {
    const Raised waits(maker_waits_);
    changed_.happen();
    co_await until(&CandidateQueue::has_finished, stop);
}

boost::asio::awaitable<std::optional<CandidateQueue::Made>> CandidateQueue::take(
    std::stop_token stop) {
    {
        const Raised takes(taking_);
        changed_.happen();
        co_await until(&CandidateQueue::has_next, stop);
    }
    std::optional<Made> next;
    if (!made_.empty() && !stop.stop_requested()) {
        next = std::move(made_.front());
        made_.pop_front();
        changed_.happen();  // there is room
    }
    co_return next;
}

boost::asio::awaitable<void> CandidateQueue::until_not_making(std::stop_token stop) {
    co_await until(&CandidateQueue::is_not_making, stop);
}

}  // namespace miner
