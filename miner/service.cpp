#include "miner/service.hpp"

#include "config/escape.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace miner {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::chrono::microseconds watchdog_time() {
    const auto text = variable("WATCHDOG_USEC");
    const auto whose = variable("WATCHDOG_PID");
    if (!whose.empty() && whose != std::to_string(::getpid())) return {};
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::chrono::microseconds(value);
}

}  // namespace

Service::Service(boost::asio::any_io_executor io)
    : socket_(variable("NOTIFY_SOCKET")), interval_(watchdog_time() / 2), timer_(io) {
    if (!socket_.empty() && interval_.count() > 0) keep_alive();
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

void Service::tell(std::string_view words) const {
    sockaddr_un address{};
    if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_[0] == '@') address.sun_path[0] = '\0';  // an abstract name
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const auto length = socklen_t(offsetof(sockaddr_un, sun_path) + socket_.size());
    // A supervisor that does not listen is not worth stopping for.
    [[maybe_unused]] const auto sent =
        ::sendto(fd, words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address), length);
    ::close(fd);
}

}  // namespace miner
