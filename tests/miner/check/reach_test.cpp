#include "miner/check/reach.hpp"

#include "network/simulator/validator.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

using namespace std::chrono_literals;
using miner::Finding;
using miner::Probe;
using network::LocalValidator;
using State = Finding::State;

namespace {

std::unique_ptr<LocalValidator> validator(std::function<std::int64_t()> now_ns = {}) {
    network::Secret<32> seed;
    seed.bytes()[0] = 9;
    LocalValidator::Options options;
    options.now_ns = std::move(now_ns);
    auto judge = [](const network::Task&, const std::vector<std::uint8_t>&) {
        return network::Evaluation{};
    };
    return LocalValidator::start(network::Keypair::from_seed(seed), judge, std::move(options))
        .value();
}

std::vector<Probe> ask(const std::vector<network::Peer>& peers) {
    boost::asio::io_context io{1};
    std::vector<Probe> probes;
    boost::asio::co_spawn(io, miner::probe(peers, 60s),
                          [&](std::exception_ptr error, std::vector<Probe> result) {
                              REQUIRE_FALSE(error);
                              probes = std::move(result);
                          });
    io.run();
    return probes;
}

std::vector<Probe> leads(std::initializer_list<double> seconds) {
    std::vector<Probe> probes;
    for (const double lead : seconds) {
        probes.emplace_back();
        probes.back().answered = true;
        probes.back().lead_s = lead;
    }
    return probes;
}

}  // namespace

TEST_CASE("validators that answer and those that do not are told apart, without pulling a task") {
    auto here = validator();
    auto gone = validator();
    const std::vector<network::Peer> peers{here->peer(), gone->peer()};
    gone.reset();
    const auto probes = ask(peers);
    REQUIRE(probes.size() == 2);
    CHECK(probes[0].answered);
    CHECK(probes[0].hands_out_tasks);
    REQUIRE(probes[0].lead_s);
    CHECK_FALSE(probes[1].answered);
    CHECK_FALSE(probes[1].hands_out_tasks);
    CHECK_FALSE(probes[1].error.empty());
    CHECK(here->tally().pulls == 0);
    CHECK(here->tally().bad_signatures == 0);
    const auto finding = miner::check_answers(peers, probes);
    CHECK(finding.state == State::ok);
    CHECK_THAT(finding.found, Catch::Contains("1 of 2"));
}

TEST_CASE("a clock an hour off is seen by the validator's date") {
    auto early = validator([] {
        const auto now = std::chrono::system_clock::now().time_since_epoch() - 1h;
        return std::int64_t(std::chrono::nanoseconds(now).count());
    });
    const auto probes = ask({early->peer()});
    REQUIRE(probes.at(0).lead_s);
    CHECK(*probes[0].lead_s == Approx(-3600).margin(60));
    CHECK(miner::check_clock_skew(probes).state == State::fail);
}

TEST_CASE("the clock is judged by the middle of what validators say") {
    CHECK(miner::check_clock_skew(leads({0.3, -0.2, 5000})).state == State::ok);
    CHECK(miner::check_clock_skew(leads({1.5, 1.5, 0})).state == State::warn);
    CHECK(miner::check_clock_skew(leads({-1.5, -1.5, 0})).state == State::warn);
    CHECK(miner::check_clock_skew(leads({-5, -5, 0})).state == State::fail);
    CHECK_THAT(miner::check_clock_skew(leads({-30})).found, Catch::Contains("ahead of"));
    CHECK_THAT(miner::check_clock_skew(leads({30})).found, Catch::Contains("behind"));
    CHECK(miner::check_clock_skew({Probe{}}).state == State::warn);
}

TEST_CASE("no validator, or none that answers, stops mining; few are worth a look") {
    const network::Peer peer{"5F", "h", 1};
    Probe good, bad;
    good.answered = true;
    bad.error = "refused";
    CHECK(miner::check_answers({}, {}).state == State::fail);
    CHECK(miner::check_answers({peer}, {bad}).state == State::fail);
    CHECK(miner::check_answers({peer, peer, peer}, {bad, good, bad}).state == State::warn);
    CHECK(miner::check_answers({peer, peer}, {bad, good}).state == State::ok);
    CHECK_THAT(miner::check_answers({peer}, {bad}).remedy, Catch::Contains("refused"));
}

TEST_CASE("a server without the synapse PullTask speaks another protocol") {
    const auto body = GENERATE(
        R"({"detail":"Not Found"})", "'PullTask'", "",
        R"({"message":"Synapse name '' not found. Available synapses ['Synapse', 'Generate']"})");
    INFO(body);
    tests::LoopbackPeer server([&](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 404 Not Found\r\ncontent-length: " +
                                std::to_string(std::string_view(body).size()) + "\r\n\r\n" + body);
    });
    const auto probes = ask({{"5F", "127.0.0.1", server.port()}});
    CHECK(probes.at(0).answered);
    CHECK_FALSE(probes[0].hands_out_tasks);
}

TEST_CASE("no validator that hands out tasks stops mining; one is enough") {
    Probe silent, other, right;
    other.answered = right.answered = right.hands_out_tasks = true;
    const auto one = miner::check_protocol({silent, other, right});
    CHECK(one.state == State::ok);
    CHECK_THAT(one.found, Catch::Contains("1 of 2"));
    const auto none = miner::check_protocol({silent, other, other});
    CHECK(none.state == State::fail);
    CHECK_THAT(none.found, Catch::Contains("0 of 2") && Catch::Contains("PullTask"));
    // Nor where those that the chain still lists have gone, or it lists none.
    for (const auto& probes : {std::vector<Probe>{}, {silent, silent}}) {
        const auto nobody = miner::check_protocol(probes);
        CHECK(nobody.state == State::fail);
        CHECK_THAT(nobody.remedy, Catch::Contains("competitions"));
    }
}

TEST_CASE("a picture service that was named is asked whether it is there, and for no picture") {
    std::string seen;
    tests::LoopbackPeer service([&](tests::LoopbackPeer::Socket& socket) {
        seen = tests::read_request(socket);
        tests::send(socket, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    });
    config::PictureService settings;
    settings.url = "http://127.0.0.1:" + std::to_string(service.port());
    settings.key = "s3cret";
    const auto here = tests::run(miner::check_picture_service(settings, 60s));
    CHECK(here.state == State::ok);
    CHECK(seen.starts_with("GET / "));
    CHECK(seen.find("s3cret") == std::string::npos);

    std::uint16_t nobody = 0;
    {
        nobody = tests::LoopbackPeer([](tests::LoopbackPeer::Socket&) {}).port();
    }
    settings.url = "http://127.0.0.1:" + std::to_string(nobody);
    const auto gone = tests::run(miner::check_picture_service(settings, 60s));
    CHECK(gone.state == State::warn);  // prompts are made all the same
    CHECK(gone.remedy.find("picture_service.url") != std::string::npos);
}
