// Word to systemd (sd_notify(3)); where no service manager listens nothing happens. On io.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <string_view>

namespace miner {

class Service {
public:
    // Reads NOTIFY_SOCKET and WATCHDOG_USEC, and begins to say "alive" twice as often as asked.
    explicit Service(boost::asio::any_io_executor io);

    void ready(std::string_view status);  // the unit counts as started from here on
    void stopping();
    void end();  // no more word, so that io can run dry

private:
    void keep_alive();

    std::chrono::microseconds interval_{0};
    boost::asio::steady_timer timer_;
};

}  // namespace miner
