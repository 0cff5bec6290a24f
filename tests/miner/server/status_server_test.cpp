// The status server over real sockets.
#include "miner/server/status_server.hpp"

#include "config/version.hpp"
#include "generator/splat/spz.hpp"
#include "tests/miner/server/seen.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <boost/json/value_to.hpp>

#include <cmath>
#include <cstring>

using namespace std::chrono_literals;
using tests::Seen;
using tests::task;

TEST_CASE("health follows the miner and has a word for it") {
    Seen seen;
    CHECK(seen.get("/health").status == 503);
    CHECK(seen.get("/ready").status == 503);
    seen.on_io([](auto& status_server) { status_server.state().model_ready({.name = "m"}); });
    const auto health = seen.json("/health");
    CHECK(health.at("status") == "healthy");
    CHECK(health.at("model").at("name") == "m");
    CHECK(seen.json("/ready").at("ready") == true);
    CHECK(seen.json("/version").at("name") == "miner");
    CHECK(boost::json::value_to<std::string>(seen.json("/version").at("commit")) ==
          config::commit());
    seen.on_io([](auto& status_server) { status_server.state().draining(); });
    CHECK(seen.get("/health").status == 503);
}

TEST_CASE("health says 503 with its reason while loading, unregistered, stalled or stopping") {
    Seen seen;
    const auto reason = [&] {
        const auto answer = seen.get("/health");
        const auto json = boost::json::parse(answer.body).as_object();
        CHECK(answer.status == (json.at("status") == "healthy" ? 200 : 503));
        return std::string(json.at("reason").as_string());
    };
    CHECK(reason() == "loading the model");
    seen.on_io([](auto& status_server) {
        status_server.state().model_ready({.name = "m"});
        status_server.state().hindered("chain",
                                       {"no hotkey is registered: btcli", "wss://10.0.0.9"});
    });
    CHECK(reason() == "no hotkey is registered: btcli");
    const auto waits = seen.get("/ready");
    CHECK(waits.status == 503);
    CHECK(waits.body.find("no hotkey is registered") != std::string::npos);
    CHECK(waits.body.find("10.0.0.9") == std::string::npos);
    CHECK(seen.get("/api/now").body.find("wss://10.0.0.9") != std::string::npos);
    seen.on_io([](auto& status_server) { status_server.state().hindered("chain", {}); });
    CHECK(reason().empty());
    CHECK(seen.get("/ready").status == 200);
    const network::Task task{network::TaskKind::image, "t", "iVBORw=="};
    seen.on_io([&](auto& status_server) {
        status_server.state().pulled({.reached = true, .task = &task, .row = 7},
                                     miner::BootClock::now() - 10min);
    });
    CHECK(reason().starts_with("stalled: a task is in stage pulled for 600"));
    seen.on_io(
        [](auto& status_server) { status_server.state().turn({.task_id = "t", .row = 7}, {}); });
    CHECK(reason().empty());
    seen.on_io([](auto& status_server) { status_server.state().draining(); });
    CHECK(reason().starts_with("stopping"));
    const auto ready = seen.get("/ready");
    CHECK(ready.status == 503);
}

TEST_CASE("health tells nobody where other machines are, what needs a token does") {
    Seen seen("0123456789abcdef");
    seen.on_io([](auto& status_server) {
        status_server.state().model_ready({.name = "m"});
        status_server.state().ask_backends([] {
            return std::vector<miner::BackendState>{
                {.name = "http://10.0.0.7:10006", .able = true, .remote = true}};
        });
    });
    const auto health = seen.get("/health");
    CHECK(health.status == 200);
    CHECK(health.body.find("10.0.0.7") == std::string::npos);
    CHECK(health.body.find("remote 1") != std::string::npos);
    CHECK(seen.get("/ready").body.find("10.0.0.7") == std::string::npos);
    CHECK(seen.get("/api/now").status == 401);
    const auto now = seen.get("/api/now", {{"Authorization", "Bearer 0123456789abcdef"}});
    CHECK(now.body.find("10.0.0.7") != std::string::npos);
}

