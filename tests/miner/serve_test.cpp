// The whole of `miner serve` in this process: its start, its end, and calls in between.
#include "miner/serve.hpp"

#include "miner/generation/fleet.hpp"
#include "network/errc.hpp"
#include "network/http/client.hpp"
#include "tests/miner/serving.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <mutex>

using namespace std::chrono_literals;
using miner::ExitCode;
using tests::eventually;

namespace {

// A server whose model loads as the test lets it.
class Server {
public:
    config::Settings settings;
    std::shared_ptr<tests::Script> script = std::make_shared<tests::Script>();
    std::atomic<bool> may_load = true;
    std::optional<config::Error> no_model;
    std::string host = "127.0.0.1";

    Server() {
        settings.http.listen = "127.0.0.1:0";
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        settings.run.grace = 3600s;
        script->voxels = {100};
    }
    ~Server() {
        may_load = true;
        script->held = false;
        if (!thread_.joinable()) return;
        ::kill(::getpid(), SIGTERM);
        thread_.join();
    }

    void start() {
        thread_ = std::thread([this] {
            config::Logger log(config::Level::info, false, [this](std::string_view line) {
                const std::lock_guard lock(mutex_);
                lines_.emplace_back(line);
            });
            code_ = int(miner::run_serve(
                {.settings = settings,
                 .folder = folder_.path(),
                 .make_generator = [this](const config::Generator& wanted) { return make(wanted); },
                 .log = log}));
            ended_ = true;
        });
    }
    ExitCode wait() {
        thread_.join();
        return ExitCode(code_.load());
    }
    bool ended() const { return ended_; }

    std::string said(const std::string& part) {
        const std::lock_guard lock(mutex_);
        const auto line = std::find_if(lines_.begin(), lines_.end(), [&](const auto& each) {
            return each.find(part) != each.npos;
        });
        return line == lines_.end() ? "" : *line;
    }
    bool says(const std::string& part) {
        return eventually([&] { return !said(part).empty() || ended_; }) && !said(part).empty();
    }
    std::uint16_t port() {
        REQUIRE(says("serving url="));
        const auto url = said("serving url=");
        const auto path = url.rfind("/generate");
        return std::uint16_t(std::stoi(url.substr(url.rfind(':', path) + 1)));
    }

    network::HttpAnswer ask(const std::string& target) {
        auto request = tests::plain_request("GET", target);
        request.port = port();
        return tests::run(network::request(std::move(request), {})).value();
    }
    // Its status; 0 when it hangs up.
    unsigned get(const std::string& target) {
        auto request = tests::plain_request("GET", target);
        return status(std::move(request));
    }
    unsigned generate() {
        auto request = tests::plain_request("POST", "/generate");
        request.headers = {{"content-type", "multipart/form-data; boundary=XX"}};
        request.body = tests::form({{"prompt_image_file", tests::picture()}});
        return status(std::move(request));
    }

private:
    config::Result<std::unique_ptr<generator::Generator>> make(const config::Generator& wanted) {
        eventually([&] { return may_load.load(); });
        if (no_model) return *no_model;
        return tests::make_fake(script)(wanted);
    }
    unsigned status(network::HttpRequest request) {
        request.host = host;
        request.port = port();
        network::HttpLimits limits;
        limits.read = 60s;
        const auto answer = tests::run(network::request(std::move(request), limits));
        return answer ? answer->status : 0;
    }

