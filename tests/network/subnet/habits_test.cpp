// Validators, each with one habit that is seen in the field. What aiohttp and the SDK make of each
// was found out by asking them; where we differ it is said.
#include "network/errc.hpp"
#include "network/subnet/dendrite.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <optional>
#include <string>

using network::Errc;
using tests::LoopbackPeer;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kUntil = 1'800'000'000;

const std::string kStart =
    R"({"task":null,"validation_threshold":0.6,"throttle_period":0,"cooldown_violations":0)";
const std::string kPlain = kStart + R"(,"cooldown_until":1800000000})";
const std::string kJson = "Content-Type: application/json\r\n";

std::string answer(const std::string& body, const std::string& headers = kJson,
                   const std::string& status = "HTTP/1.1 200 OK") {
    return status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}
std::string unmeasured(const std::string& body, const std::string& headers = kJson,
                       const std::string& status = "HTTP/1.1 200 OK") {
    return status + "\r\n" + headers + "\r\n" + body;
}
// The plain body with more at its end, or another value for a field.
std::string with(const std::string& fields) {
    return kPlain.substr(0, kPlain.size() - 1) + "," + fields + "}";
}
std::string with_cooldown(const std::string& value) {
    return kStart + ",\"cooldown_until\":" + value + "}";
}
std::string with_threshold(const std::string& value) {
    auto body = kPlain;
    return body.replace(body.find("0.6"), 3, value);
}

std::string chunked(const std::string& body) {
    constexpr std::size_t kSize = 11;
    std::string out;
    for (std::size_t at = 0; at < body.size(); at += kSize) {
        const auto piece = body.substr(at, kSize);
        const char* digits = "0123456789ab";
        out += std::string(1, digits[piece.size()]) + ";e=\"q\"\r\n" + piece + "\r\n";
    }
    return out + "0\r\nX-T: 1\r\n\r\n";
}

std::string lines(int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += "X-" + std::to_string(i) + ": y\r\n";
    return out;
}

std::string without_cr(std::string text) {
    std::erase(text, '\r');
    return text;
}

struct Habit {
    const char* name;
    std::string said;
    std::optional<Errc> refused = std::nullopt;
};

