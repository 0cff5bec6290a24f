#include "tests/endure/soak_load.hpp"

#include "tests/endure/hostile_callers.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/fake_generator.hpp"

#include <array>
#include <chrono>
#include <string>

namespace endure {
namespace {

using namespace std::chrono_literals;
using Socket = tests::LoopbackPeer::Socket;

constexpr int kTabs = 4, kCallers = 6;
constexpr std::size_t kLongestAnswer = 64 << 20;

std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
}

// A connection that asks once. Nothing throws: whoever hangs up may.
class Question {
public:
    Question(std::uint16_t port, std::string_view text) : socket_(io_) {
        socket_.connect({boost::asio::ip::address_v4::loopback(), port}, error_);
        if (!error_) boost::asio::write(socket_, boost::asio::buffer(text), error_);
    }

    // What has come, until the end, or until there are so many bytes.
    std::string answer(std::size_t most = kLongestAnswer, std::chrono::milliseconds pause = 0ms) {
        std::string text;
        std::array<char, 1 << 14> bytes;
        while (!error_ && text.size() < most) {
            const auto room = pause > 0ms ? bytes.size() / 16 : bytes.size();
            text.append(bytes.data(),
                        socket_.read_some(boost::asio::buffer(bytes.data(), room), error_));
            if (pause > 0ms) std::this_thread::sleep_for(pause);
        }
        return text;
    }

private:
    boost::asio::io_context io_;
    Socket socket_;
    boost::system::error_code error_;
};

bool is_good(const std::string& answer) { return answer.starts_with("HTTP/1.1 200"); }

// The newest task of a listing; 0: none.
std::string newest_task(const std::string& listing) {
    constexpr std::string_view kMark = "\"tasks\":[{\"id\":";
    const auto at = listing.find(kMark);
    if (at == listing.npos) return "0";
    const auto begin = at + kMark.size();
    return listing.substr(begin, listing.find(',', begin) - begin);
}

}  // namespace

SoakLoad::~SoakLoad() {
    over_ = true;
    for (auto& thread : threads_) thread.join();
}

void SoakLoad::repeat(Turn turn) {
    threads_.emplace_back([this, turn = std::move(turn), seed = unsigned(threads_.size())] {
        std::mt19937 random(seed);
        while (!over_) turn(random);
    });
}

void SoakLoad::watch_page(std::uint16_t port) {
    const auto ask = [this, port](const std::string& target) {
        auto answer = Question(port, get(target)).answer();
        answers_ += is_good(answer);
        return answer;
    };
    for (int i = 0; i < kTabs; ++i)  // opened, watched for a while, closed
        repeat([port, this](std::mt19937& random) {
            Question events(port, get("/api/events"));
            const auto until = std::chrono::steady_clock::now() +
                               std::chrono::milliseconds(100 + random() % 20'000);
            while (!over_ && std::chrono::steady_clock::now() < until)
                if (events.answer(1).empty()) break;
            std::this_thread::sleep_for(50ms);
        });
    repeat([ask](std::mt19937& random) {
        for (const char* target : {"/", "/page/page.js", "/api/now", "/api/stats",
                                   "/api/predictions", "/api/tasks?below=0.6"})
            ask(target);
        const auto task = "/api/tasks/" + newest_task(ask("/api/tasks?limit=20"));
        const std::array<const char*, 8> of{
            "",           "/preview.png", "/input",     "/splats.bin",
            "/asset.spz", "/viewer.spz",  "/asset.ply", "/asset.glb"};
        ask(task + of[random() % of.size()]);
        std::this_thread::sleep_for(200ms);
    });
    repeat([ask](std::mt19937&) {
        for (const char* target : {"/metrics", "/health", "/ready"}) ask(target);
        std::this_thread::sleep_for(500ms);
    });
}

void SoakLoad::call(std::uint16_t port) {
    const auto png = tests::small_png();
    const auto picture =
        generate_call("prompt_image_file", "a.png", std::string(png.begin(), png.end()));
    const auto prompt = generate_call("prompt", {}, "a red chair");
    for (int i = 0; i < kCallers; ++i)
        repeat([=, this](std::mt19937& random) {
            const auto& whole = random() % 2 ? picture : prompt;
            constexpr int kKinds = 8;
            switch (random() % kKinds) {
                case 0:  // hangs up before it has asked
                    Question(port, whole.substr(0, random() % whole.size()));
                    break;
                case 1:  // hangs up before it is answered, or while it is
                    Question(port, whole).answer(random() % 2 ? random() % 4096 : 0);
                    break;
                case 2: {  // reads slowly
                    const auto answer = Question(port, whole).answer(kLongestAnswer, 2ms);
                    made_ += is_good(answer);
                    break;
                }
                case 3:  // asks for nothing that is made
                    Question(port, generate_call("prompt", {}, "")).answer();
                    break;
                default: {
                    const auto answer = Question(port, whole).answer();
                    made_ += is_good(answer);
                    if (!is_good(answer)) std::this_thread::sleep_for(5ms);  // told to come back
                }
            }
        });
    repeat([=, this](std::mt19937&) {
        for (const char* target : {"/metrics", "/health", "/api/now"})
            answers_ += is_good(Question(port, get(target)).answer());
        std::this_thread::sleep_for(500ms);
    });
}

}  // namespace endure
