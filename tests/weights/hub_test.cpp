#include "weights/hub.hpp"

#include "network/errc.hpp"
#include "network/http/date.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/weights/loopback_hub.hpp"
#include "weights/digest.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <vector>

namespace asio = boost::asio;
namespace fs = std::filesystem;
using network::Errc;
using network::FaultyServer;
using network::ServerReply;
using network::ServerRequest;
using weights::Hub;
using weights::RemoteFile;
using Delivery = FaultyServer::Delivery;

namespace {

std::string random_bytes(std::size_t size) {
    std::mt19937 engine(7);
    std::string bytes(size, '\0');
    for (auto& byte : bytes) byte = char(engine());
    return bytes;
}

// A hub on loopback. `faults` come first, one each; then it serves `content` by ranges.
class FakeHub {
public:
    std::string content = random_bytes(1000);
    std::vector<ServerReply> faults;
    bool ranges = true;
    int whole_once = 0;  // the number of the request that is answered with everything, slowly
    int cut_once = 0;    // the number of the request whose answer is cut in the middle
    std::vector<ServerRequest> seen;

    FaultyServer::Answer operator()(const ServerRequest& request) {
        seen.push_back(request);
        if (int(seen.size()) == cut_once) return {reply(request), Delivery::cut};
        if (int(seen.size()) == whole_once && faults.empty())
            return {{.status = 200, .headers = {}, .body = content}, Delivery::dripped};
        return {reply(request)};
    }

    ServerReply reply(const ServerRequest& request) {
        if (!faults.empty()) {
            auto fault = faults.front();
            faults.erase(faults.begin());
            return fault;
        }
        if (!ranges) return {.status = 200, .body = content};
        return tests::by_ranges(content, request);
    }
};

struct Fetched {
    config::Result<std::string> digest;
    std::int64_t progress = 0;
};

Fetched fetch(FakeHub& far, const fs::path& to, RemoteFile file, std::string token = {}) {
    std::int64_t progress = 0;
    auto digest = tests::with_hub(
        far,
        [&](Hub& hub) {
            return hub.fetch("o/n", std::string(40, 'a'), file, to,
                             [&](std::int64_t bytes) { progress += bytes; });
        },
        std::move(token));
    return {std::move(digest), progress};
}

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string sha256_of_text(const std::string& text) {
    const tests::TemporaryFolder folder;
    std::ofstream(folder.path() / "f", std::ios::binary) << text;
    return weights::sha256_of(folder.path() / "f").value();
}

RemoteFile described(const FakeHub& far) {
    return {
        "ckpts/a.safetensors", std::int64_t(far.content.size()), sha256_of_text(far.content), {}};
}

// All of it came, each byte once.
void check_whole(const Fetched& fetched, const FakeHub& far, const fs::path& file) {
    INFO((fetched.digest.has_error() ? fetched.digest.error().message() : ""));
    CHECK(fetched.digest.has_value());
    CHECK(content_of(file) == far.content);
    CHECK(fetched.progress == 1000);
}

}  // namespace

TEST_CASE("a repository is listed from the endpoint's own path, with the token") {
    FakeHub far;
    far.faults = {
        {.status = 200, .body = R"({"sha":")" + std::string(40, 'a') + R"(","siblings":[]})"}};
    const auto listing = tests::with_hub(
        far, [](Hub& hub) { return hub.list("owner/name", "main"); }, "s3cret");
    CHECK(listing.value().commit == std::string(40, 'a'));
    CHECK(far.seen.at(0).target == "/hub/api/models/owner/name/revision/main?blobs=true");
    CHECK(tests::header(far.seen.at(0), "authorization") == "Bearer s3cret");
}

TEST_CASE("a file comes by ranges, each byte once, and is checked") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    const auto to = folder.path() / "m" / "a.safetensors";
    const auto fetched = fetch(far, to, described(far));
    CHECK(fetched.digest.value() == described(far).sha256);
    CHECK(content_of(to) == far.content);
    CHECK(fetched.progress == 1000);
    std::set<std::string> ranges;
    for (const auto& request : far.seen) ranges.insert(tests::header(request, "range"));
    CHECK(ranges.size() == 8);
    CHECK(far.seen.size() == 8);
    CHECK(far.seen.at(0).target ==
          "/hub/o/n/resolve/" + std::string(40, 'a') + "/ckpts/a.safetensors");
}

