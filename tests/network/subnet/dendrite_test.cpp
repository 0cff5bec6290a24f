#include "network/subnet/dendrite.hpp"

#include "network/errc.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/hostile.hpp"

#include <set>

namespace asio = boost::asio;
namespace json = boost::json;
using network::Dendrite;
using network::Errc;
using network::Peer;
using network::PullAnswer;
using tests::LoopbackPeer;
using namespace std::chrono_literals;

namespace {

Peer at(std::uint16_t port) { return {tests::validator_key().address(), "127.0.0.1", port}; }

Dendrite patient() {
    Dendrite::Options options;
    options.connect_timeout = options.pull_timeout = options.submit_timeout = 20s;
    return Dendrite(options);
}

config::Result<PullAnswer> pull(std::uint16_t port, Dendrite dendrite = patient()) {
    return tests::run(dendrite.pull(tests::miner_key(), at(port)));
}

config::Result<PullAnswer> pull_from_one_that_says(std::string answer) {
    LoopbackPeer peer(tests::answering(std::move(answer)));
    return pull(peer.port());
}

std::string answer(unsigned status, const std::string& headers, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
           "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string kJson = "content-type: application/json\r\n";

// A peer that says `raw` in the way that the recording names.
LoopbackPeer::Script playing(const std::string& mode, std::string raw) {
    return [mode, raw](LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        if (mode == "byte by byte, then close") {
            socket.set_option(asio::ip::tcp::no_delay(true));
            for (const char& byte : raw) tests::send(socket, {&byte, 1});
        } else {
            tests::send(socket, raw);
        }
        if (mode == "bytes, then silence") tests::await_hang_up(socket);
        if (mode == "bytes, then TCP reset") {
            socket.set_option(asio::socket_base::linger(true, 0));
            socket.close();
        }
    };
}

// Where we refuse what the SDK takes, and why.
std::string stricter(const json::value& record, const std::string& raw) {
    if (raw.find("content-encoding: gzip") != raw.npos)
        return "no encoding was offered, and one that comes all the same could be a bomb";
    const auto* task = tests::find(record, "task");
    if (!task || !task->is_object()) return {};
    if (tests::text(*task, "id") == "(random)")
        return "a result for a made-up id could never be submitted";
    if (tests::text(*task, "prompt").empty()) return "there is nothing to make";
    return {};
}

}  // namespace

TEST_CASE("recorded answers are judged as the real dendrite judged them") {
    const std::set<std::string> modes{"bytes, then close", "byte by byte, then close",
                                      "bytes, then TCP reset", "bytes, then silence",
                                      "nothing listens"};
    for (const auto& record : tests::vectors("dendrite.json").at("client_responses").as_array()) {
        INFO(tests::text(record, "case"));
        const auto mode = tests::text(record, "mode");
        REQUIRE(modes.count(mode) == 1);
        const auto bytes = tests::base64(record, "answer_raw_base64");
        const std::string raw(bytes.begin(), bytes.end());

        Dendrite::Options options;
        options.connect_timeout = 20s;
        options.pull_timeout = mode == "bytes, then silence" ? 50ms : 20s;
        auto peer = std::make_optional<LoopbackPeer>(playing(mode, raw));
        const auto port = peer->port();
        if (mode == "nothing listens") peer.reset();
        const auto got = pull(port, Dendrite(options));
        // A redirect to the same place is followed once.
        const bool moved = raw.starts_with("HTTP/1.1 307 ");
        // Of a connection that was given up the peer may hear later.
        if (peer) CHECK(tests::eventually([&] { return peer->connections() == (moved ? 2 : 1); }));

        const auto code = record.at("dendrite_status_code").to_number<int>();
        if (const auto why = stricter(record, raw); !why.empty()) {
            INFO("refused here: " << why);
            REQUIRE_FALSE(got.has_value());
            CHECK(got.error().code == Errc::malformed);
            continue;
        }
        REQUIRE(got.has_value() == record.at("treated_as_pull_success").as_bool());
        if (!got) {
            if (code == 408) CHECK(got.error().code == Errc::read_timeout);
            if (code == 403) CHECK(got.error().code == Errc::bad_status);
            if (mode == "nothing listens") CHECK(got.error().code == Errc::refused);
            continue;
        }
        const auto& task = record.at("task");
        REQUIRE(got->task.has_value() == task.is_object());
        if (got->task) {
            CHECK(got->task->id == tests::text(task, "id"));
            CHECK(got->task->prompt == tests::text(task, "prompt"));
            CHECK((got->task->kind == network::TaskKind::image) ==
                  (tests::text(task, "type") == "image"));
        }
        const auto number = [&](const char* field) { return record.at(field).to_number<double>(); };
        CHECK(double(got->cooldown_until) == number("cooldown_until"));
        CHECK(double(got->cooldown_violations) == number("cooldown_violations"));
        CHECK(got->throttle_period == number("throttle_period"));
        CHECK(got->validation_threshold == number("validation_threshold"));
    }
}

TEST_CASE("a refusal's status and words reach the operator, without what could harm a terminal") {
    const auto refused = [](unsigned status, const std::string& body) {
        const auto got = pull_from_one_that_says(answer(status, kJson, body));
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().code == Errc::bad_status);
        return got.error().detail;
    };
    const auto why = refused(403, R"({"message":"Forbidden. Key is blacklisted: x."})");
    CHECK(why.find("/PullTask: 403 Forbidden. Key is blacklisted: x.") != why.npos);
    CHECK(why.starts_with("127.0.0.1:"));
    CHECK(refused(422, R"({"detail":"bad"})").ends_with("422 bad"));
    CHECK(refused(500, "plain").ends_with(": 500"));
    CHECK(refused(500, R"({"message":5})").ends_with(": 500"));
    const auto hostile = refused(500, R"({"message":"a\u001b[2Jb\r\n\u0000c\u009bd\u202ee"})");
    CHECK(hostile.ends_with(R"(: 500 a\x1b[2Jb\r\n\x00c\x9bd\u{202e}e)"));
    CHECK_FALSE(tests::steers(hostile));
    const auto flood = refused(500, R"({"message":")" + std::string(100'000, 'x') + "\"}");
    CHECK(flood.size() < 300);
    CHECK(flood.find("xxx") == flood.npos);  // far too long to be the words of an axon
    CHECK(refused(500, R"({"message":")" + std::string(1000, 'x') + "\"}").size() < 300);
}