TEST_CASE("statistics and tasks come as JSON, with peers' words as they were said") {
    Seen seen;
    const auto stats = seen.json("/api/stats?last=10");
    CHECK(stats.at("statistics").at("all").at("generations") == 2);
    CHECK(stats.at("statistics").at("by_validator").at(0).at("name") == "them\x1b");
    const auto list = seen.json("/api/tasks?limit=2").at("tasks").as_array();
    REQUIRE(list.size() == 2);
    CHECK(list[0].at("id") == seen.open);
    CHECK(list[1].at("state") == "submitting");
    const auto story = seen.json(task(seen.answered));
    CHECK(story.at("score") == 0.5);
    CHECK(story.at("validator") == "them\x1b");
    CHECK(story.at("attempts").at(0).at("gaussians") == 2);
    CHECK(story.at("submissions").at(0).at("status") == "answered");
}

TEST_CASE("a result can be had as it was sent, as a picture and for the viewer") {
    Seen seen;
    const auto spz = seen.get(task(seen.answered, "/asset.spz"));
    CHECK(spz.status == 200);
    const std::vector<std::uint8_t> bytes(spz.body.begin(), spz.body.end());
    CHECK(generator::read_spz(bytes).value().splats.size() == 2);
    for (int i = 0; i < 2; ++i) {  // rendered, then remembered
        const auto png = seen.get(task(seen.answered, "/preview.png"));
        CHECK(png.status == 200);
        CHECK(png.body.starts_with("\x89PNG"));
    }
    const auto splats = seen.get(task(seen.answered, "/splats.bin"));
    REQUIRE(splats.body.size() == 64);
    float first[6];
    std::memcpy(first, splats.body.data(), sizeof first);
    CHECK(first[0] == -0.5f);  // the larger one leads
    CHECK(first[3] == Approx(std::exp(-2.0)).epsilon(0.05));
    const auto* second = reinterpret_cast<const std::uint8_t*>(splats.body.data()) + 32;
    CHECK(int(second[24]) == Approx(255).margin(2));
    CHECK(int(second[25]) == Approx(128).margin(2));
    CHECK(int(second[27]) == Approx(128).margin(2));
    CHECK(int(second[28]) == 255);
}

TEST_CASE("nothing is rendered before its submission is answered") {
    Seen seen;
    CHECK(seen.get(task(seen.submitting, "/preview.png")).status == 409);
    CHECK(seen.get(task(seen.submitting, "/splats.bin")).status == 409);
    CHECK(seen.get(task(seen.submitting, "/asset.spz")).status == 200);
    CHECK(seen.get(task(seen.open, "/preview.png")).status == 404);
}

TEST_CASE("an input that is cut short is shown as bytes, one that is whole as its kind") {
    Seen seen;
    const auto type_of = [&](const std::string& base64) {
        const network::Task picture{network::TaskKind::image, "x", base64};
        seen.on_io([&](auto& status_server) {
            status_server.state().pulled({.reached = true, .task = &picture, .row = 7}, {});
        });
        const auto answer = seen.get(task(7, "/input"));
        CHECK(answer.status == 200);
        return std::string(network::find_header(answer.headers, "content-type").value_or(""));
    };
    CHECK(type_of("UklGRg==") == "application/octet-stream");      // RIFF
    CHECK(type_of("UklGRgAAAA==") == "application/octet-stream");  // and three bytes
    CHECK(type_of("UklGRldFQlA=") == "application/octet-stream");  // and WEBP at once
    CHECK(type_of("UklGRgAAAABXRUJQVlA4IA==") == "image/webp");
}

TEST_CASE("the input of a task of this run is shown as what it is") {
    Seen seen;
    CHECK(seen.get(task(7, "/input")).status == 404);
    const network::Task picture{network::TaskKind::image, "x", "iVBORw=="};
    const network::Task prompt{network::TaskKind::text, "y", "a <b>chair</b>\n\x1b[2J"};
    seen.on_io([&](auto& status_server) {
        status_server.state().pulled({.reached = true, .task = &picture, .row = 7}, {});
        status_server.state().pulled({.reached = true, .task = &prompt, .row = 8}, {});
    });
    const auto image = seen.get(task(7, "/input"));
    CHECK(image.body == "\x89PNG");
    CHECK(network::find_header(image.headers, "content-type") == "image/png");
    const auto text = seen.get(task(8, "/input"));
    CHECK(text.body == "a <b>chair</b>\n\\x1b[2J");
    CHECK(network::find_header(text.headers, "content-type") == "text/plain; charset=utf-8");
    CHECK(network::find_header(text.headers, "x-content-type-options") == "nosniff");
}

