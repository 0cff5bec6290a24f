#include "miner/generation/text_to_image_client.hpp"

#include "generator/errc.hpp"
#include "network/errc.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/guarded.hpp"

#include <boost/asio/steady_timer.hpp>

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
    std::chrono::steady_clock::time_point now{};  // stands unless a test moves it

    explicit Bench(std::uint16_t port) {
        settings.url = "http://127.0.0.1:" + std::to_string(port);
        settings.deadline = std::chrono::hours(1);
    }

    miner::TextToImageClient client() {
        return {lanes, log, *miner::TextToImageClient::options(settings).value(), patience,
                [this] { return now; }};
    }
    // "the picture", or the failure's words.
    static std::string generate(miner::TextToImageClient& client, std::stop_token stop = {}) {
        const auto picture = tests::run(client.generate("a red chair", "t1", std::move(stop)));
        if (!picture) return picture.error().message();
        return *picture == tests::small_png() ? "the picture" : "another picture";
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
    CHECK_FALSE(miner::TextToImageClient::options({}).value().has_value());
    CHECK(miner::TextToImageClient::options({.url = "http://user@host"}).has_error());
    const auto secure = miner::TextToImageClient::options(
        {.url = "https://pictures.example/x", .model = "m", .key = "k", .size = 512});
    CHECK((*secure)->tls != nullptr);
    CHECK((*secure)->endpoint.target == "/x");
    CHECK((*secure)->side == 512);
    CHECK((*secure)->token == "k");
}

TEST_CASE("a generated picture comes as it was sent") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer(tests::small_png())));
    Bench bench(service.port());
    auto client = bench.client();
    CHECK(bench.generate(client) == "the picture");
    CHECK(bench.said("text to image done task=t1 ms="));
}

TEST_CASE("a service that fails again and again is left alone, then tried once") {
    tests::Guarded<std::string> answer{tests::kNoPicture};
    tests::LoopbackPeer service([&](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, answer.get());
    });
    Bench bench(service.port());
    bench.patience = {.failures = 2, .pause = 60s};
    auto client = bench.client();
    for (int i = 0; i < 2; ++i) CHECK_THAT(bench.generate(client), Catch::Contains("500"));
    CHECK(bench.said("WARN"));
    const auto left_alone = [&] { return holds(bench.generate(client), "left alone"); };
    CHECK(left_alone());
    bench.now += 59s;
    CHECK(left_alone());
    CHECK(bench.said("text to image failed task=t1 reason="));
    CHECK(service.connections() == 2);

    // One call finds that it still fails; the others do not even try.
    bench.now += 1s;
    CHECK_THAT(bench.generate(client), Catch::Contains("500"));
    CHECK(left_alone());
    bench.now += 59s;
    CHECK(left_alone());
    CHECK(service.connections() == 3);

    answer = tests::picture_answer(tests::small_png());
    bench.now += 1s;
    CHECK(bench.generate(client) == "the picture");
    // All is forgotten: a single failure costs nothing again.
    answer = std::string(tests::kNoPicture);
    CHECK_THAT(bench.generate(client), Catch::Contains("500"));
    answer = tests::picture_answer(tests::small_png());
    CHECK(bench.generate(client) == "the picture");
    CHECK(service.connections() == 6);
}

TEST_CASE("what is no picture counts as the service's failure") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer({'G', 'I', 'F'})));
    Bench bench(service.port());
    bench.patience = {.failures = 1, .pause = 60s};
    auto client = bench.client();
    CHECK_THAT(bench.generate(client), Catch::Contains("not a picture"));
    CHECK_THAT(bench.generate(client), Catch::Contains("left alone"));
}

TEST_CASE("a stop ends the call at once and is not the service's failure") {
    std::stop_source stop;
    tests::LoopbackPeer silent([&](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        stop.request_stop();
        tests::await_hang_up(socket);
    });
    Bench bench(silent.port());  // whose deadline is longer than a test may take
    bench.patience = {.failures = 1, .pause = 60s};
    auto client = bench.client();
    CHECK_THAT(bench.generate(client, stop.get_token()), Catch::Contains("during text to image"));
    CHECK(silent.connections() == 1);
    // One that was asked for before the call, too, and neither was a failure.
    CHECK_THAT(bench.generate(client, stop.get_token()), Catch::Contains("during text to image"));
    CHECK_FALSE(bench.said("text to image failed"));
}
