// Prompts that go by way of a picture.
#include "miner/generation/production.hpp"

#include "tests/miner/generation/production_bench.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"
#include "tests/support/catch.hpp"

using Bench = tests::ProductionBench;
using storage::Outcome;
using tests::holds;
using tests::opaque_png;
using namespace std::chrono_literals;

namespace {

// A prompt, and a picture service at that port.
void ask_service(Bench& bench, std::uint16_t port) {
    bench.request = generator::Prompt{"a red chair"};
    bench.settings.picture_service.url = "http://127.0.0.1:" + std::to_string(port);
    bench.script->voxels = {100};
}

}  // namespace

TEST_CASE("where a service makes pictures, a prompt goes by way of one") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer(opaque_png())));
    Bench bench;
    ask_service(bench, service.port());
    bench.script->voxels = {99, 120};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(service.connections() == 1);  // the retry enhances the same picture
    CHECK(bench.script->prompts.empty());
    CHECK(bench.script->pictures.size() == 2);
    CHECK(bench.script->cut_outs == 1);
    REQUIRE(bench.attempts.size() == 2);
    CHECK(bench.attempts[0].chain == storage::EnhancementChain::standard);
    CHECK(bench.attempts[0].route == storage::Route::prompt_via_picture);
    CHECK(bench.attempts[1].chain == storage::EnhancementChain::extreme);
    CHECK(bench.attempts[1].route == storage::Route::prompt_via_picture);
    CHECK(bench.stages.front() == "text to image");
    CHECK(holds(bench.line("text to image done"), "ms="));
}

TEST_CASE("the time that text-to-image takes counts as making the picture ready") {
    tests::LoopbackPeer service([](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        std::this_thread::sleep_for(60ms);
        tests::send(socket, tests::picture_answer(tests::small_png()));
    });
    Bench bench;
    ask_service(bench, service.port());
    bench.produce();
    REQUIRE(bench.attempts.size() == 1);
    CHECK(bench.attempts[0].times.prepare >= 60);
}

TEST_CASE("when the picture service fails, the prompt goes to the model as it is") {
    const auto oversized = tests::http_ok(std::string(64 << 20, ' '));
    const std::string answer =
        GENERATE_COPY(std::string(tests::kNoPicture), tests::picture_answer({'G', 'I', 'F'}),
                      tests::http_ok("{}"), oversized, std::string());
    tests::LoopbackPeer service([&](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        if (answer.empty())
            tests::await_hang_up(socket);
        else
            tests::send(socket, answer);
    });
    Bench bench;
    ask_service(bench, service.port());
    if (answer.empty()) bench.settings.picture_service.deadline = 50ms;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(bench.script->prompts == std::vector<std::string>{"a red chair"});
    REQUIRE(bench.attempts.size() == 1);
    CHECK(bench.attempts[0].route == storage::Route::prompt);
    CHECK(bench.attempts[0].chain == storage::EnhancementChain::prompt);
    CHECK(holds(bench.line("text to image failed"), "WARN"));
    CHECK(holds(bench.line("text to image failed"), "error="));
}

TEST_CASE("a picture service that is not there costs a prompt nothing but its record") {
    std::uint16_t nobody = 0;
    {
        nobody = tests::LoopbackPeer([](tests::LoopbackPeer::Socket&) {}).port();
    }
    Bench bench;
    ask_service(bench, nobody);
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(bench.attempts[0].route == storage::Route::prompt);
}

TEST_CASE("a generated picture without an object is no way either when the cut was asked for") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer(opaque_png())));
    Bench bench;
    ask_service(bench, service.port());
    bench.settings.generator.matting = "always";
    bench.script->bad_mask = true;
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(bench.attempts[0].route == storage::Route::prompt);
}

TEST_CASE("a model of pictures alone makes prompts by way of pictures, or says why not") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer(tests::small_png())));
    Bench bench;
    ask_service(bench, service.port());
    bench.script->takes_prompts = false;
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(bench.attempts[0].route == storage::Route::prompt_via_picture);

    tests::LoopbackPeer broken(tests::answering(tests::kNoPicture));
    ask_service(bench, broken.port());
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "500"));
    CHECK(result.attempts.empty());
}

TEST_CASE("a picture service that answers no picture is no fault of the prompt") {
    const std::string words = "no picture";
    tests::LoopbackPeer service(
        tests::answering(tests::picture_answer({words.begin(), words.end()})));
    Bench bench;
    ask_service(bench, service.port());
    bench.script->takes_prompts = false;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK_FALSE(result.bad_input());
}

TEST_CASE("a model of prompts alone never asks for a picture") {
    tests::LoopbackPeer service(tests::answering(tests::picture_answer(tests::small_png())));
    Bench bench;
    ask_service(bench, service.port());
    bench.script->takes_pictures = false;
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(service.connections() == 0);
    CHECK(bench.attempts[0].route == storage::Route::prompt);
}

TEST_CASE("the deadline of a generation and a stop both end text-to-image") {
    tests::LoopbackPeer silent(
        [](tests::LoopbackPeer::Socket& socket) { tests::await_hang_up(socket); });
    Bench late;
    ask_service(late, silent.port());
    late.settings.generator.deadline = 0s;
    const auto given_up = late.produce();
    CHECK(given_up.end == miner::GenerationResult::End::late);
    CHECK(holds(given_up.detail, "during text to image"));
    Bench stopped;
    ask_service(stopped, silent.port());
    stopped.stop.request_stop();
    const auto result = stopped.produce();
    CHECK(result.given_up());
    CHECK(result.end == miner::GenerationResult::End::stopped);
}