TEST_CASE("the page and its parts are served, with a policy that lets nothing else in") {
    Seen seen;
    const auto page = seen.get("/");
    CHECK(page.status == 200);
    CHECK(page.body.find("<title>miner</title>") != std::string::npos);
    const auto policy = network::find_header(page.headers, "content-security-policy");
    REQUIRE(policy.has_value());
    CHECK(policy->starts_with("default-src 'none'"));
    // Whatever it names is there.
    for (const std::string_view quote : {"href=\"/page/", "src=\"/page/"})
        for (auto at = page.body.find(quote); at != std::string::npos;
             at = page.body.find(quote, at + 1)) {
            const auto begin = page.body.find('/', at);
            const auto path = page.body.substr(begin, page.body.find('"', begin) - begin);
            INFO(path);
            CHECK(seen.get(path).status == 200);
        }
    CHECK(page.body.find("http://") == std::string::npos);
    CHECK(page.body.find("https://") == std::string::npos);
    const auto openapi = seen.json("/api/openapi.json");
    CHECK(openapi.at("openapi") == "3.1.0");
    for (const auto& path : openapi.at("paths").as_object()) {
        std::string target(path.key());
        if (target == "/api/events") continue;  // never ends
        if (const auto at = target.find("{id}"); at != std::string::npos)
            target.replace(at, 4, std::to_string(seen.answered));
        const auto status = seen.get(target).status;
        INFO(target << ": " << status);
        CHECK(path.value()
                  .as_object()
                  .begin()
                  ->value()
                  .at("responses")
                  .as_object()
                  .contains(target == "/generate" ? "404" : std::to_string(status)));
    }
}

TEST_CASE("paths, methods and values that are none of ours are refused by their name") {
    Seen seen;
    for (const auto* target :
         {"/nothing", "/api", "/api/tasks/0", "/api/tasks/x", "/api/tasks/9999",
          "/page/../miner.db", "/page/%2e%2e/miner.db", "/page/", "/page/x",
          "/api/tasks/1/../../miner.db", "//", "/api/tasks/1/asset.spz/x"})
        CHECK(seen.get(target).status == 404);
    for (const auto* target :
         {"/api/tasks?limit=0", "/api/tasks?limit=1001", "/api/tasks?before=x",
          "/api/tasks?unknown=1", "/api/tasks?outcome=none", "/api/tasks?below=x",
          "/api/tasks?validator=", "/api/tasks/1?attempt=1", "/api/tasks/1/asset.spz?attempt=0",
          "/api/tasks/1/asset.spz?x=1", "/api/stats?last=-1", "/api/stats?by=kind"})
        CHECK(seen.get(target).status == 400);
    CHECK(seen.get("/health", {}, "DELETE").status == 405);
    CHECK(seen.get("/generate").status == 405);
    CHECK(seen.get("/generate", {}, "POST").status == 404);
}

TEST_CASE("a method that a path does not take is told from one that nobody knows") {
    Seen seen;
    const auto allowed = [&](const std::string& method, const std::string& target) {
        const auto answer = seen.get(target, {}, method);
        return std::to_string(answer.status) + " " +
               std::string(network::find_header(answer.headers, "allow").value_or("-"));
    };
    const std::string reading = "GET, HEAD, OPTIONS";
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"})
        CHECK(allowed(method, "/health") == "405 " + reading);
    for (const char* method : {"get", "TRACE", "PROPFIND", "HEALTH"})
        CHECK(allowed(method, "/health") == "501 -");
    CHECK(allowed("OPTIONS", "/health") == "204 " + reading);
    for (const char* method : {"GET", "HEAD", "PUT"})
        CHECK(allowed(method, "/generate") == "405 OPTIONS, POST");
    CHECK(allowed("OPTIONS", "/%67enerate") == "204 OPTIONS, POST");
}