const std::string kText = "Content-Type: text/plain\r\n";
const Habit kHabits[] = {
    {"plain", answer(kPlain)},
    {"an interim 100", "HTTP/1.1 100 Continue\r\n\r\n" + answer(kPlain)},
    {"two interim 102",
     "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + answer(kPlain)},
    {"an interim 103 with a header",
     "HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload"
     "\r\n\r\n" +
         answer(kPlain)},
    {"lower-case names", answer(kPlain, "content-type: application/json\r\n")},
    {"upper case", answer(kPlain, "CONTENT-TYPE: APPLICATION/JSON\r\n")},
    {"no length", unmeasured(kPlain)},
    {"HTTP/1.0 without length", unmeasured(kPlain, kJson, "HTTP/1.0 200 OK")},
    {"an empty reason", answer(kPlain, kJson, "HTTP/1.1 200 ")},
    {"no reason", answer(kPlain, kJson, "HTTP/1.1 200")},
    {"chunks", unmeasured(chunked(kPlain), kJson + "Transfer-Encoding: chunked\r\n")},
    {"Chunks", unmeasured(chunked(kPlain), kJson + "Transfer-Encoding: Chunked\r\n")},
    {"keep-alive", answer(kPlain, kJson + "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n")},
    {"a byte-order mark", answer("\xef\xbb\xbf" + kPlain), Errc::malformed},
    {"line ends behind the body", answer(kPlain + "\r\n\n ")},
    {"blanks ahead of the body", answer("  \n" + kPlain)},
    {"a charset", answer(kPlain, "Content-Type: application/json; charset=utf-8\r\n")},
    {"a charset in quotes", answer(kPlain, "content-type: Application/JSON;charset=\"UTF-8\"\r\n")},
    {"text/plain", answer(kPlain, kText), Errc::malformed},
    {"no content type", answer(kPlain, ""), Errc::malformed},
    {"application/x+json", answer(kPlain, "Content-Type: application/vnd.api+json\r\n")},
    {"redirects for ever",
     answer("", "Location: /PullTask/\r\n", "HTTP/1.1 307 Temporary Redirect"), Errc::bad_status},
    // aiohttp unpacks it. We offer no coding, and one that comes all the same could be a bomb.
    {"gzip", answer("\x1f\x8b\x08", kJson + "Content-Encoding: gzip\r\n"), Errc::malformed},
    {"identity", answer(kPlain, kJson + "Content-Encoding: identity\r\n")},
    {"an empty coding", answer(kPlain, kJson + "Content-Encoding: \r\n")},
    {"a threshold that is NaN", answer(with_threshold("NaN")), Errc::malformed},
    {"a whole cool-down as a float", answer(with_cooldown("1800000000.0"))},
    {"a cool-down with an exponent", answer(with_cooldown("1.8e9"))},
    {"a cool-down as text", answer(with_cooldown("\"1800000000\""))},
    {"no cool-down", answer(with_cooldown("null")), Errc::malformed},
    {"half a second of cool-down", answer(with_cooldown("1800000000.5")), Errc::malformed},
    {"no threshold", answer(with_threshold("null")), Errc::malformed},
    // The SDK's model would turn both into numbers, and its parser lets both of the next two pass.
    {"a threshold as text", answer(with_threshold("\"0.6\"")), Errc::malformed},
    {"a whole threshold", answer(with_threshold("1"))},
    {"violations that are true", answer(with("\"cooldown_violations\":true")), Errc::malformed},
    {"unknown fields",
     answer(with(R"("new_field":{"a":[1,2,{"b":null}]},"computed_body_hash":"")"))},
    {"an address as a number", answer(with(R"("axon":{"ip":3232235777,"port":0,"hotkey":null})"))},
    {"a field that comes twice", answer(with("\"cooldown_until\":1800000000"))},
    {"escapes", answer(with(R"("note":"\ud83e\ude91 caf\u00e9")"))},
    {"half a surrogate pair", answer(with(R"("note":"\ud800")")), Errc::malformed},
    {"bytes that are no UTF-8", answer(with("\"note\":\"\xff\"")), Errc::malformed},
    {"lists in lists", answer(with("\"d\":" + std::string(20, '[') + std::string(20, ']'))),
     Errc::malformed},
    {"204", unmeasured("", "", "HTTP/1.1 204 No Content"), Errc::bad_status},
    {"an empty body", answer(""), Errc::malformed},
    // aiohttp takes lines of 8,190 bytes, and not this many.
    {"a long header line", answer(kPlain, kJson + "X: " + std::string(60'000, 'a') + "\r\n")},
    {"many header lines", answer(kPlain, kJson + lines(2000))},
    {"two cookies", answer(kPlain, kJson + "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n")},
    {"a folded line", answer(kPlain, "Content-Type:\r\n application/json\r\n")},
    {"Latin-1 in a header", answer(kPlain, kJson + "Server: caf\xe9\r\n")},
    {"no blank behind the colon", answer(kPlain, "Content-Type:application/json\r\n")},
    {"LF alone", without_cr(answer(kPlain))},
    {"another answer behind it", answer(kPlain) + "HTTP/1.1 200 OK\r\n\r\n"},
    {"the axon's status", answer(kPlain, kJson + "bt_header_axon_status_code: 200\r\n")},
    {"the axon's status in capitals",
     answer(kPlain, kJson + "BT_Header_Axon_Status_Code: 200\r\n")},
    {"the axon's 404 in a 200",
     answer(kPlain, kJson + "bt_header_axon_status_code: 404\r\n"
                            "bt_header_axon_status_message: nope\r\n"),
     Errc::bad_status},
    {"busy, and for how long",
     answer(R"({"message":"busy"})", kJson + "Retry-After: 5\r\n",
            "HTTP/1.1 503 Service Unavailable"),
     Errc::bad_status},
    {"too many requests",
     answer("<html>slow down</html>", "Content-Type: text/html\r\n",
            "HTTP/1.1 429 Too Many Requests"),
     Errc::bad_status},
};

}  // namespace

TEST_CASE("a validator's habits are its own business, as long as aiohttp would understand it") {
    network::Dendrite::Options options;
    options.connect_timeout = options.pull_timeout = 1h;
    for (const auto& [name, said, refused] : kHabits) {
        INFO(name);
        LoopbackPeer peer(tests::answering(said));
        network::Dendrite dendrite(options);
        const auto got = tests::run(dendrite.pull(
            tests::miner_key(), {tests::validator_key().address(), "127.0.0.1", peer.port()}));
        if (!got) INFO(got.error().message());
        REQUIRE(got.has_value() == !refused);
        if (refused)
            CHECK(got.error().code == *refused);
        else
            CHECK(got->cooldown_until == kUntil);
    }
}

TEST_CASE("a validator that moved its paths is pulled from where they are now") {
    std::vector<std::string> seen;
    LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        seen.push_back(tests::read_request(socket));
        tests::send(socket, seen.size() == 1
                                ? answer("", "Location: /PullTask/\r\n", "HTTP/1.1 307 Moved")
                                : answer(kPlain));
    });
    network::Dendrite dendrite({});
    const auto got = tests::run(dendrite.pull(
        tests::miner_key(), {tests::validator_key().address(), "127.0.0.1", peer.port()}));
    REQUIRE(got.has_value());
    CHECK(got->cooldown_until == kUntil);
    REQUIRE(seen.size() == 2);
    CHECK(seen[1].starts_with("POST /PullTask/ HTTP/1.1\r\n"));
}