TEST_CASE("the validator's time comes with its answer, where it tells one") {
    const auto told = [](const std::string& date) {
        return pull_from_one_that_says(answer(200, kJson + date, "{}")).value().date;
    };
    CHECK(told("date: Sun, 06 Nov 1994 08:49:37 GMT\r\n") == 784111777);
    CHECK_FALSE(told(""));
    CHECK_FALSE(told("date: soon\r\n"));
}

TEST_CASE("an axon that failed behind HTTP 200 is a refusal, too") {
    const auto got =
        pull_from_one_that_says(answer(200,
                                       kJson + "bt_header_axon_status_code: 500\r\n"
                                               "bt_header_axon_status_message: bad luck\r\n",
                                       "{}"));
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().code == Errc::bad_status);
    CHECK(got.error().detail.ends_with("500 bad luck"));
}

TEST_CASE("an answer of another type than JSON is malformed") {
    for (const char* type :
         {"", "content-type: text/html\r\n", "content-type: application/\r\n",
          "content-type: text/json\r\n", "content-type: application/jsonx\r\n"}) {
        INFO(type);
        const auto got = pull_from_one_that_says(answer(200, type, "{}"));
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().code == Errc::malformed);
    }
    for (const char* type :
         {"content-type: application/json; charset=utf-8\r\n", "Content-Type: Application/JSON\r\n",
          "content-type: application/problem+json\r\n"}) {
        INFO(type);
        CHECK(pull_from_one_that_says(answer(200, type, "{}")).has_value());
    }
}

TEST_CASE("numbers that are none are malformed, and the error names the field") {
    for (const char* field : {"validation_threshold", "throttle_period", "cooldown_until"}) {
        const auto got =
            pull_from_one_that_says(answer(200, kJson, std::string("{\"") + field + "\": NaN}"));
        REQUIRE_FALSE(got.has_value());
        CHECK(got.error().code == Errc::malformed);
        CHECK(got.error().detail.find(field) != std::string::npos);
        CHECK(got.error().detail.starts_with("127.0.0.1:"));
    }
}

TEST_CASE("an answer in another validator's name is malformed") {
    const auto from = [](const std::string& hotkey) {
        return pull_from_one_that_says(
            answer(200, kJson, "{\"axon\":{\"hotkey\":\"" + hotkey + "\"}}"));
    };
    CHECK(from(tests::validator_key().address()).has_value());
    const auto other = from(tests::another_key().address());
    REQUIRE_FALSE(other.has_value());
    CHECK(other.error().code == Errc::malformed);
}

TEST_CASE("an answer larger than allowed is refused") {
    LoopbackPeer peer(tests::answering(answer(200, kJson, "{}" + std::string(1000, ' '))));
    Dendrite::Options options;
    options.connect_timeout = options.pull_timeout = 20s;
    options.max_answer_bytes = 1000;
    const auto got = pull(peer.port(), Dendrite(options));
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().code == Errc::body_too_large);
}

TEST_CASE("each call has a uuid of its own, the clock's time and its own deadline on the wire") {
    std::vector<std::string> seen;
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        seen.push_back(tests::read_request(socket));
        tests::send(socket, answer(200, kJson, "{}"));
    });
    Dendrite::Options options;
    options.connect_timeout = 20s;
    options.pull_timeout = 12'500ms;
    options.now_ns = [] { return 1'732'350'000'123'456'789; };
    const Dendrite dendrite(options);
    auto calls = dendrite;
    REQUIRE(tests::run(calls.pull(tests::miner_key(), at(peer.port()))).has_value());
    REQUIRE(tests::run(calls.pull(tests::miner_key(), at(peer.port()))).has_value());
    REQUIRE(tests::run(calls.submit(tests::miner_key(), at(peer.port()), "t", "p", "AAAA"))
                .has_value());
    REQUIRE(seen.size() == 3);
    std::set<std::string> uuids;
    for (const auto& text : seen) {
        CHECK(text.find("bt_header_dendrite_nonce: 1732350000123456789\r\n") != text.npos);
        uuids.insert(text.substr(text.find("bt_header_dendrite_uuid: ") + 25, 36));
    }
    CHECK(uuids.size() == 3);
    CHECK(seen[0].find("timeout: 12.5\r\n") != seen[0].npos);
    CHECK(seen[2].find("timeout: 300.0\r\n") != seen[2].npos);
    CHECK(seen[2].starts_with("POST /SubmitResults HTTP/1.1\r\n"));
}