TEST_CASE("the server as a whole says what it takes, and a target with a host is taken") {
    Seen seen;
    const auto port = std::to_string(seen.port());
    const auto said = [&](const std::string& line, const std::string& host) {
        boost::asio::io_context io;
        tests::LoopbackPeer::Socket socket(io);
        socket.connect({boost::asio::ip::make_address("127.0.0.1"), seen.port()});
        tests::send(socket, line + "\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        std::string answer;
        boost::system::error_code error;
        boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
        return answer;
    };
    const auto whole = said("OPTIONS * HTTP/1.1", "localhost:" + port);
    CHECK(whole.starts_with("HTTP/1.1 204 "));
    CHECK(whole.find("allow: GET, HEAD, OPTIONS, POST\r\n") != whole.npos);
    CHECK(whole.find("Content-Length") == whole.npos);
    CHECK(said("GET http://LOCALHOST:" + port + "/version HTTP/1.1", "x")
              .starts_with("HTTP/1.1 200 "));
    CHECK(said("GET /api/now HTTP/1.1", "LocalHost:" + port).starts_with("HTTP/1.1 200 "));
    // The target's host counts, so that the one in the header cannot be had for show.
    CHECK(
        said("GET http://evil.example/api/now HTTP/1.1", "localhost").starts_with("HTTP/1.1 403 "));
    CHECK(
        said("CONNECT localhost:" + port + " HTTP/1.1", "localhost").starts_with("HTTP/1.1 501 "));
}

TEST_CASE("with a token nothing but health is told to those without it, and they are counted") {
    Seen seen("0123456789abcdef");
    CHECK(seen.get("/ready").status == 503);
    for (const auto* target : {"/", "/metrics", "/api/stats", "/nothing"})
        CHECK(seen.get(target).status == 401);
    const auto metrics = seen.get("/metrics", {{"authorization", "Bearer 0123456789abcdef"}});
    CHECK(metrics.status == 200);
    CHECK(metrics.body.find("\nminer_http_requests_total{status=\"401\"} 4\n") !=
          std::string::npos);
}

TEST_CASE("beyond loopback a mining miner wants a token") {
    config::Settings settings;
    settings.http.listen = "0.0.0.0:0";
    boost::asio::io_context io;
    const auto refused = miner::StatusServer::open(io, {.settings = settings, .folder = "/"});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().detail.find("http.token") != std::string::npos);
    settings.http.token = "0123456789abcdef";
    CHECK(miner::StatusServer::open(io, {.settings = settings, .folder = "/"}).has_value());
}

TEST_CASE("watchers are told what changes and what is logged") {
    Seen seen;
    boost::asio::io_context io;
    tests::LoopbackPeer::Socket socket(io);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), seen.port()});
    tests::send(socket, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string text;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "event: now\ndata: {");
    CHECK(text.find("content-type: text/event-stream") != std::string::npos);
    seen.on_io([](auto& status_server) {
        status_server.log_sink()("a line");
        status_server.state().model_ready({});
    });
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\"a line\"");
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\"phase\":\"running\"");
}

TEST_CASE("watchers are told anew every few seconds, as health goes by time, too") {
    Seen seen;
    seen.on_io([](auto& status_server) {
        status_server.state().model_ready({});
        status_server.state().ask_backends([calls = 0]() mutable {
            return std::vector<miner::BackendState>{{.name = "gpu", .able = ++calls < 3}};
        });
    });
    boost::asio::io_context io;
    tests::LoopbackPeer::Socket socket(io);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), seen.port()});
    tests::send(socket, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::string text;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\"status\":\"healthy\"");
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\"status\":\"unhealthy\"");
}

TEST_CASE("watchers beyond a bound are refused, and leaving makes room") {
    Seen seen;
    boost::asio::io_context io;
    std::vector<tests::LoopbackPeer::Socket> watchers;
    const auto watch = [&] {
        auto& socket = watchers.emplace_back(io);
        socket.connect({boost::asio::ip::make_address("127.0.0.1"), seen.port()});
        tests::send(socket, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
        std::string text;
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(text), "\r\n");
        return text.substr(0, 12);
    };
    for (int i = 0; i < 16; ++i) CHECK(watch() == "HTTP/1.1 200");
    CHECK(watch() == "HTTP/1.1 503");
    watchers.clear();
    CHECK(tests::eventually([&] { return watch() == "HTTP/1.1 200"; }));
}
