#include "weights/hub.hpp"

#include "network/await_all.hpp"
#include "network/errc.hpp"
#include "network/http/date.hpp"
#include "network/tls.hpp"
#include "weights/digest.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>

namespace weights {
namespace {

namespace asio = boost::asio;
using config::Error;
using config::fail;
using config::Result;

constexpr int kMostRedirects = 5;
constexpr std::int64_t kMostListingBytes = 16 << 20;
constexpr std::chrono::seconds kLongestRetryAfter{120};

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_passing(unsigned status) {
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

// Faults that another try may not meet.
bool is_passing(const Error& error) {
    using enum network::Errc;
    for (const auto code : {resolve_timeout, resolve_failed, connect_timeout, refused, unreachable,
                            handshake_timeout, write_timeout, read_timeout, closed, io})
        if (error.code == code) return true;
    return false;
}

Error refusal(const std::string& where, unsigned status) {
    const auto remedy = [&]() -> std::string {
        if (status == 401 || status == 403)
            return " (not open to everybody: accept its licence on the hub and give a token, see "
                   "weights.token_file)";
        if (status == 404) return " (no such repository, revision or file)";
        if (status == 429) return " (too many requests: try again later, or give a token)";
        return "";
    }();
    return fail(network::Errc::bad_status, where + ": " + std::to_string(status) + remedy);
}

// "bytes 0-99/1000"
bool is_range(const network::HttpAnswer& head, const PartFile::Segment& segment,
              std::int64_t size) {
    const auto range = network::find_header(head.headers, "content-range");
    return range && *range == "bytes " + std::to_string(segment.begin) + "-" +
                                  std::to_string(segment.end - 1) + "/" + std::to_string(size);
}

// Seconds from now, or the moment itself (RFC 9110, section 10.2.3).
std::chrono::seconds retry_after(const network::HttpAnswer& answer) {
    const auto text = network::find_header(answer.headers, "retry-after");
    std::int64_t seconds = 0;
    if (text) {
        if (const auto moment = network::parse_http_date(*text))
            seconds = *moment - std::chrono::duration_cast<std::chrono::seconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count();
        else
            std::from_chars(text->data(), text->data() + text->size(), seconds);
    }
    return std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kLongestRetryAfter);
}

Result<std::string> check(const RemoteFile& file, const std::filesystem::path& content) {
    if (!file.sha256.empty()) {
        auto digest = sha256_of(content);
        if (digest && *digest != file.sha256)
            return fail(network::Errc::wrong_hash, content.string() + ": its SHA-256 is " +
                                                       *digest + ", the hub says " + file.sha256);
        return digest;
    }
    const auto digest = git_blob_sha1_of(content);
    if (!digest) return digest.error();
    if (*digest != file.git_sha1)
        return fail(network::Errc::wrong_hash, content.string() + ": its git SHA-1 is " + *digest +
                                                   ", the hub says " + file.git_sha1);
    return sha256_of(content);
}

}  // namespace

// One file under way, shared by the connections that fetch it.
struct Hub::Transfer {
    network::HttpUrl url;
    RemoteFile remote;
    PartFile part;
    Progress progress;
    std::deque<std::size_t> waiting = {};
    std::optional<Error> failure = {};  // of any connection: the others end
    std::int64_t told = 0;              // to `progress`, in all

