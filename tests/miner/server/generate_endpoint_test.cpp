// miner serve as callers meet it, with a scripted generator.
#include "tests/miner/serving.hpp"

#include "generator/splat/spz.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

using namespace std::chrono_literals;
using tests::Asking;
using tests::form;
using tests::meanwhile;
using tests::picture;
using tests::Serving;

TEST_CASE("a picture comes back as TRELLIS's own PLY, or as SPZ when asked for") {
    Serving serving;
    serving.start();
    const auto ply = serving.post(form({{"prompt_image_file", picture()}, {"seed", "7"}}));
    CHECK(ply.status == 200);
    CHECK(network::find_header(ply.headers, "content-type") == "application/octet-stream");
    CHECK(network::find_header(ply.headers, "x-seed") == "7");
    CHECK(network::find_header(ply.headers, "x-format") == "ply");
    const std::vector<std::uint8_t> bytes(ply.body.begin(), ply.body.end());
    CHECK(generator::has_trellis_layout(bytes));
    const auto splats = generator::read_ply(bytes).value();
    REQUIRE(splats.size() == 3200);
    // (x, -z, y) of where the fake put the first, and nothing scaled.
    CHECK(splats.position[0][0] == -0.5f);
    CHECK(serving.script->seeds.at(0) == 7);
    const auto spz = serving.post(form({{"prompt_image_file", picture()}}),
                                  {{"accept", "text/html, Model/SPZ;q=0.9"}});
    CHECK(network::find_header(spz.headers, "x-format") == "spz-404");
    CHECK(network::find_header(spz.headers, "x-up") == "-y");
    const auto packed =
        generator::read_spz(std::vector<std::uint8_t>(spz.body.begin(), spz.body.end())).value();
    CHECK(packed.family == generator::SpzFamily::subnet);
    REQUIRE(packed.splats.size() == 3200);
    CHECK(packed.splats.position[0][2] == Approx(splats.position[0][2]).margin(1e-4));
    CHECK(tests::eventually([&] { return serving.said("format=spz-404"); }));
    CHECK(serving.get("/health").status == 200);
    CHECK(serving.stop() == miner::ExitCode::ok);
}

TEST_CASE("a server is ready once its device has warmed up, and not before") {
    Serving serving;
    serving.script->warming = true;
    serving.begin();
    REQUIRE(tests::eventually([&] { return serving.script->warm_ups == 1; }));
    CHECK(serving.get("/ready").status == 503);
    const auto early = serving.post(form({{"prompt_image_file", picture()}}));
    CHECK(early.status == 503);
    CHECK(early.body.find("loading the model") != std::string::npos);
    serving.script->warming = false;
    CHECK(tests::eventually([&] { return serving.get("/ready").status == 200; }));
    CHECK(serving.script->warm_ups == 1);
    CHECK(serving.stop() == miner::ExitCode::ok);
}

TEST_CASE("seeds are random unless given") {
    Serving serving;
    serving.start();
    for (const auto* seed : {"-1", ""})
        CHECK(serving.post(form({{"prompt_image_file", picture()}, {"seed", seed}})).status == 200);
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 200);
    const auto& seeds = serving.script->seeds;
    REQUIRE(seeds.size() == 3);
    CHECK(seeds[0] != seeds[1]);
    CHECK(seeds[1] != seeds[2]);
}

TEST_CASE("a prompt is taken in place of a picture, and never beside one") {
    Serving serving;
    serving.start();
    const auto made = serving.post(form({{"prompt", "a red chair"}, {"seed", "7"}}));
    CHECK(made.status == 200);
    CHECK(network::find_header(made.headers, "x-gaussians") == "3200");
    CHECK(serving.script->prompts == std::vector<std::string>{"a red chair"});
    CHECK(serving.script->seeds == std::vector<std::uint64_t>{7});
    // As a form's empty fields come.
    CHECK(serving.post(form({{"prompt", "a"}, {"prompt_image_file", ""}})).status == 200);
    CHECK(serving.post(form({{"prompt", ""}, {"prompt_image_file", picture()}})).status == 200);
    const int stage1_runs = serving.script->stage1_runs;
    const auto both = serving.post(form({{"prompt", "a"}, {"prompt_image_file", picture()}}));
    CHECK(both.status == 400);
    CHECK(both.body.find("send one of them") != std::string::npos);
    const auto neither = serving.post(form({{"prompt", ""}}));
    CHECK(neither.status == 400);
    CHECK(neither.body.find("neither") != std::string::npos);
    CHECK(serving.script->stage1_runs == stage1_runs);
}

TEST_CASE("a prompt may have 1024 characters, whatever their bytes, and not one more") {
    Serving serving;
    serving.start();
    std::string text;
    for (int i = 0; i < 1024; ++i) text += "\xc3\xa4";
    CHECK(serving.post(form({{"prompt", text}})).status == 200);
    CHECK(serving.post(form({{"prompt", text + "x"}})).status == 400);
    CHECK(serving.post(form({{"prompt", std::string(5000, '\x80')}})).status == 400);
}

