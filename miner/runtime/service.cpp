#include "miner/runtime/service.hpp"

#include "config/escape.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace miner {
namespace {

std::chrono::microseconds watchdog_time() {
    std::uint64_t microseconds = 0;
    if (::sd_watchdog_enabled(0, &microseconds) <= 0) return {};
    return std::chrono::microseconds(microseconds);
}

// A supervisor that does not listen is not worth stopping for.
void tell(const std::string& words) { (void)::sd_notify(0, words.c_str()); }

}  // namespace

Service::Service(boost::asio::any_io_executor io) : interval_(watchdog_time() / 2), timer_(io) {
    if (interval_.count() > 0) keep_alive();
}

void Service::ready(std::string_view status) {
    tell("READY=1\nSTATUS=" + config::printable(status) + "\n");
}

void Service::stopping() { tell("STOPPING=1\nSTATUS=finishing the task at hand\n"); }

void Service::end() {
    interval_ = {};
    timer_.cancel();
}

void Service::keep_alive() {
    tell("WATCHDOG=1\n");
    timer_.expires_after(interval_);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error && interval_.count() > 0) keep_alive();
    });
}

}  // namespace miner
