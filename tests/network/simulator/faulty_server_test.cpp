#include "network/simulator/faulty_server.hpp"

#include "network/simulator/at_once.hpp"
#include "tests/network/http/asking.hpp"
#include "tests/network/http/served.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <stdexcept>

namespace asio = boost::asio;
using network::at_once;
using network::Errc;
using network::FaultyServer;
using network::ServerReply;
using network::ServerRequest;
using tests::ask;
using tests::echo;
using tests::failure;
using tests::LoopbackPeer;
using tests::say;
using Answer = FaultyServer::Answer;
using Delivery = FaultyServer::Delivery;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

class Faulty : public tests::OnThread<FaultyServer> {
public:
    explicit Faulty(FaultyServer::Handler handler, FaultyServer::Options options = {},
                    FaultyServer::Admit admit = {})
        : OnThread([&](asio::io_context& io) {
              return FaultyServer::listen(io, "127.0.0.1", 0, std::move(handler), options,
                                          std::move(admit))
                  .value();
          }) {}
};

FaultyServer::Handler delivering(Delivery delivery) {
    return at_once<Answer>([delivery](const ServerRequest& request) {
        return Answer{echo(request), delivery};
    });
}

LoopbackPeer::Socket client_of(asio::io_context& io, const Faulty& faulty) {
    LoopbackPeer::Socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), faulty.port()});
    return socket;
}

}  // namespace

TEST_CASE("broken peers are played on request") {
    SECTION("slow, but whole") {
        const auto begun = Clock::now();
        Faulty faulty(delivering(Delivery::dripped), {.drip_pieces = 8, .drip_pause = 2ms});
        CHECK(ask(faulty.port(), "hello").value().body == "POST / hello");
        CHECK(Clock::now() - begun >= 14ms);
    }
    SECTION("cut in the middle") {
        Faulty faulty(delivering(Delivery::cut));
        CHECK(failure(ask(faulty.port(), std::string(10'000, 'x'))) == Errc::closed);
    }
    SECTION("silent for ever") {
        Faulty faulty(delivering(Delivery::never));
        CHECK(failure(ask(faulty.port(), "x", 30ms)) == Errc::read_timeout);
    }
    SECTION("closed without a word") {
        Faulty faulty(delivering(Delivery::none));
        CHECK(failure(ask(faulty.port())) == Errc::closed);
    }
    SECTION("closed on sight of the header") {
        Faulty faulty(delivering(Delivery::whole), {}, [](ServerRequest&) { return false; });
        CHECK(failure(ask(faulty.port(), std::string(8 << 20, 'x'))) == Errc::closed);
    }
}

TEST_CASE("half of an answer is what a cut one sends") {
    const std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    Faulty whole(delivering(Delivery::dripped), {.drip_pause = 0ms}),
        cut(delivering(Delivery::cut));
    const auto all = say(whole.port(), request), half = say(cut.port(), request);
    CHECK(all.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(all.ends_with("\r\n\r\nGET / "));
    CHECK(half.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(half.size() == all.size() / 2);
}

TEST_CASE("what is set at admission reaches the handler of broken answers") {
    std::atomic<int> mark = 0;
    Faulty faulty(at_once<Answer>([&](const ServerRequest& request) {
                      mark = request.mark;
                      return echo(request);
                  }),
                  {}, [](ServerRequest& request) {
                      request.mark = 7;
                      return true;
                  });
    REQUIRE(ask(faulty.port()).has_value());
    CHECK(mark == 7);
}

TEST_CASE("who sends whole answers all the same takes and refuses requests as our server does") {
    Faulty faulty(at_once<Answer>([](const ServerRequest& request) {
                      if (request.target == "/throw") throw std::runtime_error("bug");
                      return echo(request);
                  }),
                  {.limits = {.body_bytes = 1000}});
    const auto answers = say(faulty.port(),
                             "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n"
                             "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n"
                             "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(answers.find("GET /a ") != answers.npos);
    CHECK(answers.find("HTTP/1.1 500") != answers.npos);
    CHECK(answers.find("bug") == answers.npos);
    CHECK(answers.find("HEAD /b") == answers.npos);
    CHECK(answers.ends_with("GET /c "));
    CHECK(say(faulty.port(), "nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
    CHECK(say(faulty.port(), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" +
                                 std::string(300'000, 'x'))
              .starts_with("HTTP/1.1 413"));
}

TEST_CASE("a local server has room for so many connections, and then for others") {
    Faulty faulty(delivering(Delivery::whole), {.limits = {.connections = 2}});
    asio::io_context io;
    std::vector<LoopbackPeer::Socket> idle;
    for (int i = 0; i < 2; ++i) idle.push_back(client_of(io, faulty));
    CHECK(failure(ask(faulty.port())) == Errc::closed);
    idle.clear();
    CHECK(tests::eventually([&] { return ask(faulty.port()).has_value(); }));
}

TEST_CASE("stopping ends every answer, however it goes out") {
    asio::io_context io;
    std::vector<LoopbackPeer::Socket> clients;
    clients.emplace_back(io);  // the first one opens what its io_context needs
    const auto before = tests::open_descriptors();
    {
        std::atomic<int> handled = 0;
        const auto handler = [&](const ServerRequest& request) {
            ++handled;
            Answer answer{echo(request)};
            if (request.target == "/never") answer.delivery = Delivery::never;
            if (request.target == "/dripped") answer.delivery = Delivery::dripped;
            if (request.target == "/large") answer.reply.body.resize(64 << 20);
            return answer;
        };
        Faulty faulty(at_once<Answer>(handler),
                      {.limits = {.idle = 1h, .read = 1h, .write = 1h}, .drip_pause = 1h});
        for (const char* text :
             {"", "GET", "GET /never HTTP/1.1\r\nHost: x\r\n\r\n",
              "GET /dripped HTTP/1.1\r\nHost: x\r\n\r\n", "GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
              "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
              "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"})
            tests::send(clients.emplace_back(client_of(io, faulty)), text);
        while (handled < 4) std::this_thread::sleep_for(1ms);
    }
    clients.clear();
    CHECK(tests::open_descriptors() == before);
}

TEST_CASE("a handler of broken answers is told when the server stops, and awaited") {
    std::atomic<int> begun = 0, ended = 0;
    asio::io_context io;
    std::optional<LoopbackPeer::Socket> client;
    {
        Faulty faulty([&](ServerRequest request) -> asio::awaitable<Answer> {
            ++begun;
            asio::steady_timer timer(co_await asio::this_coro::executor);
            while (!request.gone.stop_requested()) {
                timer.expires_after(1ms);
                co_await timer.async_wait(asio::use_awaitable);
            }
            ++ended;
            co_return Answer{};
        });
        client = client_of(io, faulty);
        tests::send(*client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        CHECK(tests::eventually([&] { return begun == 1; }));
        CHECK(ended == 0);
    }
    CHECK(ended == 1);
}