TEST_CASE("what the model does not take is refused with that word") {
    const bool prompts = GENERATE(true, false);
    Serving serving;
    (prompts ? serving.script->takes_prompts : serving.script->takes_pictures) = false;
    serving.start();
    const auto refused = serving.post(prompts ? form({{"prompt", "a red chair"}})
                                              : form({{"prompt_image_file", picture()}}));
    CHECK(refused.status == 422);
    CHECK(refused.body.find(prompts ? "not from prompts" : "not from pictures") !=
          std::string::npos);
    CHECK(serving.script->stage1_runs == 0);
}

TEST_CASE("what cannot be made is refused with the status that says why") {
    Serving serving;
    serving.start();
    CHECK(serving.post("nonsense").status == 400);
    CHECK(serving.post(form({{"seed", "1"}})).status == 400);
    CHECK(serving.post(form({{"prompt_image_file", ""}})).status == 400);
    for (const auto* seed : {"x", "-2", "1.5", "9007199254740992"})
        CHECK(serving.post(form({{"prompt_image_file", picture()}, {"seed", seed}})).status == 400);
    CHECK(serving.script->stage1_runs == 0);
    CHECK(serving.post(form({{"prompt_image_file", "no picture"}})).status == 422);
    serving.script->voxels = {1};
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 422);
    serving.script->voxels = {-1};
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 500);
    CHECK(serving.get("/api/tasks").status == 404);
    CHECK(serving.get("/metrics").body.find("miner_generate_requests_total{end=\"sparse\"} 1") !=
          std::string::npos);
}

TEST_CASE("splats of which none is finite are an error, no file without Gaussians") {
    Serving serving;
    serving.start();
    serving.script->not_finite = true;
    for (const auto* kind : {"*/*", "model/spz"}) {
        const auto answer =
            serving.post(form({{"prompt_image_file", picture()}}), {{"accept", kind}});
        CHECK(answer.status == 500);
        CHECK(answer.body.find("of 3200 Gaussians none is finite") != std::string::npos);
    }
    serving.script->not_finite = false;
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 200);
    CHECK(serving.get("/metrics").body.find("miner_generate_requests_total{end=\"error\"} 2") !=
          std::string::npos);
}

TEST_CASE("a caller is not told where the miners are that made nothing of it") {
    const tests::LoopbackPeer remote([](tests::LoopbackPeer::Socket& socket) {
        if (!tests::read_request(socket).starts_with("GET /health ")) return;  // hangs up
        const std::string body = R"({"status":"healthy"})";
        tests::send(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body);
    });
    const auto address = "127.0.0.1:" + std::to_string(remote.port());
    Serving serving;
    serving.settings.generator.device = "none";
    serving.settings.generator.remote = {"http://" + address};
    serving.start();
    const auto health = serving.get("/health");
    CHECK(health.status == 200);
    CHECK(health.body.find(address) == std::string::npos);
    const auto answer = serving.post(form({{"prompt_image_file", picture()}}));
    CHECK(answer.status == 503);
    CHECK(answer.body.find("remote 1") != std::string::npos);
    CHECK(answer.body.find(address) == std::string::npos);
}

TEST_CASE("a caller is told that no backend can take work, not that a model loads") {
    Serving serving;
    serving.settings.generator.device = "none";
    serving.settings.generator.remote = {"http://127.0.0.1:1"};  // nobody is there
    serving.begin();
    REQUIRE(tests::eventually([&] {
        return serving.get("/ready").body.find("no backend can take work") != std::string::npos;
    }));
    const auto refused = serving.post(form({{"prompt_image_file", picture()}}));
    CHECK(refused.status == 503);
    CHECK(network::find_header(refused.headers, "retry-after") == "5");
    CHECK(refused.body.find("no backend can take work") != std::string::npos);
    CHECK(refused.body.find("127.0.0.1") == std::string::npos);
    CHECK(serving.stop() == miner::ExitCode::ok);
}

TEST_CASE("a caller's picture may have 8 MB, and as many pixels as the settings say") {
    Serving serving;
    serving.settings.generator.max_pixels = 24 * 20 - 1;
    serving.start();
    const auto refused = serving.post(form({{"prompt_image_file", picture()}}));
    CHECK(refused.status == 422);
    CHECK(refused.body.find("24 x 20 pixels; the limit is 479") != std::string::npos);
    const auto large = serving.post(form({{"prompt_image_file", std::string((8 << 20) + 1, 'A')}}));
    CHECK(large.status == 400);
    CHECK(large.body.find("larger than 8 MB") != std::string::npos);
    CHECK(serving.stop() == miner::ExitCode::ok);
}

