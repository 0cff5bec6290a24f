#include "miner/generation/production.hpp"

#include "generator/splat/spz.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/picture_answer.hpp"
#include "tests/support/fake_generator.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace std::chrono_literals;
using storage::Outcome;
namespace asio = boost::asio;

namespace {

// 32 Gaussians a voxel: the gate is at 100 voxels, the floor at 10.
config::Settings small_gate() {
    config::Settings settings;
    settings.gate.min_gaussians = 3200;
    settings.gate.floor = 320;
    return settings;
}

struct Bench {
    std::shared_ptr<tests::Script> script = std::make_shared<tests::Script>();
    config::Settings settings = small_gate();
    std::vector<std::string> lines;
    std::vector<storage::Attempt> attempts;
    std::vector<std::string> stages;
    miner::GenerationRequest request = tests::small_png();
    std::stop_source stop;

    miner::GenerationResult produce() {
        asio::io_context io{1};
        miner::Lanes lanes;
        config::Logger log(config::Level::info, false,
                           [this](std::string_view line) { lines.emplace_back(line); });
        const auto pool = miner::BackendPool::build(lanes, log, settings.generator).value();
        miner::Production production(lanes, *pool, log,
                                     miner::read_generation_config(settings).value());
        miner::GenerationResult result;
        std::exception_ptr failure;
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                const auto make_generator = tests::make_fake(script);
                const auto loaded = co_await pool->load(make_generator);
                REQUIRE(loaded.has_value());
                miner::Production::Watch watch{.task = "t1"};
                watch.stage = [this](std::string_view stage) { stages.emplace_back(stage); };
                watch.attempt = [this](storage::Attempt attempt) -> asio::awaitable<void> {
                    attempts.push_back(attempt);
                    co_return;
                };
                result = co_await production.produce(request, 7, stop.get_token(), watch);
            },
            [&](std::exception_ptr error) { failure = error; });
        io.run();
        if (failure) std::rethrow_exception(failure);
        return result;
    }

    // The line of that event, or nothing.
    std::string line(const std::string& event) const {
        const auto found = std::find_if(lines.begin(), lines.end(), [&](const auto& l) {
            return l.find(" " + event + " task=t1") != std::string::npos;
        });
        return found == lines.end() ? "" : *found;
    }
};

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("of a dense structure splats are made at once") {
    Bench bench;
    bench.script->voxels = {100};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::passed);
    CHECK(result.attempt == 1);
    CHECK(result.splats.size() == 3200);
    CHECK(bench.script->stage1_runs == 1);
    CHECK(bench.script->stage2_runs == 1);
    CHECK(holds(bench.line("passed"), "attempt=1 gaussians=3200 gate=3200 ms="));
    REQUIRE(result.attempts.size() == 1);
    CHECK(result.attempts[0].chain == storage::Chain::standard);
    CHECK(result.attempts[0].times.latent == 4);
    CHECK(result.attempts[0].times.prepare >= 0);
    CHECK(bench.stages == std::vector<std::string>{"decode", "prepare", "structure", "splats"});
}

TEST_CASE("a sparse structure is made again from the original picture, enhanced to the extreme") {
    Bench bench;
    bench.script->voxels = {99, 120};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempt == 2);
    CHECK(result.splats.size() == 3840);
    CHECK(bench.script->stage2_runs == 1);  // stage 2 runs once, on the winner
    CHECK(holds(bench.line("sparse"), "attempt=1 gaussians=3168 gate=3200 ms="));
    CHECK(holds(bench.line("retry"), "attempt=2"));
    CHECK(holds(bench.line("retry successful"), "attempt=2 gaussians=3840"));
    REQUIRE(bench.attempts.size() == 2);
    CHECK(bench.attempts[0].outcome == storage::AttemptOutcome::sparse);
    CHECK(bench.attempts[1].chain == storage::Chain::extreme);
    CHECK(bench.attempts[1].outcome == storage::AttemptOutcome::passed);
    CHECK(bench.script->pictures[0].pixels != bench.script->pictures[1].pixels);
    CHECK(bench.script->seeds == std::vector<std::uint64_t>{7, 7});
}

TEST_CASE("a sparse prompt is made again with another seed, and not enhanced") {
    Bench bench;
    bench.request = generator::Prompt{"a red chair"};
    bench.settings.enhance.applies_to = "structure";
    bench.script->voxels = {99, 120};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.splats.size() == 3840);
    CHECK(bench.script->prompts == std::vector<std::string>{"a red chair", "a red chair"});
    CHECK(bench.script->pictures.empty());
    CHECK_FALSE(bench.script->repainted);
    CHECK(bench.script->seeds == std::vector<std::uint64_t>{7, 8});
    REQUIRE(bench.attempts.size() == 2);
    CHECK(bench.attempts[0].chain == storage::Chain::prompt);
    CHECK(bench.attempts[1].chain == storage::Chain::prompt);
    CHECK(bench.attempts[1].route == storage::Route::prompt);
    CHECK(bench.attempts[1].seed == 8);
    CHECK(bench.attempts[1].times.prepare < 0);
    CHECK(bench.stages == std::vector<std::string>{"structure", "structure", "splats"});
    CHECK(holds(bench.line("retry successful"), "attempt=2 gaussians=3840"));
}

