// miner serve in this process, with a scripted generator, for tests that call it.
#pragma once

#include "miner/serve.hpp"
#include "network/http/client.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/plain_request.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/temporary_folder.hpp"

#include <csignal>
#include <future>
#include <initializer_list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace tests {

inline std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string body;
    for (const auto& [name, contents] : fields)
        body += "--XX\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + contents +
                "\r\n";
    return body + "--XX--\r\n";
}

inline std::string picture() {
    const auto png = small_png();
    return {png.begin(), png.end()};
}

class Serving {
public:
    std::shared_ptr<Script> script = std::make_shared<Script>();
    config::Settings settings;

    // 32 Gaussians a voxel: the gate is at 100 voxels, the floor at 10.
    Serving() {
        settings.http.listen = "127.0.0.1:0";
        settings.http.queue = 1;
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        script->voxels = {100};
    }

    // Until it can be called, which it can be while the model still loads.
    void begin() {
        thread_ = std::thread([this] {
            config::Logger log(config::Level::info, false, [this](std::string_view line) {
                {
                    const std::lock_guard lock(mutex_);
                    said_ += line;
                }
                const std::string_view mark = "serving url=http://127.0.0.1:";
                const auto at = line.find(mark);
                if (at != line.npos) port_ = std::stoi(std::string(line.substr(at + mark.size())));
            });
            code_ = miner::run_serve({.settings = settings,
                                      .folder = folder_.path(),
                                      .make_generator = make_fake(script),
                                      .log = log});
        });
        eventually([&] { return port_ != 0; });
    }
    void start() {
        begin();
        eventually([&] { return get("/ready").status == 200; });
    }
    ~Serving() {
        if (thread_.joinable()) stop();
    }
    miner::ExitCode stop() {
        ::kill(::getpid(), SIGTERM);
        return wait();
    }
    // The signal goes to the whole process: all that serve end by it, and one more would end the
    // test.
    static void stop_all(std::initializer_list<Serving*> servers) {
        ::kill(::getpid(), SIGTERM);
        for (auto* server : servers)
            if (server->thread_.joinable()) server->wait();
    }
    miner::ExitCode wait() {
        thread_.join();
        return code_;
    }

    network::HttpAnswer get(const std::string& target) const {
        auto request = plain_request("GET", target);
        request.port = port();
        return run(network::request(std::move(request), {})).value();
    }
    network::HttpAnswer post(const std::string& body, network::HttpHeaders headers = {}) const {
        network::HttpRequest request;
        request.host = "127.0.0.1";
        request.port = port();
        request.target = "/generate";
        request.headers = std::move(headers);
        request.headers.emplace_back("content-type", "multipart/form-data; boundary=XX");
        request.body = body;
        network::HttpLimits limits;
        limits.read = std::chrono::hours(1);
        return run(network::request(std::move(request), limits)).value();
    }
    // Whether the log has this by now.
    bool said(std::string_view text) const {
        const std::lock_guard lock(mutex_);
        return said_.find(text) != said_.npos;
    }
    std::uint16_t port() const { return std::uint16_t(port_.load()); }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
    void wait_for_stage1(int count) const {
        eventually([&] { return script->stage1_runs >= count; });
    }
    // Until so many calls wait for others; throws where they do not come to.
    void wait_for_waiting(int count) const {
        const auto line = "\nminer_generate_waiting " + std::to_string(count) + "\n";
        if (!eventually([&] { return get("/metrics").body.find(line) != std::string::npos; }))
            throw std::runtime_error("not " + std::to_string(count) + " calls wait");
    }

private:
    TemporaryFolder folder_;
    std::atomic<int> port_ = 0;
    mutable std::mutex mutex_;
    std::string said_;  // all that was logged
    std::thread thread_;
    miner::ExitCode code_ = miner::ExitCode::internal;
};

// Calls while the test goes on: the status that came. `serving` outlives it.
inline std::future<unsigned> meanwhile(const Serving& serving) {
    return std::async(std::launch::async, [&serving] {
        return serving.post(form({{"prompt_image_file", picture()}})).status;
    });
}

// A call whose caller reads nothing of the answer, and hangs up in the end.
class Asking {
public:
    explicit Asking(const Serving& serving) {
        const auto body = form({{"prompt_image_file", picture()}});
        const auto v4 = boost::asio::ip::tcp::v4();
        socket_.open(v4);
        socket_.set_option(boost::asio::socket_base::receive_buffer_size(4096));
        socket_.connect({boost::asio::ip::make_address("127.0.0.1"), serving.port()});
        send(socket_,
             "POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
             "multipart/form-data; boundary=XX\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    }

private:
    boost::asio::io_context io_;
    LoopbackPeer::Socket socket_{io_};
};

}  // namespace tests
