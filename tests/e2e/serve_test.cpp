// miner serve with http.signed: callers who sign, from outside the process.
#include "tests/e2e/scene.hpp"

#include "network/http/client.hpp"
#include "network/subnet/btauth.hpp"
#include "network/subnet/verify.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/plain_request.hpp"

#include <csignal>

using namespace tests;
using namespace std::chrono_literals;
using network::HttpRequest;
using network::Keypair;

namespace {

std::int64_t now_ns() {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

// As far ahead as is taken: what is signed now is then new to a server that has just started, too,
// which refuses what an earlier run may have seen.
std::int64_t new_nonce() { return now_ns() + network::Verifier::Options().ahead.count(); }

// `miner serve` that listens to one caller, and how that caller reaches it.
class Server {
public:
    Server(const Scene& scene, const Keypair& caller)
        : scene_(scene), process_(serving(scene, caller)) {
        REQUIRE(process_.await_text(" model ready ", kPatience));
        const std::string mark = "serving url=http://127.0.0.1:";
        const auto said = process_.err();
        port_ = std::uint16_t(std::stoi(said.substr(said.find(mark) + mark.size())));
    }

    static Command serving(const Scene& scene, const Keypair& caller) {
        return scene.miner({"serve",
                            "--storage.path",
                            scene.storage(),
                            "--wallet.path",
                            scene.home() / "wallets",
                            "--wallet.name",
                            "cold",
                            "--wallet.hotkey",
                            "hot",
                            "--http.listen",
                            "127.0.0.1:0",
                            "--http.signed",
                            "listed",
                            "--http.allow",
                            caller.address(),
                            "--http.deadline",
                            "3600",
                            "--gate.min_gaussians",
                            "50000",
                            "--run.grace",
                            "600"});
    }

    HttpRequest call(const Keypair& caller, const std::string& method, const std::string& target,
                     const std::string& body = {}) const {
        auto request = tests::plain_request(method, target);
        request.body = body;
        request.headers =
            network::btauth_headers(caller, scene_.hotkey(), method, target, body, new_nonce());
        request.headers.emplace_back("content-type", "multipart/form-data; boundary=XX");
        return request;
    }
    network::HttpAnswer send(HttpRequest request) const {
        request.port = port_;
        network::HttpLimits limits;
        limits.read = kPatience;
        return run(network::request(std::move(request), limits)).value();
    }
    ProcessExit stop() {
        process_.signal(SIGTERM);
        return process_.wait(kPatience).value();
    }

private:
    const Scene& scene_;
    Process process_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("whoever signs and is listed is served, once a signature, and after a restart, too") {
    const Scene scene;
    const auto caller = key_of(2), unauthorised = key_of(3);
    const auto png = read_bytes(quick_picture());
    const auto form = "--XX\r\nContent-Disposition: form-data; name=\"prompt_image_file\"\r\n\r\n" +
                      std::string(png.begin(), png.end()) + "\r\n--XX--\r\n";
    HttpRequest taken;
    {
        Server server(scene, caller);
        CHECK(server.send(tests::plain_request("GET", "/health")).status == 200);
        CHECK(server.send(tests::plain_request("GET", "/metrics")).status == 401);
        CHECK(server.send(server.call(unauthorised, "GET", "/metrics")).status == 403);
        CHECK(server.send(server.call(caller, "GET", "/metrics")).status == 200);

        taken = server.call(caller, "POST", "/generate", form);
        auto tampered = taken;
        tampered.body += " ";
        CHECK(server.send(tampered).status == 401);
        const auto made = server.send(taken);
        CHECK(made.status == 200);
        CHECK(made.body.starts_with("ply\n"));
        CHECK(server.send(taken).status == 401);
        CHECK(server.send(server.call(unauthorised, "POST", "/generate", form)).status == 403);

        // Another in the same folder would take once more what this one has taken.
        const auto second = run_to_end(Server::serving(scene, caller), kPatience);
        CHECK(second.exit_status == ProcessExit{.code = 73});
        CHECK_THAT(second.err, contains(scene.storage().string()));
        CHECK(server.stop() == ProcessExit{.code = 0});
    }
    Server server(scene, caller);
    CHECK(server.send(taken).status == 401);
    CHECK(server.send(server.call(caller, "GET", "/metrics")).status == 200);
    CHECK(server.stop() == ProcessExit{.code = 0});
}