    void tell(std::int64_t bytes) {
        told += bytes;
        progress(bytes);
    }
};

Hub::Hub(Options options) : options_(std::move(options)), random_(std::random_device{}()) {}

double Hub::random() { return std::uniform_real_distribution<double>(0, 1)(random_); }

network::HttpUrl Hub::url_of(const std::string& path) const {
    auto url = options_.endpoint;
    while (url.target.ends_with('/')) url.target.pop_back();
    url.target += path;
    return url;
}

// What is asked for beneath the endpoint is no secret, as a mirror's own path and query may be.
std::string Hub::where_of(const network::HttpUrl& url) const {
    const auto base = url_of("").target;
    if (!url.same_origin(options_.endpoint) || !url.target.starts_with(base))
        return network::shown(url).substr(0, 300);
    auto where =
        network::shown({.tls = url.tls, .host = url.host, .port = url.port, .target = base});
    const auto path = std::string_view(url.target).substr(base.size());
    return where.append(path.substr(0, path.find('?'))).substr(0, 300);
}

asio::awaitable<Result<network::HttpAnswer>> Hub::get_once(network::HttpUrl url,
                                                           network::HttpHeaders headers,
                                                           std::int64_t most_bytes,
                                                           network::BodySink sink) {
    auto limits = options_.limits;
    limits.body_bytes = most_bytes;
    for (int hops = 0;; ++hops) {
        network::HttpRequest request{.host = url.host,
                                     .port = url.port,
                                     .method = "GET",
                                     .target = url.target,
                                     .headers = headers};
        if (url.tls) request.tls = options_.tls;
        if (!options_.token.empty() && url.same_origin(options_.endpoint))
            request.headers.emplace_back("Authorization", "Bearer " + options_.token);
        auto answer = Result<network::HttpAnswer>(network::HttpAnswer{});
        if (sink) {
            answer = co_await network::download(std::move(request), limits, sink);
        } else {
            answer = co_await network::request(std::move(request), limits);
        }
        if (!answer || !is_redirect(answer->status)) co_return answer;
        const auto location = network::find_header(answer->headers, "location");
        if (!location || hops == kMostRedirects)
            co_return fail(
                network::Errc::malformed,
                where_of(url) + (location ? ": redirected too often" : ": redirected to nowhere"));
        auto next = network::redirected(url, *location);
        if (!next) co_return next.error();
        url = std::move(*next);
    }
}

// Tries again after passing faults; what comes back is 200 or 206, or an error.
asio::awaitable<Result<network::HttpAnswer>> Hub::get(network::HttpUrl url,
                                                      network::HttpHeaders headers,
                                                      std::int64_t most_bytes, MakeSink make_sink) {
    network::Backoff backoff(options_.backoff);
    for (int left = options_.tries;;) {
        auto sink = make_sink ? make_sink() : network::BodySink();
        auto answer = co_await get_once(url, headers, most_bytes, std::move(sink));
        if (answer && (answer->status == 200 || answer->status == 206)) co_return answer;
        const bool again = answer ? is_passing(answer->status) : is_passing(answer.error());
        if (--left <= 0 || !again) {
            if (!answer) co_return answer;
            co_return refusal(where_of(url), answer->status);
        }
        std::chrono::milliseconds pause = backoff.after_failure(random());
        if (answer) pause = std::max<std::chrono::milliseconds>(pause, retry_after(*answer));
        asio::steady_timer timer(co_await asio::this_coro::executor, pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<Result<Listing>> Hub::list(std::string repository, std::string revision) {
    if (!is_plain_path(repository) || !is_plain_path(revision))
        co_return fail(network::Errc::malformed, "no name of a repository and a revision: '" +
                                                     repository.substr(0, 200) + "', '" +
                                                     revision.substr(0, 200) + "'");
    const auto url = url_of("/api/models/" + repository + "/revision/" + revision + "?blobs=true");
    MakeSink none;
    auto answer = co_await get(url, network::HttpHeaders(), kMostListingBytes, none);
    if (!answer) co_return answer.error();
    auto listing = parse_listing(answer->body);
    if (!listing) co_return Error{listing.error().code, repository + ": " + listing.error().detail};
    co_return listing;
}

// Where the next byte of a try goes, and what to take back when it fails. Each try has its own: of
// several servers behind one name some may know no ranges and send everything.
struct Cursor {
    std::int64_t at = 0, end = 0, come = 0;
    bool begun = false, whole = false;
};

asio::awaitable<Result<void>> Hub::fetch_segment(Transfer& transfer, std::size_t index) {
    const auto segment = transfer.part.segment(index);
    const auto where = where_of(transfer.url);
    Cursor cursor;
    const auto take = [&](const network::HttpAnswer& head, std::string_view piece) -> Result<void> {
        if (transfer.failure) return *transfer.failure;
        if (!cursor.begun) {
            const bool ranged = head.status == 206;
            if (ranged && !is_range(head, segment, transfer.remote.size))
                return fail(network::Errc::malformed, where + ": not the range that was asked for");
            cursor = {.at = ranged ? segment.begin : 0,
                      .end = ranged ? segment.end : transfer.remote.size,
                      .begun = true,
                      .whole = !ranged};
        }
        if (std::int64_t(piece.size()) > cursor.end - cursor.at)
            return fail(network::Errc::malformed, where + ": more bytes than announced");
        if (auto written = transfer.part.write(cursor.at, piece); !written) return written;
        cursor.at += std::int64_t(piece.size());
        cursor.come += std::int64_t(piece.size());
        transfer.tell(std::int64_t(piece.size()));
        return {};
    };
    const MakeSink make_sink = [&]() -> network::BodySink {
        if (cursor.come > 0) transfer.tell(-cursor.come);
        cursor = {};
        return take;
    };
    const network::HttpHeaders headers = {{"Range", "bytes=" + std::to_string(segment.begin) + "-" +
                                                        std::to_string(segment.end - 1)}};
    const auto answer = co_await get(transfer.url, headers, transfer.remote.size, make_sink);
    if (!answer) co_return answer.error();
    if (!cursor.begun || cursor.at != cursor.end)
        co_return fail(network::Errc::malformed, where + ": ends before its announced end");
    if (!cursor.whole) co_return transfer.part.complete(index);
    transfer.waiting.clear();
    for (const auto each : transfer.part.missing())
        if (auto done = transfer.part.complete(each); !done) co_return done;
    co_return Result<void>();
}

asio::awaitable<void> Hub::fetch_some(Transfer& transfer, std::size_t most) {
    for (; most > 0 && !transfer.waiting.empty() && !transfer.failure; --most) {
        const auto index = transfer.waiting.front();
        transfer.waiting.pop_front();
        const auto done = co_await fetch_segment(transfer, index);
        if (!done && !transfer.failure) transfer.failure = done.error();
    }
}

asio::awaitable<Result<void>> Hub::fetch_segments(Transfer& transfer) {
    const auto missing = transfer.part.missing();
    transfer.waiting.assign(missing.begin(), missing.end());
    // The first one alone: it tells whether the far end knows ranges.
    co_await fetch_some(transfer, 1);
    std::vector<asio::awaitable<void>> connections;
    for (int i = 0; i < options_.connections; ++i)
        connections.push_back(fetch_some(transfer, missing.size()));
    co_await network::await_all(std::move(connections));
    if (transfer.failure) co_return *transfer.failure;
    co_return Result<void>();
}

asio::awaitable<Result<std::string>> Hub::fetch(std::string repository, std::string commit,
                                                RemoteFile file, std::filesystem::path to,
                                                Progress progress) {
    auto part = PartFile::open(to, file.size, file.sha256.empty() ? file.git_sha1 : file.sha256,
                               options_.segment_bytes);
    if (!part) co_return part.error();
    Transfer transfer{url_of("/" + repository + "/resolve/" + commit + "/" + file.path), file,
                      std::move(*part), std::move(progress)};
    transfer.tell(file.size - transfer.part.missing_bytes());
    const auto come = co_await fetch_segments(transfer);
    if (!come) co_return come.error();
    // What came twice is told once.
    if (transfer.told != file.size) transfer.tell(file.size - transfer.told);
    auto digest = check(file, transfer.part.part());
    if (!digest) {
        // Whatever is wrong with it, keeping it would make the next try fail as well.
        if (digest.error().code == network::Errc::wrong_hash) transfer.part.discard();
        co_return digest;
    }
    if (auto finished = transfer.part.finish(); !finished) co_return finished.error();
    co_return digest;
}

}  // namespace weights