TEST_CASE("a small file is checked by git's own digest") {
    FakeHub far;
    far.content = "hello\n";
    const tests::TemporaryFolder folder;
    RemoteFile file{"f", 6, {}, "ce013625030ba8dba906f756967f9e9ca394464a"};
    CHECK(fetch(far, folder.path() / "f", file).digest.value() ==
          "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    file.git_sha1 = std::string(40, '0');
    CHECK(fetch(far, folder.path() / "g", file).digest.error().code == Errc::wrong_hash);
}

TEST_CASE("a mirror that knows no ranges sends it in one piece") {
    FakeHub far;
    far.ranges = false;
    const tests::TemporaryFolder folder;
    const auto fetched = fetch(far, folder.path() / "a", described(far));
    CHECK(fetched.digest.has_value());
    CHECK(content_of(folder.path() / "a") == far.content);
    CHECK(far.seen.size() == 1);
}

TEST_CASE("where one of several mirrors knows no ranges, its answer disturbs no other's") {
    const int number = GENERATE(2, 3, 8);
    FakeHub far;
    far.whole_once = number;
    const tests::TemporaryFolder folder;
    const auto fetched = fetch(far, folder.path() / "a", described(far));
    check_whole(fetched, far, folder.path() / "a");
}

TEST_CASE("a mirror's key is told to nobody, what was asked for is") {
    FakeHub far;
    const auto failure = [&](const std::string& endpoint) {
        far.faults.assign(1, {.status = 404, .body = ""});
        const auto use = [](Hub& hub) { return hub.list("owner/name", "main"); };
        return tests::with_hub(far, use, "", endpoint).error().detail;
    };
    const auto keyed = failure("/s3cretKey/hub");
    CHECK(keyed.find("s3cretKey") == keyed.npos);
    CHECK(keyed.find("/owner/name/revision/main: 404") != keyed.npos);
}

TEST_CASE("passing faults are passed over, also in the middle of a range") {
    FakeHub far;
    far.faults = {{.status = 503, .body = "busy"},
                  far.reply({.headers = {{"range", "bytes=0-127"}}})};
    far.cut_once = 2;  // half the bytes of a range
    const tests::TemporaryFolder folder;
    const auto fetched = fetch(far, folder.path() / "a", described(far));
    check_whole(fetched, far, folder.path() / "a");
}

TEST_CASE("too many requests are tried again when the hub says so, and not for ever") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    const ServerReply busy{.status = 429, .headers = {{"retry-after", "1"}}, .body = ""};
    far.faults = {busy};
    const auto begun = std::chrono::steady_clock::now();
    const auto listing = tests::with_hub(far, [](Hub& hub) { return hub.list("o/n", "main"); });
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::seconds(1));
    CHECK(far.seen.size() == 2);
    CHECK(listing.error().code == Errc::malformed);  // it serves a file, which is no listing

    // The other form tells the moment.
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch());
    far.seen.clear();
    far.faults = {{.status = 429,
                   .headers = {{"retry-after", network::http_date(now.count() + 3)}},
                   .body = ""}};
    const auto asked = std::chrono::steady_clock::now();
    (void)tests::with_hub(far, [](Hub& hub) { return hub.list("o/n", "main"); });
    CHECK(std::chrono::steady_clock::now() - asked >= std::chrono::seconds(1));
    CHECK(far.seen.size() == 2);

    far.faults.assign(20, {.status = 429, .headers = {{"retry-after", "0"}}, .body = ""});
    const auto fetched = fetch(far, folder.path() / "a", described(far));
    CHECK(fetched.digest.error().code == Errc::bad_status);
    CHECK_THAT(fetched.digest.error().detail, Catch::Contains("too many requests"));
    CHECK_FALSE(fs::exists(folder.path() / "a"));
}

