#include "miner/illustrator.hpp"

#include "generator/errc.hpp"
#include "network/errc.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"
#include "tests/support/fake_generator.hpp"

#include <boost/asio/steady_timer.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

struct Bench {
    std::vector<std::string> lines;
    miner::Lanes lanes;
    config::Logger log{config::Level::info, false,
                       [this](std::string_view line) { lines.emplace_back(line); }};
    config::PictureService settings;
    network::Breaker::Settings patience{};

    explicit Bench(std::uint16_t port) {
        settings.url = "http://127.0.0.1:" + std::to_string(port);
        settings.deadline = 5s;
    }

    // One after the other by one illustrator; "the picture", or the failure's words.
    std::vector<std::string> draw(int times, std::stop_token stop = {}) {
        miner::Illustrator illustrator(lanes, log, *miner::Illustrator::options(settings).value(),
                                       patience);
        std::vector<std::string> results;
        for (int i = 0; i < times; ++i) {
            const auto picture = tests::run(illustrator.draw("a red chair", "t1", stop));
            const bool same = picture && *picture == tests::small_png();
            results.push_back(same      ? "the picture"
                              : picture ? "another picture"
                                        : picture.error().message());
        }
        return results;
    }

    bool said(const std::string& words) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& line) { return line.find(words) != line.npos; });
    }
};

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("where no service is named there is nothing to ask, and a wrong name is refused") {
    CHECK_FALSE(miner::Illustrator::options({}).value().has_value());
    CHECK(miner::Illustrator::options({.url = "http://user@host"}).has_error());
    const auto secure = miner::Illustrator::options(
        {.url = "https://pictures.example/x", .model = "m", .key = "k", .size = 512});
    CHECK((*secure)->tls != nullptr);
    CHECK((*secure)->endpoint.target == "/x");
    CHECK((*secure)->side == 512);
    CHECK((*secure)->token == "k");
}

TEST_CASE("a drawn picture comes as it was sent") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer(tests::small_png())));
    Bench bench(service.port());
    CHECK(bench.draw(1) == std::vector<std::string>{"the picture"});
    CHECK(bench.said("drawn task=t1 ms="));
}

TEST_CASE("a service that fails again and again is left alone, then tried once") {
    std::string answer = tests::kNoPicture;
    tests::LoopbackPeer service([&](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, answer);
    });
    Bench bench(service.port());
    bench.patience = {.failures = 2, .pause = std::chrono::seconds(60)};
    const auto results = bench.draw(4);
    CHECK(service.connections() == 2);
    CHECK(holds(results[1], "500"));
    CHECK(holds(results[2], "left alone"));
    CHECK(holds(results[3], "left alone"));
    CHECK(bench.said("WARN"));
    CHECK(bench.said("not drawn task=t1 reason="));

    bench.patience.pause = std::chrono::seconds(0);
    bench.draw(2);
    answer = tests::picture_answer(tests::small_png());
    CHECK(bench.draw(1) == std::vector<std::string>{"the picture"});
}

TEST_CASE("what is no picture counts as the service's failure") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer({'G', 'I', 'F'})));
    Bench bench(service.port());
    bench.patience = {.failures = 1, .pause = std::chrono::seconds(60)};
    const auto results = bench.draw(2);
    CHECK(holds(results[0], "not a picture"));
    CHECK(holds(results[1], "left alone"));
}

TEST_CASE("a stop ends the call at once and is not the service's failure") {
    tests::LoopbackPeer silent(
        [](tests::LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
    Bench bench(silent.port());
    bench.settings.deadline = 60s;
    bench.patience = {.failures = 1, .pause = std::chrono::seconds(60)};
    std::stop_source stop;
    std::thread later([&] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    });
    const auto begun = std::chrono::steady_clock::now();
    const auto results = bench.draw(1, stop.get_token());
    later.join();
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    CHECK(holds(results[0], "while drawing"));
    CHECK_FALSE(bench.said("not drawn"));
    // One that was asked for before the call, too.
    CHECK(holds(bench.draw(1, stop.get_token())[0], "while drawing"));
}
