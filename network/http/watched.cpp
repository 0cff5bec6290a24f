#include "network/http/watched.hpp"

#include <poll.h>

namespace network {

bool hung_up(boost::asio::ip::tcp::socket& socket) {
    pollfd state{socket.native_handle(), POLLRDHUP, 0};
    return ::poll(&state, 1, 0) > 0;
}

}  // namespace network
