// Work on a device's lane, with an eye on devices that do not come back: a driver or a kernel that
// hangs gives no error, and a thread that waits for it can be neither stopped nor joined.
#pragma once

#include "miner/generation/device.hpp"
#include "miner/runtime/lanes.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace miner {

// Of one job; on io but for begun().
class JobWatch {
public:
    // It is to end soon after `stop`, or at once where that cannot fire. longest_deafness: its own,
    // where that is not the device's.
    JobWatch(boost::asio::any_io_executor io, DeviceLane& device, std::stop_token stop,
             std::optional<std::chrono::milliseconds> longest_deafness = {})
        : state_(std::make_shared<State>(io, device, longest_deafness)) {
        if (!device.stuck) return;
        if (stop.stop_possible())
            told_.emplace(std::move(stop), [state = state_] { wait(state); });
        else
            wait(state_);
    }
    ~JobWatch() { state_->over = true; }
    JobWatch(const JobWatch&) = delete;
    JobWatch& operator=(const JobWatch&) = delete;

    // The lane has come to it: one that waits there behind another is not to blame.
    void begun() { state_->begun = true; }

private:
    struct State {
        State(boost::asio::any_io_executor io, DeviceLane& of,
              std::optional<std::chrono::milliseconds> own)
            : device(of), longest_deafness(own), timer(io) {}

        DeviceLane& device;
        const std::optional<std::chrono::milliseconds> longest_deafness;
        boost::asio::steady_timer timer;
        std::atomic<bool> begun = false;
        bool seen_at_work = false;  // when it was looked at last
        bool over = false;
    };

    // The timer's word may be under way when the job ends, so that it shares what it looks at.
    static void wait(const std::shared_ptr<State>& state) {
        state->timer.expires_after(
            state->longest_deafness.value_or(state->device.longest_deafness));
        state->timer.async_wait([weak = std::weak_ptr<State>(state)](boost::system::error_code) {
            const auto job = weak.lock();
            if (!job || job->over) return;
            // Twice: it may have begun just now, or the whole process have stood still.
            if (job->begun && std::exchange(job->seen_at_work, true))
                job->device.stuck();
            else
                wait(job);
        });
    }

    std::shared_ptr<State> state_;
    std::optional<std::stop_callback<std::function<void()>>> told_;
};

// As run_on(). `fn` polls `stop`, which fires on io; when it is at work twice as long as
// device.longest_deafness afterwards, or where it takes no stop after it was given to the lane
// and is at work for that long, device.stuck is told.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn>> run_on_device(DeviceLane& device, std::stop_token stop,
                                                        Fn fn) {
    const auto io = co_await asio::this_coro::executor;
    JobWatch watch(io, device, std::move(stop));
    auto job = run_on(device.lane, [&] {
        watch.begun();
        return fn();
    });
    co_return co_await std::move(job);
}

}  // namespace miner