TEST_CASE("several pictures are each enhanced and cropped, and go to the model together") {
    Bench bench;
    bench.request = miner::MultiImage{{tests::small_png(), tests::small_png()},
                                      generator::Views::Mode::averaged};
    bench.settings.enhance.applies_to = "structure";
    bench.script->voxels = {99, 120};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    REQUIRE(bench.script->views.size() == 2);
    for (const auto& views : bench.script->views.get()) {
        CHECK(views.mode == generator::Views::Mode::averaged);
        REQUIRE(views.pictures.size() == 2);
        for (const auto& picture : views.pictures) CHECK(picture.width == 16);
    }
    CHECK(bench.script->repainted);
    CHECK(bench.attempts[1].chain == storage::Chain::extreme);
    CHECK(bench.attempts[1].route == storage::Route::picture);

    bench.request = miner::MultiImage{{tests::small_png(), {1, 2, 3}}, {}};
    CHECK(bench.produce().outcome == Outcome::error);
}

namespace {

// A prompt, and a picture service at that port.
void ask_service(Bench& bench, std::uint16_t port) {
    bench.request = generator::Prompt{"a red chair"};
    bench.settings.picture_service.url = "http://127.0.0.1:" + std::to_string(port);
    bench.script->voxels = {100};
}

std::vector<std::uint8_t> opaque_png() {
    return generator::encode_png({8, 8, 3, std::vector<std::uint8_t>(8 * 8 * 3, 90)});
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
    CHECK(bench.attempts[0].chain == storage::Chain::standard);
    CHECK(bench.attempts[0].route == storage::Route::prompt_via_picture);
    CHECK(bench.attempts[1].chain == storage::Chain::extreme);
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
    CHECK(bench.attempts[0].chain == storage::Chain::prompt);
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

TEST_CASE("what stage 2 makes is measured, with nothing left out") {
    Bench bench;
    bench.script->voxels = {100};
    const auto result = bench.produce();
    const auto& health = result.attempts[0].health;
    CHECK(health.invisible == 0);
    CHECK(result.splats.size() == 3200);
    CHECK(health.opacity_mean == Approx(0.7).epsilon(1e-2));
    CHECK(health.opacity_spread == Approx(0.4 / std::sqrt(12)).epsilon(1e-2));
    CHECK(health.extent == Approx(1).epsilon(1e-2));
}

TEST_CASE("splats that break a limit of the gate make room for the next attempt") {
    Bench bench;
    bench.script->voxels = {100, 120};
    bench.script->dull = {true, false};
    bench.settings.gate.min_opacity_spread = 0.01;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempt == 2);
    CHECK(result.splats.size() == 3840);
    CHECK(result.detail.empty());
    REQUIRE(result.attempts.size() == 2);
    CHECK(result.attempts[0].outcome == storage::AttemptOutcome::unhealthy);
    CHECK(holds(result.attempts[0].error, "gate.min_opacity_spread"));
    CHECK(result.attempts[0].health.opacity_spread == Approx(0).margin(1e-6));
    CHECK(result.attempts[1].outcome == storage::AttemptOutcome::passed);
    CHECK(holds(bench.line("unhealthy"), "WARN"));
    CHECK(bench.attempts.size() == 2);  // told once each
}

TEST_CASE("when no attempt is fit nothing is submitted, and the reason stays") {
    Bench bench;
    bench.script->voxels = {100, 120};
    bench.script->dull = {true};
    bench.settings.gate.min_opacity_spread = 0.01;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::rejected);
    CHECK(result.attempt == 0);
    CHECK(result.splats.size() == 0);
    CHECK(holds(result.detail, "gate.min_opacity_spread"));
    CHECK(bench.script->stage2_runs == 2);
}

TEST_CASE("a sparse attempt is still there when the one that passed turns out unfit") {
    Bench bench;
    bench.settings.gate.attempts = 3;
    bench.script->voxels = {20, 120, 50};
    bench.script->dull = {true, false};
    bench.settings.gate.min_opacity_spread = 0.01;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_improved);
    CHECK(result.attempt == 3);
    CHECK(result.splats.size() == 1600);
}

TEST_CASE("what the model does not take is an error that says so") {
    Bench bench;
    bench.settings.gate.attempts = 1;
    bench.script->takes_pictures = false;
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "not what this checkpoint takes"));
    bench.script->takes_prompts = false;
    bench.request = generator::Prompt{"a red chair"};
    CHECK(bench.produce().outcome == Outcome::error);
}

