#include "miner/runtime/service.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdlib>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

// What a supervisor hears, on a socket of its own.
class Supervisor {
public:
    explicit Supervisor(const std::string& path) {
        fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Supervisor() {
        ::close(fd_);
        ::unsetenv("NOTIFY_SOCKET");
        ::unsetenv("WATCHDOG_USEC");
    }
    std::string hear() const {
        char text[256];
        const auto got = ::recv(fd_, text, sizeof text, 0);
        return got < 0 ? "" : std::string(text, std::size_t(got));
    }

private:
    int fd_ = -1;
};

}  // namespace

TEST_CASE("a supervisor hears when the miner is ready and when it stops") {
    tests::TemporaryFolder folder;
    const Supervisor supervisor((folder.path() / "s").string());
    boost::asio::io_context io;
    miner::Service service(io.get_executor());
    CHECK(supervisor.hear() == "");
    service.ready("a model");
    CHECK(supervisor.hear() == "READY=1\nSTATUS=a model\n");
    service.ready("a model\nMAINPID=1");  // named by the operator's path
    CHECK(supervisor.hear() == "READY=1\nSTATUS=a model\\nMAINPID=1\n");
    service.stopping();
    CHECK(supervisor.hear().starts_with("STOPPING=1\n"));
}

TEST_CASE("a watchdog is fed until the end, and then lets io run dry") {
    tests::TemporaryFolder folder;
    const Supervisor supervisor((folder.path() / "s").string());
    ::setenv("WATCHDOG_USEC", "2000", 1);
    boost::asio::io_context io;
    miner::Service service(io.get_executor());
    for (int i = 0; i < 3; ++i) io.run_one();
    for (int i = 0; i < 3; ++i) CHECK(supervisor.hear() == "WATCHDOG=1\n");
    service.end();
    io.run();
}

TEST_CASE("without a supervisor nothing is said and nothing is waited for") {
    boost::asio::io_context io;
    miner::Service service(io.get_executor());
    service.ready("x");
    CHECK(io.run() == 0);
}