    tests::TemporaryFolder folder_;
    std::mutex mutex_;
    std::vector<std::string> lines_;
    std::atomic<int> code_ = -1;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

}  // namespace

TEST_CASE("it answers while the model loads, and is ready when it has") {
    Server server;
    server.may_load = false;
    server.start();
    CHECK(server.get("/version") == 200);
    CHECK(server.get("/ready") == 503);
    CHECK(server.said("model ready").empty());
    server.may_load = true;
    CHECK(eventually([&] { return server.get("/ready") == 200; }));
    CHECK(server.says("model ready model=fake"));
    CHECK(server.generate() == 200);
    ::kill(::getpid(), SIGTERM);
    CHECK(server.wait() == ExitCode::ok);
    CHECK(server.says("stopped"));
}

TEST_CASE("it listens on IPv6, for this machine and for all") {
    const bool all = GENERATE(false, true);
    Server server;
    server.settings.http.listen = all ? "[::]:0" : "[::1]:0";
    server.settings.http.token = "a token of some length";
    if (!all) server.settings.http.token.clear();
    server.host = "::1";
    server.start();
    CHECK(eventually([&] { return server.get("/ready") == 200; }));
    CHECK_THAT(server.said("serving url="),
               Catch::Contains(all ? "http://[::]:" : "http://[::1]:"));
    CHECK(server.get("/metrics") == (all ? 401 : 200));
    CHECK(server.generate() == (all ? 401 : 200));
}

TEST_CASE("a signal while the model loads ends it in order") {
    const int number = GENERATE(SIGINT, SIGTERM);
    Server server;
    server.may_load = false;
    server.start();
    CHECK(server.get("/version") == 200);
    ::kill(::getpid(), number);
    CHECK(server.says("stopping signal=" + std::to_string(number)));
    CHECK_FALSE(server.ended());
    server.may_load = true;
    CHECK(server.wait() == ExitCode::ok);
    CHECK(server.script->stage1_runs == 0);
}

TEST_CASE("the call at hand is finished before it ends, and none is taken any more") {
    Server server;
    server.script->held = true;
    server.start();
    REQUIRE(eventually([&] { return server.get("/ready") == 200; }));
    std::atomic<unsigned> status = 0;
    std::thread caller([&] { status = server.generate(); });
    REQUIRE(eventually([&] { return server.script->stage1_runs == 1; }));
    ::kill(::getpid(), SIGTERM);
    CHECK(server.says("stopping"));
    // Whoever balances or calls hears it with the next word, from whichever path.
    for (const auto* path : {"/ready", "/health"}) {
        const auto answer = server.ask(path);
        CHECK(answer.status == 503);
        REQUIRE(miner::read_report(answer.headers));
        CHECK(miner::read_report(answer.headers)->places == 0);
    }
    CHECK(server.generate() == 503);
    CHECK_FALSE(server.ended());
    server.script->held = false;
    caller.join();
    CHECK(status == 200);
    CHECK(server.wait() == ExitCode::ok);
    CHECK(server.script->stage1_runs == 1);
}

TEST_CASE("when the grace is over the call at hand is told so") {
    Server server;
    server.settings.run.grace = 0s;
    server.script->held = true;
    server.start();
    REQUIRE(eventually([&] { return server.get("/ready") == 200; }));
    std::atomic<unsigned> status = 0;
    std::thread caller([&] { status = server.generate(); });
    REQUIRE(eventually([&] { return server.script->stage1_runs == 1; }));
    ::kill(::getpid(), SIGTERM);
    caller.join();
    CHECK(status == 503);
    CHECK(server.wait() == ExitCode::ok);
    CHECK(server.says("grace is over"));
}

TEST_CASE("a model that cannot be loaded ends it with the model's exit code") {
    Server server;
    server.no_model = config::fail(generator::Errc::missing_file, "as tested");
    server.start();
    CHECK(server.wait() == ExitCode::model);
    CHECK_THAT(server.said("cannot start"), Catch::Contains("as tested"));
}

TEST_CASE("a model on a disk that fails ends it with the code that has it started anew") {
    const bool fetched = GENERATE(true, false);
    CAPTURE(fetched);
    Server server;
    server.no_model = fetched ? config::fail(network::Errc::disk_failed, "as tested")
                              : config::fail(generator::Errc::disk_failed, "as tested");
    server.start();
    CHECK(server.wait() == ExitCode::storage);
    CHECK_THAT(server.said("cannot start"), Catch::Contains("as tested"));
}

TEST_CASE("a GPU that does not answer yet ends it with the code that has it started anew") {
    Server server;
    server.no_model = config::fail(generator::Errc::device_lost, "no NVIDIA driver is loaded");
    server.start();
    CHECK(server.wait() == ExitCode::device_lost);
    CHECK_THAT(server.said("cannot start"), Catch::Contains("no NVIDIA driver is loaded"));
}

TEST_CASE("a GPU whose memory others hold ends it with the code that has it started anew") {
    const bool gpu = GENERATE(true, false);  // main memory is as large as it is
    CAPTURE(gpu);
    Server server;
    server.settings.generator.device = gpu ? "cuda" : "cpu";
    server.no_model = config::fail(generator::Errc::out_of_memory, "needs 4 GiB of 1 GiB free");
    server.start();
    CHECK(server.wait() == (gpu ? ExitCode::device_lost : ExitCode::model));
    CHECK_THAT(server.said("cannot start"), Catch::Contains("needs 4 GiB of 1 GiB free"));
}

TEST_CASE("a GPU that is too small for the model ends it for good") {
    Server server;
    server.no_model = config::fail(generator::Errc::device_too_small, "needs 4 GiB of 2 GiB");
    server.start();
    CHECK(server.wait() == ExitCode::model);
}

TEST_CASE("an address that this machine has not, or not yet, has it started anew") {
    Server server;
    server.settings.http.listen = "192.0.2.1:8080";  // RFC 5737: nobody has it
    server.start();
    CHECK(server.wait() == ExitCode::unavailable);
    CHECK_THAT(server.said("cannot start"),
               Catch::Contains("192.0.2.1:8080") && Catch::Contains("http.listen"));
}

TEST_CASE("an address that another process has is named, and it is started anew") {
    Server first;
    first.start();
    Server second;
    second.settings.http.listen = "127.0.0.1:" + std::to_string(first.port());
    second.start();
    CHECK(second.wait() == ExitCode::unavailable);
    CHECK_THAT(second.said("cannot start"),
               Catch::Contains(second.settings.http.listen) && Catch::Contains("http.listen"));
}
