#include "tests/endure/hostile_validators.hpp"

#include "network/base64.hpp"
#include "network/http/date.hpp"
#include "tests/endure/hostile_pictures.hpp"
#include "tests/support/fake_generator.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ctime>
#include <functional>
#include <string_view>
#include <utility>

namespace endure {
namespace {

using Script = ValidatorAttack::Script;
using Socket = tests::LoopbackPeer::Socket;
using tests::send;

constexpr const char* kJson = "content-type: application/json\r\n";
constexpr std::size_t kMebibyte = 1 << 20;
constexpr std::size_t kFlood = 256 * kMebibyte;  // nobody should take so much

std::string whole(const std::string& body, const std::string& more = {}) {
    return "HTTP/1.1 200 OK\r\n" + std::string(kJson) + more +
           "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

Script says(std::string answer) {
    return [answer = std::move(answer)](Socket& socket) { send(socket, answer); };
}

std::string task(std::string_view type, std::string_view prompt, const std::string& id) {
    return boost::json::serialize(boost::json::object{
        {"task", {{"type", type}, {"id", id}, {"prompt", prompt}}}, {"cooldown_until", 0}});
}
Script hands_out(std::string_view type, std::string_view prompt) {
    return says(whole(task(type, prompt, kHostileTask)));
}
Script hands_out(const Bytes& picture) {
    return hands_out("image", network::base64_encode(picture));
}

// `head`, and then `piece` again and again, as long as it is taken.
Script floods(std::string head, std::string piece, std::size_t most = kFlood) {
    return [head = std::move(head), piece = std::move(piece), most](Socket& socket) {
        send(socket, head);
        for (std::size_t sent = 0; sent < most; sent += piece.size()) send(socket, piece);
    };
}

// A byte at a time, until the other end has had enough.
Script drips(std::string text) {
    return [text = std::move(text)](Socket& socket) {
        for (std::size_t i = 0;; i = (i + 1) % text.size()) {
            send(socket, std::string_view(text).substr(i, 1));
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    };
}

std::string repeated(std::string_view piece, std::size_t bytes) {
    std::string text;
    text.reserve(bytes);
    while (text.size() + piece.size() <= bytes) text += piece;
    return text;
}

// No task, and a cool-down of a second, by a clock that is `off` seconds ahead.
Script clock_off(std::int64_t off) {
    return [off](Socket& socket) {
        const auto now = std::int64_t(std::time(nullptr)) + off;
        send(socket, whole("{\"task\":null,\"cooldown_until\":" + std::to_string(now + 1) + "}",
                           "date: " + network::http_date(now) + "\r\n"));
    };
}

constexpr std::int64_t kYear_s = 365 * 24 * 3600;

// Such an answer, just below what is taken at all.
std::string large_json(std::string_view piece, const std::string& last) {
    constexpr std::size_t kLargest = 6 * kMebibyte;
    std::string body = "{\"task\":null,\"x\":[";
    body += repeated(piece, kLargest - 200);
    return body + last + "]}";
}

std::vector<ValidatorAttack> answers_of_bytes() {
    const std::string start = "HTTP/1.1 200 OK\r\n" + std::string(kJson);
    const std::string mebibyte(kMebibyte, ' ');
    return {
        {"an answer of gzip", says(whole(std::string(1000, '\x1f'), "content-encoding: gzip\r\n"))},
        {"an answer of zstd", says(whole(std::string(1000, '\x28'), "content-encoding: zstd\r\n"))},
        {"JSON 1,000,000 deep", says(whole("{\"task\":" + std::string(1'000'000, '[')))},
        {"JSON of empty lists", says(whole(large_json("[],", "[]")))},
        {"JSON of short numbers", says(whole(large_json("0,", "0")))},
        {"JSON of names",
         says(whole("{\"task\":null" + repeated(",\"a\":0", 4 * kMebibyte) + "}"))},
        {"header lines without end", floods(start, "x-more: " + std::string(1000, 'y') + "\r\n")},
        {"one header line without end", floods(start + "x-more: ", mebibyte)},
        {"interim answers without end", floods({}, "HTTP/1.1 102 Processing\r\n\r\n")},
        {"empty lines without end", floods({}, std::string(1000, '\n'))},
        {"an answer without end",
         floods(start + "transfer-encoding: chunked\r\n\r\n", "100000\r\n" + mebibyte + "\r\n")},
        {"an answer of chunks of one byte",
         floods(start + "transfer-encoding: chunked\r\n\r\n", repeated("1\r\n \r\n", kMebibyte))},
        {"1 GiB announced, and begun",
         floods(start + "content-length: 1073741824\r\n\r\n", mebibyte)},
        {"a header a byte at a time", drips(start + repeated("x-more: y\r\n", 30'000))},
        {"a body a byte at a time",
         [start](Socket& socket) {
             send(socket, start + "content-length: 100000\r\n\r\n");
             drips(" ")(socket);
         }},
        {"silence", [](Socket& socket) { tests::await_hang_up(socket); }},
        {"a redirect to itself, again and again",
         says(
             "HTTP/1.1 307 Temporary Redirect\r\nlocation: /PullTask\r\ncontent-length: 0\r\n\r\n"),
         {},
         2},
        {"a redirect elsewhere",
         says("HTTP/1.1 308 Permanent Redirect\r\nlocation: http://127.0.0.1:1/PullTask\r\n"
              "content-length: 0\r\n\r\n")},
        {"a clock a year ahead", clock_off(kYear_s)},
        {"a clock a year behind", clock_off(-kYear_s)},
    };
}

std::vector<ValidatorAttack> hostile_tasks() {
    const std::string steering =
        "\x1b]0;pwned\x07\x1b[2J\n2026-01-01 ERROR forged\r\xc2\x9b\xe2\x80\xae\xe2\x80\xa8";
    return {
        {"a prompt of megabytes", hands_out("text", repeated("a red chair ", 8 * kMebibyte))},
        {"a prompt of megabytes in escapes",
         says(whole("{\"task\":{\"type\":\"text\",\"id\":\"hostile\",\"prompt\":\"" +
                    repeated("\\u0061", 5 * kMebibyte) + "\"}}"))},
        {"a prompt of control characters", hands_out("text", repeated(steering, 8'000))},
        {"a picture of 30 MB that is none", hands_out("image", std::string(30'000'000, 'A'))},
        {"a picture of 6 MB that is none", hands_out("image", std::string(6'000'000, 'A'))},
        {"a PNG of a gigapixel", hands_out(gigapixel_png())},
        {"a PNG of 20 megapixels", hands_out(plain_png(4472, 4472))},
        {"a PNG as large as is taken", hands_out(plain_png(1549, 1549))},
        {"the same, turned by EXIF", hands_out(plain_png(1549, 1549, 6))},
        {"a PNG as long as a JPEG can be", hands_out(plain_png(36, 65'500))},
        {"a PNG as long as is taken", hands_out(plain_png(256, 9'375))},
        {"a TIFF of one large tile", hands_out(tiff_of_a_large_tile(1549))},
        {"a PNG of texts that inflate to gigabytes", hands_out(png_of_texts(4 * kMebibyte))},
        {"a JPEG that claims 4 gigapixels", hands_out(claiming_jpeg(65'500))},
        {"a JPEG that claims 2 megapixels", hands_out(claiming_jpeg(1536))},
    };
}

// A task like any other, and nothing but nonsense about what came of it.
std::vector<ValidatorAttack> hostile_feedback() {
    std::vector<ValidatorAttack> attacks;
    for (const auto& [name, feedback] : std::vector<std::pair<std::string, std::string>>{
             {"a list", "[]"},
             {"text", "\"well done\""},
             {"a score of text", "{\"validation_failed\":false,\"task_fidelity_score\":\"high\"}"},
             {"a score of a list", "{\"task_fidelity_score\":[[0.7]]}"},
             {"a score beyond all sums", "{\"task_fidelity_score\":1e300}"},
             {"a score below 0", "{\"task_fidelity_score\":-5}"},
             {"a score beyond all numbers", "{\"task_fidelity_score\":1e400}"},
             {"counts that are no whole numbers", "{\"generations_within_the_window\":0.5}"},
             {"a truth that is a number", "{\"validation_failed\":2}"}})
        attacks.push_back({"feedback: " + name, hands_out(tests::small_png()),
                           says(whole("{\"feedback\":" + feedback + ",\"cooldown_until\":0}")), 1});
    attacks.push_back(
        {"feedback without end", hands_out(tests::small_png()),
         floods("HTTP/1.1 200 OK\r\n" + std::string(kJson) + "\r\n", std::string(kMebibyte, ' '))});
    return attacks;
}

bool is_pull(const std::string& request) { return request.starts_with("POST /PullTask"); }

}  // namespace

std::vector<ValidatorAttack> validator_attacks() {
    std::vector<ValidatorAttack> all;
    for (auto& some : {answers_of_bytes(), hostile_tasks(), hostile_feedback()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

void pass_on(Socket& from, const std::string& request, std::uint16_t port) {
    boost::asio::io_context io;
    Socket to(io);
    to.connect({boost::asio::ip::address_v4::loopback(), port});
    send(to, request);
    boost::system::error_code end;
    std::string answer;
    boost::asio::read(to, boost::asio::dynamic_buffer(answer), end);
    send(from, answer);
}

HostileValidator::HostileValidator(const ValidatorAttack* attack, network::Peer behind)
    : attack_(attack),
      behind_(std::move(behind)),
      peer_([this](Socket& socket) { serve(socket); }) {}

network::Peer HostileValidator::peer() const { return {behind_.hotkey, "127.0.0.1", peer_.port()}; }

void HostileValidator::serve(Socket& socket) {
    const auto request = tests::read_request(socket);
    if (attack_ != nullptr) {
        if (is_pull(request) && attacked_ < attack_->answers) {
            ++attacked_;
            return attack_->pull(socket);
        }
        if (!is_pull(request) && request.find(kHostileTask) != request.npos) {
            if (attack_->submit) return attack_->submit(socket);
            return send(socket,
                        whole("{\"feedback\":{\"validation_failed\":true},\"cooldown_until\":" +
                              std::to_string(std::time(nullptr) + 1) + "}"));
        }
    }
    pass_on(socket, request, behind_.port);
}

}  // namespace endure