TEST_CASE("after as many tries as allowed the fault is told, and what came is kept for later") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    const auto to = folder.path() / "a";
    const auto file = described(far);
    far.faults = {far.reply({.headers = {{"range", "bytes=0-127"}}})};
    for (int i = 0; i < 20; ++i) far.faults.push_back({.status = 503, .body = ""});
    const auto cut = fetch(far, to, file);
    CHECK(cut.digest.error().code == Errc::bad_status);
    CHECK_FALSE(fs::exists(to));
    far.faults.clear();
    far.seen.clear();
    const auto fetched = fetch(far, to, file);
    CHECK(fetched.digest.has_value());
    CHECK(fetched.progress == 1000);
    CHECK(far.seen.size() == 7);  // the first of eight ranges was there
    CHECK(content_of(to) == far.content);
}

TEST_CASE("a refusal says what to do about it, at once") {
    using Catch::Contains;
    for (const auto& [status, words] : std::map<unsigned, std::string>{
             {401, "token"}, {403, "token"}, {404, "no such repository"}}) {
        FakeHub far;
        far.faults = {{.status = status, .body = "no"}};
        const auto listing = tests::with_hub(far, [](Hub& hub) { return hub.list("o/n", "main"); });
        CHECK(listing.error().code == Errc::bad_status);
        CHECK_THAT(listing.error().detail, Contains(words));
        CHECK(far.seen.size() == 1);
    }
}

TEST_CASE("a file whose content is not what the hub states is thrown away") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    auto file = described(far);
    file.sha256 = std::string(64, '0');
    const auto fetched = fetch(far, folder.path() / "a", file);
    CHECK(fetched.digest.error().code == Errc::wrong_hash);
    CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a peer that sends another range, more, or less than it said is refused") {
    const tests::TemporaryFolder folder;
    const auto answer = [&](ServerReply reply) {
        FakeHub far;
        const auto file = described(far);
        far.faults.assign(20, reply);
        return fetch(far, folder.path() / "a", file).digest.error().code;
    };
    const std::string range = "bytes 0-127/1000";
    CHECK(answer({.status = 206,
                  .headers = {{"content-range", "bytes 1-128/1000"}},
                  .body = std::string(128, 'x')}) == Errc::malformed);
    CHECK(answer({.status = 206,
                  .headers = {{"content-range", range}},
                  .body = std::string(129, 'x')}) == Errc::malformed);
    CHECK(answer({.status = 206,
                  .headers = {{"content-range", range}},
                  .body = std::string(127, 'x')}) == Errc::malformed);
    CHECK(answer({.status = 206, .body = std::string(128, 'x')}) == Errc::malformed);
    CHECK(answer({.status = 200, .body = std::string(999, 'x')}) == Errc::malformed);
    CHECK(answer({.status = 200, .body = std::string(1001, 'x')}) == Errc::body_too_large);
}

TEST_CASE("a redirect elsewhere is followed, but the token stays") {
    FakeHub storage;
    asio::io_context io{1};
    tests::LoopbackPeer elsewhere([&](tests::LoopbackPeer::Socket& socket) {
        const auto text = tests::read_request(socket);
        CHECK(text.find("Authorization") == text.npos);
        const auto at = text.find("bytes=") + 6;
        const auto first = std::stoul(text.substr(at)),
                   last = std::stoul(text.substr(text.find('-', at) + 1));
        const auto body = storage.content.substr(first, last - first + 1);
        tests::send(socket, "HTTP/1.1 206 Partial\r\ncontent-range: bytes " +
                                std::to_string(first) + "-" + std::to_string(last) +
                                "/1000\r\ncontent-length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body);
    });
    FakeHub far;
    far.faults.assign(
        8, {.status = 302,
            .headers = {{"location",
                         "http://127.0.0.1:" + std::to_string(elsewhere.port()) + "/blob?sig=x"}},
            .body = ""});
    const tests::TemporaryFolder folder;
    const auto fetched = fetch(far, folder.path() / "a", described(far), "s3cret");
    INFO((fetched.digest.has_error() ? fetched.digest.error().message() : ""));
    CHECK(fetched.digest.has_value());
    CHECK(elsewhere.connections() == 8);
}

TEST_CASE("redirects in a circle end") {
    FakeHub far;
    far.faults.assign(20, {.status = 302, .headers = {{"location", "/again"}}, .body = ""});
    const auto listing = tests::with_hub(far, [](Hub& hub) { return hub.list("o/n", "main"); });
    CHECK(listing.error().code == Errc::malformed);
    CHECK(far.seen.size() == 6);
}
