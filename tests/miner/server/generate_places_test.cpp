// How many calls of /generate are taken at a time, and what becomes of the others.
#include "tests/miner/serving.hpp"

#include "miner/generation/fleet.hpp"
#include "tests/miner/server/seen.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using tests::Asking;
using tests::form;
using tests::meanwhile;
using tests::picture;
using tests::Serving;

namespace {

bool has_line(const network::HttpAnswer& metrics, const std::string& line) {
    return metrics.body.find("\n" + line + "\n") != std::string::npos;
}

// A call without a form; what comes of it may take its time.
unsigned call_empty(const tests::Seen& seen) {
    network::HttpRequest request;
    request.host = "127.0.0.1";
    request.port = seen.port();
    request.target = "/generate";
    network::HttpLimits limits;
    limits.read = std::chrono::hours(1);
    return tests::run(network::request(std::move(request), limits)).value().status;
}

bool any_is_over(const std::vector<std::future<unsigned>>& calls) {
    return std::any_of(calls.begin(), calls.end(), [](const auto& each) {
        return each.wait_for(0s) == std::future_status::ready;
    });
}

}  // namespace

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
    serving.wait_for_waiting(1);
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
    serving.wait_for_waiting(1);
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

TEST_CASE("with the usual queue as many are taken as there are devices, and those that may wait") {
    // What follows a picture's end is not looked at: with it ten have 19 MB together.
    const auto behind = GENERATE(std::size_t(0), std::size_t(1'900'000));
    constexpr std::size_t kDevices = 8;
    Serving serving;
    serving.settings.http.queue = config::Http().queue;
    for (std::size_t i = 0; i < kDevices; ++i)
        serving.settings.generator.devices.push_back("cuda:" + std::to_string(i));
    serving.script->held = true;
    serving.start();
    CHECK(miner::read_report(serving.get("/ready").headers)->free == kDevices);
    const auto body = form({{"prompt_image_file", picture() + std::string(behind, 'x')}});
    std::vector<std::future<unsigned>> calls;
    for (std::size_t i = 0; i < kDevices + std::size_t(serving.settings.http.queue); ++i)
        calls.push_back(std::async(std::launch::async, [&] { return serving.post(body).status; }));
    const auto all_waiting =
        "miner_generate_waiting " + std::to_string(serving.settings.http.queue);
    CHECK(tests::eventually(
        [&] { return has_line(serving.get("/metrics"), all_waiting) || any_is_over(calls); }));
    CHECK(miner::read_report(serving.get("/ready").headers)->free == 0);
    serving.script->held = false;
    for (auto& each : calls) CHECK(each.get() == 200);
}

TEST_CASE("calls are let in by the places that there are at that moment, and others are counted") {
    std::atomic<std::size_t> places = 1, inside = 0;
    std::atomic<bool> answered = false;
    tests::Seen seen;
    seen.on_io([&](auto& server) {
        server.serve_generate(
            [&](network::ServerRequest request) -> boost::asio::awaitable<network::ServerReply> {
                const auto hold = std::move(request.hold);
                boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
                ++inside;
                while (!answered) {
                    timer.expires_after(1ms);
                    co_await timer.async_wait(boost::asio::use_awaitable);
                }
                co_return network::ServerReply{};
            },
            [] { return miner::BackendReport(); }, [&] { return places.load(); });
    });
    std::vector<std::future<unsigned>> calls;
    const auto fill = [&](std::size_t count) {
        while (calls.size() < count)
            calls.push_back(std::async(std::launch::async, [&] { return call_empty(seen); }));
        return tests::eventually([&] { return inside == count || any_is_over(calls); }) &&
               inside == count;
    };
    // One at work, two that may wait, and four whose forms are still to be read.
    CHECK(fill(7));
    CHECK(call_empty(seen) == 429);
    const auto metrics = seen.get("/metrics");
    CHECK(has_line(metrics, "miner_http_requests_total{status=\"429\"} 1"));
    CHECK(has_line(metrics, "miner_generate_requests_total{end=\"full\"} 1"));
    places = 3;
    CHECK(fill(9));
    CHECK(call_empty(seen) == 429);
    places = 1;
    CHECK(call_empty(seen) == 429);
    answered = true;
    for (auto& each : calls) CHECK(each.get() == 200);
}
