#include "miner/generation/backend.hpp"

#include "network/await_all.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/post.hpp>

namespace asio = boost::asio;

namespace {

class Bare final : public miner::Backend {
public:
    const std::string& name() const override { return name_; }
    bool able() const override { return true; }
    bool is_remote() const override { return false; }
    bool takes_pictures() const override { return true; }
    bool takes_prompts() const override { return true; }
    std::unique_ptr<miner::GenerationRun> begin(miner::GenerationRun::Input) override {
        return nullptr;
    }

private:
    std::string name_ = "bare";
};

}  // namespace

TEST_CASE("a backend's load is the requests that it has") {
    Bare backend;
    CHECK(backend.load() == 0);
    auto one = backend.occupy(), other = backend.occupy();
    CHECK(backend.load() == 2);
    one.reset();
    CHECK(backend.load() == 1);
    other.reset();
    CHECK(backend.load() == 0);
}

TEST_CASE("whoever waits for a backend to be idle is woken by the end of its last request") {
    Bare backend;
    asio::io_context io{1};
    int idle = 0;
    const auto wait = [&]() -> asio::awaitable<void> {
        co_await backend.until_idle();
        ++idle;
    };
    const auto spawn = [&] {
        asio::co_spawn(io, wait(), [](std::exception_ptr error) { REQUIRE_FALSE(error); });
    };
    spawn();
    io.run();  // nothing to wait for
    CHECK(idle == 1);

    auto one = backend.occupy(), other = backend.occupy();
    spawn();
    spawn();
    io.restart();
    io.poll();
    one.reset();
    io.poll();
    CHECK(idle == 1);
    other.reset();
    io.poll();
    CHECK(idle == 3);
    CHECK(io.stopped());  // and no timer is left behind

    // A request that comes before the waiting one was heard is waited for, too.
    one = backend.occupy();
    spawn();
    io.restart();
    io.poll();
    one.reset();
    one = backend.occupy();
    io.poll();
    CHECK(idle == 3);
    one.reset();
    io.poll();
    CHECK(idle == 4);
}