TEST_CASE(
    "another miner brings its own gate and enhancement, and gets the count of what is sparse") {
    Serving serving;
    serving.script->voxels = {50};
    serving.start();
    const auto ask = [&](std::vector<std::pair<std::string, std::string>> fields) {
        fields.emplace_back("prompt_image_file", picture());
        return serving.post(form(fields));
    };
    const auto sparse = ask({{"min_gaussians", "1601"}});
    CHECK(sparse.status == 422);
    CHECK(network::find_header(sparse.headers, "x-gaussians") == "1600");
    CHECK(network::find_header(sparse.headers, "server-timing")->find("structure;dur=2.000") !=
          std::string_view::npos);
    CHECK(serving.script->stage1_runs == 1);  // no retry of ours
    CHECK(serving.script->stage2_runs == 0);
    CHECK(ask({{"min_gaussians", "1600"}, {"enhance", "none"}}).status == 200);
    CHECK(ask({{"min_gaussians", "0"}, {"enhance", "smooth,contrast:2"}}).status == 200);
    CHECK_FALSE(serving.script->repainted);
    CHECK(ask({{"min_gaussians", "0"}, {"applies_to", "structure"}}).status == 200);
    CHECK(serving.script->repainted);
    const auto& pictures = serving.script->pictures;
    CHECK(pictures.at(0).pixels != pictures.at(1).pixels);
    CHECK(pictures.at(1).pixels != pictures.at(2).pixels);
    const int stage1_runs = serving.script->stage1_runs;
    CHECK(ask({{"min_gaussians", "-1"}}).status == 400);
    CHECK(ask({{"min_gaussians", "many"}}).status == 400);
    CHECK(ask({{"enhance", "sharpen:2"}}).status == 400);
    CHECK(ask({{"enhance", "contrast:1e9"}}).status == 400);
    CHECK(ask({{"applies_to", "all"}}).status == 400);
    CHECK(serving.script->stage1_runs == stage1_runs);
}

TEST_CASE("a call that takes too long is given up, and the next one is served") {
    Serving serving;
    serving.script->delay = 60s;
    serving.settings.http.deadline = 2s;  // each has as long
    serving.start();
    const auto late = serving.post(form({{"prompt_image_file", picture()}}));
    CHECK(late.status == 504);
    CHECK(late.body.find("within 2 s, waiting included: raise http.deadline") != std::string::npos);
    serving.script->delay = 0s;
    CHECK(tests::eventually([&] {
        return serving.post(form({{"prompt_image_file", picture()}})).status == 200;
    }));
}

TEST_CASE("unless a deadline is set, CPUs have as long as a generation may take, GPUs have not") {
    const std::string device = GENERATE("cpu", "cuda:0");
    const bool several = GENERATE(false, true);
    CAPTURE(device, several);
    Serving serving;
    if (several) serving.settings.generator.devices = {device, device};
    serving.script->device = device;
    serving.script->delay = 60s;
    serving.settings.generator.deadline = 1s;
    serving.start();
    const auto late = serving.post(form({{"prompt_image_file", picture()}}));
    CHECK(late.status == 504);
    const bool in_all =
        late.body.find("within 1 s, waiting included: set http.deadline") != std::string::npos;
    CHECK(in_all == (device == "cpu"));
}

TEST_CASE("unless a deadline is set, other miners have as long as a generation may take") {
    Serving worker;
    worker.script->delay = 60s;
    worker.start();
    Serving front;
    front.settings.generator.device = "none";
    front.settings.generator.remote = {worker.url()};
    front.settings.generator.deadline = 1s;
    front.start();
    const auto late = front.post(form({{"prompt_image_file", picture()}}));
    Serving::stop_all({&worker, &front});
    CHECK(late.status == 504);
    CHECK(late.body.find("within 1 s, waiting included: set http.deadline") != std::string::npos);
}

TEST_CASE("when the caller hangs up its run is given up") {
    Serving serving;
    serving.script->delay = 60s;
    serving.start();
    {
        const Asking asking(serving);
        serving.wait_for_stage1(1);
    }
    serving.script->delay = 0s;
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 200);
}

TEST_CASE("asked to stop, it answers the call at hand and takes no other") {
    Serving serving;
    serving.script->held = true;
    serving.settings.run.grace = 60s;
    serving.start();
    auto last = meanwhile(serving);
    serving.wait_for_stage1(1);
    ::kill(::getpid(), SIGTERM);
    CHECK(tests::eventually([&] { return serving.get("/ready").status == 503; }));
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 503);
    serving.script->held = false;
    CHECK(serving.wait() == miner::ExitCode::ok);
    CHECK(last.get() == 200);
}

TEST_CASE("whoever waits while the device is lost is told to come again") {
    Serving serving;
    serving.script->voxels = {-1};
    serving.script->failure = generator::Errc::device_lost;
    serving.script->held = true;
    serving.start();
    auto first = meanwhile(serving);
    serving.wait_for_stage1(1);
    auto second = meanwhile(serving);
    serving.wait_for_waiting(1);
    serving.script->held = false;
    CHECK(first.get() == 503);
    CHECK(second.get() == 503);
    CHECK(serving.wait() == miner::ExitCode::device_lost);
}

TEST_CASE("a lost device ends the process with its own code") {
    Serving serving;
    serving.script->voxels = {-1};
    serving.script->failure = generator::Errc::device_lost;
    serving.start();
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 503);
    CHECK(serving.wait() == miner::ExitCode::device_lost);
}
