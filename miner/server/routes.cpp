// What each path answers.
#include "config/escape.hpp"
#include "config/version.hpp"
#include "miner/report/stats.hpp"
#include "miner/server/calibrations.hpp"
#include "miner/server/listing_json.hpp"
#include "miner/server/page.hpp"
#include "miner/server/status_server.hpp"
#include "miner/server/task_query.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace miner {
namespace {

using network::ServerReply;

constexpr int kWatchers = 16;
constexpr auto kLook = std::chrono::milliseconds(500);  // how often a watcher is brought up to date
// Health and ages change with time alone, and a caller who is gone is found out by writing.
constexpr auto kFresh = std::chrono::seconds(5);

constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
    "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

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
        co_return co_await of_task(request, raw);
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
    const auto asked = read_task_query(request.query);
    if (!asked) co_return Reply{wrong_value(asked.error().detail)};
    const auto listing = co_await archive_->tasks(asked->filter, asked->limit, asked->before);
    if (!listing) co_return Reply{failure(listing.error())};
    co_return Reply{json_reply(200, to_json(*listing))};
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
