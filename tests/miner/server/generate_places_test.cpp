// How many calls of /generate are taken at a time, and what becomes of the others.
#include "tests/miner/serving.hpp"

#include "miner/generation/fleet.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <future>
#include <set>

using tests::Asking;
using tests::form;
using tests::meanwhile;
using tests::picture;
using tests::Serving;

TEST_CASE("one is made at a time, a few may wait, more are refused") {
    Serving serving;
    serving.script->held = true;
    serving.start();
    auto first = meanwhile(serving);
    serving.wait_for_stage1(1);
    const auto counts = [&](const char* line) {
        return serving.get("/metrics").body.find(std::string("\nminer_generate_") + line + "\n") !=
               std::string::npos;
    };
    CHECK(counts("waiting 0"));
    auto second = meanwhile(serving), third = meanwhile(serving);
    CHECK(tests::eventually(
        [&] { return counts("waiting 1") && counts("requests_total{end=\"full\"} 1"); }));
    serving.script->held = false;
    const std::multiset<unsigned> statuses{first.get(), second.get(), third.get()};
    CHECK(statuses == std::multiset<unsigned>{200, 200, 429});
    CHECK(serving.script->stage1_runs == 2);
}

TEST_CASE("each answer names the process, and how many it makes at once") {
    Serving serving, other;
    serving.script->held = true;
    serving.start();
    other.start();
    const auto said = [](const network::HttpAnswer& answer) {
        return miner::read_report(answer.headers).value_or(miner::BackendReport());
    };
    const auto idle = said(serving.get("/ready"));
    CHECK(idle.instance.size() > 20);
    CHECK(idle.places == 1);
    CHECK(idle.free == 1);
    CHECK(said(other.get("/ready")).instance != idle.instance);
    CHECK(serving.get("/metrics").body.find("\nminer_generate_busy_ratio 0\n") !=
          std::string::npos);
    auto first = meanwhile(serving);
    serving.wait_for_stage1(1);
    for (const auto* path : {"/ready", "/health"}) {
        const auto busy = said(serving.get(path));
        CHECK(busy.instance == idle.instance);
        CHECK(busy.places == 1);
        CHECK(busy.free == 0);
    }
    CHECK(serving.get("/metrics").body.find("\nminer_generate_busy_ratio 1\n") !=
          std::string::npos);
    serving.script->held = false;
    CHECK(first.get() == 200);
    const auto made = serving.post(form({{"prompt_image_file", picture()}}));
    CHECK(said(made).instance == idle.instance);
    CHECK(said(made).free == 1);
    CHECK(said(serving.post("no form")).instance == idle.instance);
    Serving::stop_all({&serving, &other});
}

TEST_CASE("a caller who would rather be refused than wait is, while others may wait") {
    Serving serving;
    serving.script->held = true;
    serving.start();
    auto first = meanwhile(serving);
    serving.wait_for_stage1(1);
    const auto call = form({{"prompt_image_file", picture()}});
    const auto refused = serving.post(call, {{"X-Miner-Queue", "no"}});
    CHECK(refused.status == 429);
    CHECK(network::find_header(refused.headers, "retry-after") == "1");
    auto second = meanwhile(serving);
    CHECK(tests::eventually([&] {
        return serving.get("/metrics").body.find("\nminer_generate_waiting 1\n") !=
               std::string::npos;
    }));
    // Not even a place that is about to be free is that caller's before who waits.
    CHECK(miner::read_report(serving.get("/ready").headers)->free == 0);
    serving.script->held = false;
    CHECK(first.get() == 200);
    CHECK(second.get() == 200);
    CHECK(serving.post(call, {{"X-Miner-Queue", "no"}}).status == 200);
}

TEST_CASE("results that are on their way to slow readers take no place") {
    Serving serving;
    serving.script->voxels = {6250};  // 13.6 MB, more than the system takes off the server's hands
    serving.start();
    const Asking first(serving), second(serving);
    CHECK(tests::eventually([&] {
        return serving.get("/metrics")
                   .body.find("\nminer_generate_requests_total{end=\"made\"} 2\n") !=
               std::string::npos;
    }));
    CHECK(miner::read_report(serving.get("/ready").headers)->free == 1);
    const auto third =
        serving.post(form({{"prompt_image_file", picture()}}), {{"x-miner-queue", "no"}});
    CHECK(third.status == 200);
    CHECK(serving.script->stage1_runs == 3);
}

TEST_CASE("a miner that passes all on has no place for what other miners ask") {
    Serving worker;
    worker.start();
    Serving front;
    front.settings.generator.device = "none";
    front.settings.generator.remote = {worker.url()};
    front.start();
    const auto report = miner::read_report(front.get("/ready").headers);
    const auto metrics = front.get("/metrics").body;
    Serving::stop_all({&worker, &front});
    REQUIRE(report);
    CHECK(report->places == 0);
    CHECK(metrics.find("\nminer_generate_places 1\n") != std::string::npos);
}

TEST_CASE("calls are let in as far as their bytes have room together") {
    Serving serving;
    serving.script->held = true;
    serving.start();
    // What follows a picture's end is not looked at.
    const auto large = form({{"prompt_image_file", picture() + std::string(7'000'000, 'x')}});
    auto first = std::async(std::launch::async, [&] { return serving.post(large).status; });
    serving.wait_for_stage1(1);
    CHECK(serving.post(large).status == 429);
    auto small = meanwhile(serving);
    CHECK(tests::eventually([&] {
        return serving.get("/metrics").body.find("\nminer_generate_waiting 1\n") !=
               std::string::npos;
    }));
    serving.script->held = false;
    CHECK(first.get() == 200);
    CHECK(small.get() == 200);
    CHECK(serving.post(large).status == 200);
    CHECK(serving.stop() == miner::ExitCode::ok);
}

TEST_CASE("as many are made at a time as there are devices") {
    Serving serving;
    serving.settings.generator.devices = {"cuda:0", "cuda:1"};
    serving.settings.http.queue = 0;
    serving.script->held = true;
    serving.start();
    auto first = meanwhile(serving), second = meanwhile(serving);
    serving.wait_for_stage1(2);
    CHECK(serving.post(form({{"prompt_image_file", picture()}})).status == 429);
    serving.script->held = false;
    CHECK(first.get() == 200);
    CHECK(second.get() == 200);
}
