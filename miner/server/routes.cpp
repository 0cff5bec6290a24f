// What each path answers.
#include "config/escape.hpp"
#include "config/version.hpp"
#include "miner/report/stats.hpp"
#include "miner/server/calibrations.hpp"
#include "miner/server/listing_json.hpp"
#include "miner/server/page.hpp"
#include "miner/server/status_server.hpp"
#include "network/base64.hpp"
#include "storage/errc.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace miner {
namespace {

using network::ServerReply;

constexpr int kWatchers = 16;
constexpr long kResultsOut = 8;
constexpr auto kLook = std::chrono::milliseconds(500);  // how often a watcher is brought up to date
// Health and ages change with time alone, and a caller who is gone is found out by writing.
constexpr auto kFresh = std::chrono::seconds(5);
constexpr std::int64_t kLargestRow = std::int64_t(1) << 53;

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
    "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

ServerReply not_found() { return words_reply(404, "there is nothing at this path"); }
ServerReply wrong_value(std::string_view what) {
    return words_reply(400, std::string(what) + ": not a value that is taken here");
}

// RFC 9110, 9.1 and 9.3.7: 405 for a known method, 501 for an unknown one.
ServerReply other_method(const std::string& method, std::string_view allowed) {
    constexpr std::array kKnown{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"};
    ServerReply reply{204, {}, {}};
    if (method != "OPTIONS") {
        const bool known = std::find(kKnown.begin(), kKnown.end(), method) != kKnown.end();
        reply = words_reply(known ? 405 : 501,
                            known ? "this method is not taken here" : "an unknown method");
    }
    if (reply.status != 501) reply.headers.emplace_back("allow", std::string(allowed));
    return reply;
}

ServerReply failure(const config::Error& error) {
    const bool missing = error.code == storage::Errc::missing;
    return words_reply(missing ? 404 : 503, error.message());
}

ServerReply page(std::string_view name) {
    const auto file = page_file(name);
    if (!file) return not_found();
    auto reply = bytes_reply(std::string(file->bytes), file->type);
    reply.headers.emplace_back("content-security-policy", std::string(kPolicy));
    reply.headers.emplace_back("cache-control", "no-cache");
    return reply;
}

std::string event(std::string_view name, const std::string& json) {
    return "event: " + std::string(name) + "\ndata: " + config::json_text(json) + "\n\n";
}

std::string_view picture_type(const std::vector<std::uint8_t>& bytes) {
    const std::string_view start(reinterpret_cast<const char*>(bytes.data()),
                                 std::min<std::size_t>(bytes.size(), 12));
    if (start.starts_with("\x89PNG")) return "image/png";
    if (start.starts_with("\xff\xd8")) return "image/jpeg";
    if (start.starts_with("RIFF") && start.substr(8) == "WEBP") return "image/webp";
    if (start.starts_with("GIF8")) return "image/gif";
    if (start.starts_with("BM")) return "image/bmp";
    if (start.starts_with("II*") || start.starts_with("MM")) return "image/tiff";
    return "application/octet-stream";
}

ServerReply kept_by_caller(ServerReply reply) {
    reply.headers.emplace_back("cache-control", "private, max-age=86400, immutable");
    return reply;
}

}  // namespace

asio::awaitable<StatusServer::Reply> StatusServer::route(const Request& request,
                                                         network::ServerRequest raw) {
    const auto& path = request.path;
    const bool generating = request.is({"generate"});
    if (request.method != (generating ? "POST" : "GET")) {
        const auto* allowed = generating ? "OPTIONS, POST" : "GET, HEAD, OPTIONS";
        co_return Reply{other_method(request.method, allowed)};
    }
    if (generating) {
        if (!generate_)
            co_return Reply{words_reply(404, "this miner takes no calls: start miner serve")};
        Reply reply;
        reply.reply = co_await generate_(std::move(raw));
        reply.hold = results_out_;
        co_return reply;
    }
    if (request.is({"health"})) co_return health();
    if (request.is({"ready"})) co_return ready();
    if (request.is({"version"}))
        co_return Reply{json_reply(
            200,
            {{"name", "miner"}, {"version", config::version()}, {"commit", config::commit()}})};
    if (request.is({"metrics"})) co_return co_await metrics_now();
    if (request.is({"api", "openapi.json"})) co_return Reply{page("openapi.json")};
    if (request.is({"api", "now"})) co_return Reply{json_reply(200, state_.now(BootClock::now()))};
    if (request.is({"api", "events"})) co_return events();
    if (!archive_) co_return Reply{not_found()};
    if (request.is({}) || request.is({""})) co_return Reply{page("index.html")};
    if (request.is({"api", "stats"})) co_return co_await stats(request);
    if (request.is({"api", "predictions"})) co_return co_await predictions(request);
    if (request.is({"api", "tasks"})) co_return co_await tasks(request);
    if (path.size() >= 3 && path.size() <= 4 && path[0] == "api" && path[1] == "tasks")
        co_return co_await of_task(request);
    if (path.size() == 2 && path[0] == "page") co_return Reply{page(path[1])};
    co_return Reply{not_found()};
}

// These two are told to everybody.
StatusServer::Reply StatusServer::health() const {
    const auto now = BootClock::now();
    return {json_reply(state_.health(now).healthy ? 200 : 503, state_.in_public(now))};
}

StatusServer::Reply StatusServer::ready() const {
    const bool ready = state_.ready();
    const auto reason = ready ? std::string() : state_.health(BootClock::now()).reason;
    return {json_reply(ready ? 200 : 503, {{"ready", ready}, {"reason", reason}})};
}

// Calibrations change with a task that ends alone; whoever asks while they are read is told the
// old.
asio::awaitable<StatusServer::Reply> StatusServer::metrics_now() {
    const auto settled = state_.settled();
    if (archive_ && !calibrating_ && calibrated_at_ != settled) {
        calibrating_ = true;
        const std::shared_ptr<void> over(nullptr, [this](void*) { calibrating_ = false; });
        const storage::Span all;
        const auto scores = co_await archive_->predictions(all);
        if (scores) {
            metrics_.calibrated(by_kind(*scores));
            calibrated_at_ = settled;
        }
    }
    co_return Reply{bytes_reply(metrics_.render(state_, folder_, BootClock::now()),
                                "text/plain; version=0.0.4; charset=utf-8")};
}

asio::awaitable<StatusServer::Reply> StatusServer::stats(const Request& request) {
    storage::Span span;
    for (const auto& [name, text] : request.query) {
        const auto value = read_number(text, 0, kLargestRow);
        if (!value) co_return Reply{wrong_value(name)};
        if (name == "last")
            span.last = value;
        else if (name == "since")
            span.since = value;
        else if (name == "until")
            span.until = value;
        else
            co_return Reply{wrong_value(name)};
    }
    const auto statistics = co_await archive_->statistics(span);
    if (!statistics) co_return Reply{failure(statistics.error())};
    const auto contacts = co_await archive_->contacts();
    if (!contacts) co_return Reply{failure(contacts.error())};
    co_return Reply{
        json_reply(200, "{\"statistics\":" + render_json(*statistics) +
                            ",\"validators\":" + boost::json::serialize(to_json(*contacts)) +
                            ",\"gate\":" + std::to_string(settings_.gate.min_gaussians) + "}\n")};
}

asio::awaitable<StatusServer::Reply> StatusServer::predictions(const Request& request) {
    std::size_t last = 500;
    storage::Span span;
    for (const auto& [name, text] : request.query) {
        const bool is_last = name == "last";
        const auto value = read_number(text, 0, is_last ? Archive::kPredictions : kLargestRow);
        if (!value) co_return Reply{wrong_value(name)};
        if (is_last)
            last = std::size_t(*value);
        else if (name == "since")
            span.since = value;
        else if (name == "until")
            span.until = value;
        else
            co_return Reply{wrong_value(name)};
    }
    const auto scores = co_await archive_->predictions(span);
    if (!scores) co_return Reply{failure(scores.error())};
    co_return Reply{json_reply(200, to_json(by_kind(*scores), last))};
}

asio::awaitable<StatusServer::Reply> StatusServer::tasks(const Request& request) {
    int limit = 50;
    std::optional<storage::TaskRow> before;
    for (const auto& [name, text] : request.query) {
        const auto value =
            read_number(text, 1, name == "limit" ? storage::kLongestListing : kLargestRow);
        if (!value || (name != "limit" && name != "before")) co_return Reply{wrong_value(name)};
        if (name == "limit")
            limit = int(*value);
        else
            before = value;
    }
    const auto lines = co_await archive_->tasks(limit, before);
    if (!lines) co_return Reply{failure(lines.error())};
    boost::json::array array;
    for (const auto& line : *lines) array.push_back(to_json(line));
    co_return Reply{json_reply(200, {{"tasks", std::move(array)}})};
}

asio::awaitable<StatusServer::Reply> StatusServer::of_task(const Request& request) {
    const auto row = read_number(request.path[2], 1, kLargestRow);
    if (!row) co_return Reply{not_found()};
    const std::string what = request.path.size() == 4 ? request.path[3] : "";
    if (what == "input") co_return input_of(*row);
    const auto story = co_await archive_->task(*row);
    if (!story) co_return Reply{failure(story.error())};
    const auto& task = story->task;
    if (request.path.size() == 3) co_return Reply{json_reply(200, to_json(*story))};
    if (what != "asset.spz" && what != "preview.png" && what != "splats.bin")
        co_return Reply{not_found()};
    if (task.asset.empty()) co_return Reply{words_reply(404, "this task has no result")};
    // Nothing is rendered while its submission waits for the machine.
    const bool under_way =
        task.state == storage::TaskState::open || task.state == storage::TaskState::submitting;
    if (what != "asset.spz" && under_way)
        co_return Reply{words_reply(409, "not submitted yet: ask again later")};
    co_return co_await result_of(request, task.asset);
}

asio::awaitable<StatusServer::Reply> StatusServer::result_of(const Request& request,
                                                             std::string hash) {
    if (results_out_.use_count() > kResultsOut) {
        auto busy = words_reply(503, "too many results are being sent");
        busy.headers.emplace_back("retry-after", "1");
        co_return Reply{std::move(busy)};
    }
    Reply reply;
    reply.hold = results_out_;
    const auto& what = request.path[3];
    if (what == "asset.spz") {
        const auto spz = co_await archive_->asset(hash);
        if (!spz) co_return Reply{failure(spz.error())};
        reply.reply = bytes_reply({spz->begin(), spz->end()}, "application/octet-stream");
        reply.reply.headers.emplace_back(
            "content-disposition", "attachment; filename=\"task-" + request.path[2] + ".spz\"");
    } else {
        const bool png = what == "preview.png";
        auto making = png ? archive_->preview(hash) : archive_->splats(hash);
        auto made = co_await std::move(making);
        if (!made) co_return Reply{failure(made.error())};
        reply.reply = bytes_reply(std::move(*made), png ? "image/png" : "application/octet-stream");
    }
    reply.reply = kept_by_caller(std::move(reply.reply));
    co_return reply;
}

StatusServer::Reply StatusServer::input_of(storage::TaskRow row) const {
    const auto* input = state_.input(row);
    if (!input) return {words_reply(404, "the input of this task is not remembered any more")};
    if (input->kind == "text")
        return {bytes_reply(config::printable_lines(input->prompt), "text/plain; charset=utf-8")};
    const auto read = network::base64_decode_loosely(input->prompt);
    if (!read) return {words_reply(404, "the input of this task was no base64")};
    const auto& bytes = read->bytes;
    return {kept_by_caller(bytes_reply({bytes.begin(), bytes.end()}, picture_type(bytes)))};
}

StatusServer::Reply StatusServer::events() {
    if (watchers_ >= kWatchers) return {words_reply(503, "too many watchers already")};
    Reply reply;
    reply.reply = {200, {{"content-type", "text/event-stream"}}, {}};
    ++watchers_;
    reply.hold = std::shared_ptr<void>(nullptr, [this](void*) { --watchers_; });
    reply.body = [this](network::HttpServer::Writer& writer) -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        std::uint64_t version = 0, lines = 0;
        auto told = std::chrono::steady_clock::now();
        for (;;) {
            std::string text;
            const auto now = std::chrono::steady_clock::now();
            if (version != state_.version() || now - told > kFresh) {
                version = state_.version();
                told = now;
                text = event("now", boost::json::serialize(state_.now(BootClock::now())));
            }
            if (const auto fresh = tail_->after(lines); !fresh.empty()) {
                boost::json::array array;
                for (const auto& line : fresh) array.emplace_back(line);
                text += event("log", boost::json::serialize(array));
            }
            if (!co_await writer.write(std::move(text))) co_return;
            timer.expires_after(kLook);
            co_await timer.async_wait(asio::use_awaitable);
        }
    };
    return reply;
}

}  // namespace miner
