// Lanes: where work runs. Application state lives on the io lane alone; everything that blocks
// (GPU, database, compression) is a plain function sent to a lane of its own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <type_traits>
#include <utility>

namespace miner {

namespace asio = boost::asio;

// Runs `fn` on `lane` and resumes the caller on its own executor with the result; an exception
// comes home too. The caller cannot abandon the work: it waits until `fn` returns, even when it is
// cancelled. Long work therefore takes a std::stop_token and polls it.
//
// The caller's cancellation has no slot there: Asio would emit it on the lane's thread, while io
// destroys the signal, and throw from the lane once the job is done, which ends the process.
template <class Fn>
asio::awaitable<std::invoke_result_t<Fn>> run_on(asio::thread_pool& lane, Fn fn) {
    using T = std::invoke_result_t<Fn>;
    co_return co_await asio::co_spawn(
        lane,
        // The job is a parameter, not a capture: a closure would die before its coroutine does.
        [](Fn job) -> asio::awaitable<T> { co_return job(); }(std::move(fn)),
        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

struct Lanes {
    asio::thread_pool cpu{2};  // decode, enhance, export, compress
    asio::thread_pool db{1};   // journal and artifacts
};

}  // namespace miner