TEST_CASE("a retry that is better but sparse is used with a warning") {
    Bench bench;
    bench.script->voxels = {20, 50};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_improved);
    CHECK(result.splats.size() == 1600);
    CHECK(holds(bench.line("retry improved"), "WARN"));
}

TEST_CASE("a retry that does not help is rejected, and nothing is made of it") {
    Bench bench;
    bench.script->voxels = {50, 40};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::rejected);
    CHECK(result.splats.size() == 0);
    CHECK(bench.script->stage2_runs == 0);
    CHECK(holds(bench.line("rejected"), "attempt=2 gaussians=1280"));
}

TEST_CASE("an empty structure counts as sparse, not as an error") {
    Bench bench;
    bench.script->voxels = {0, 100};
    CHECK(bench.produce().outcome == Outcome::retry_passed);
    CHECK(bench.attempts[0].gaussians == 0);
    CHECK(bench.attempts[0].outcome == storage::AttemptOutcome::sparse);
}

TEST_CASE("a failed attempt is retried, and two of them are an error with its reason") {
    Bench bench;
    bench.script->voxels = {-1, 100};
    CHECK(bench.produce().outcome == Outcome::retry_passed);
    Bench hopeless;
    hopeless.script->voxels = {-1};
    const auto result = hopeless.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "as scripted"));
    CHECK(hopeless.attempts.size() == 2);
    CHECK(holds(hopeless.line("attempt failed"), "as scripted"));
}

TEST_CASE("a lost device ends the production at once") {
    Bench bench;
    bench.script->voxels = {-1};
    bench.script->failure = generator::Errc::device_lost;
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::device_lost);
    CHECK(bench.script->stage1_runs == 1);
}

TEST_CASE("what is no picture is an error before anything is generated") {
    Bench bench;
    bench.request = std::vector<std::uint8_t>{1, 2, 3};
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "not a picture"));
    CHECK(bench.script->stage1_runs == 0);
}

TEST_CASE("a deadline and a stop both cancel the work") {
    Bench late;
    late.script->voxels = {100};
    late.script->delay = 10s;
    late.settings.generator.deadline = 0s;
    const auto given_up = late.produce();
    CHECK(given_up.given_up());
    CHECK(given_up.end == miner::GenerationResult::End::late);
    CHECK(holds(given_up.detail, "generator.deadline"));
    Bench stopped;
    stopped.script->voxels = {100};
    stopped.script->delay = 10s;
    stopped.stop.request_stop();
    const auto result = stopped.produce();
    CHECK(result.given_up());
    CHECK(result.end == miner::GenerationResult::End::stopped);
    CHECK(result.outcome == Outcome::none);
}

TEST_CASE("with enhance.applies_to = structure the picture as it came paints the splats") {
    Bench bench;
    bench.script->voxels = {100};
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK_FALSE(bench.script->repainted);
    bench.settings.enhance.applies_to = "structure";
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(bench.script->repainted);
}

TEST_CASE("a wrong chain is refused before the work") {
    auto settings = small_gate();
    settings.enhance.extreme = {"sharpen:2"};
    const auto options = miner::read_generation_config(settings);
    REQUIRE_FALSE(options.has_value());
    CHECK(options.error().code == generator::Errc::bad_operation);
}

TEST_CASE("a picture is cut out where it has no transparency, or as the setting says") {
    const auto cut_outs = [](const char* matting, std::vector<std::uint8_t> picture) {
        Bench bench;
        bench.script->voxels = {100};
        bench.settings.generator.matting = matting;
        bench.request = std::move(picture);
        CHECK(bench.produce().outcome == Outcome::passed);
        return bench.script->cut_outs.load();
    };
    CHECK(cut_outs("auto", tests::small_png()) == 0);
    CHECK(cut_outs("auto", opaque_png()) == 1);
    CHECK(cut_outs("always", tests::small_png()) == 1);
    CHECK(cut_outs("never", opaque_png()) == 0);
}

TEST_CASE("where no object can be told from its background, auto goes on with all of it") {
    Bench bench;
    bench.script->voxels = {100};
    bench.script->bad_mask = true;
    bench.request = opaque_png();
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(holds(bench.line("not cut out"), "bad mask"));
}

TEST_CASE("a bad mask is an error of the attempt when the cut was asked for") {
    Bench bench;
    bench.script->voxels = {100};
    bench.script->bad_mask = true;
    bench.settings.generator.matting = "always";
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(holds(result.detail, "bad mask"));
    REQUIRE(bench.attempts.size() == 1);
    CHECK(bench.attempts[0].outcome == storage::AttemptOutcome::error);
    CHECK(holds(bench.attempts[0].error, "bad mask"));
    CHECK(bench.script->stage1_runs == 0);
}
