#include "miner/server/status_server.hpp"

#include "network/errc.hpp"

#include <algorithm>

namespace miner {
namespace {

constexpr network::HttpServer::Limits kLimits{
    .header_bytes = 16 << 10,
    .body_bytes = 9 << 20,  // a picture of 8 MB and the form around it
    .connections = 256,
    .says_busy = true,
    .makes_room = true,
    .idle = std::chrono::milliseconds(10'000),
    .read = std::chrono::milliseconds(20'000),
    .write = std::chrono::milliseconds(60'000)};
constexpr long kUploads = 4;  // calls of /generate beyond those that may be at work and wait
// Of all calls that are let in, together: some large pictures, or one of this size for each that
// may be at work or wait.
constexpr std::int64_t kUploadBytes = 12 << 20;
constexpr std::int64_t kUsualPicture = 2 << 20;
constexpr int kSigned = 1;                     // the mark of a request whose signature counts
constexpr std::int64_t kQuestionBytes = 4096;  // body of anything but /generate

// Of a call's body: as long as it says that it is, or as long as it may become.
std::int64_t announced_bytes(const network::ServerRequest& request, std::int64_t most) {
    const auto length = network::find_header(request.headers, "content-length");
    const auto number = length ? read_number(*length, 0, most) : std::nullopt;
    return number.value_or(most);
}

}  // namespace

StatusServer::StatusServer(Options options, std::unique_ptr<SignedCallers> callers)
    : settings_(options.settings),
      folder_(std::move(options.folder)),
      archive_(std::move(options.archive)),
      address_(parse_listen(options.settings.http.listen)),
      callers_(std::move(callers)),
      access_(options.settings.http.token, address_.loopback(), callers_ != nullptr),
      state_(State::limits(options.settings), BootClock::now()),
      metrics_(WallClock::now()),
      results_out_(std::make_shared<int>()) {}

config::Result<std::unique_ptr<StatusServer>> StatusServer::open(asio::io_context& io,
                                                                 Options options) {
    const bool mining = options.mining;
    auto callers = SignedCallers::open(
        {.http = options.settings.http, .receivers = options.hotkeys, .folder = options.folder});
    if (!callers) return callers.error();
    std::unique_ptr<StatusServer> status_server(
        new StatusServer(std::move(options), std::move(*callers)));
    const auto& http = status_server->settings_.http;
    if (mining && http.token.empty() && !status_server->callers_ &&
        !status_server->address_.loopback())
        return config::fail(network::Errc::malformed,
                            "http.listen " + http.listen +
                                " can be reached from other machines: set http.token "
                                "(MINER_HTTP_TOKEN) or http.signed, or listen on 127.0.0.1");
    auto server = network::HttpServer::listen(
        io, status_server->address_.host, status_server->address_.port,
        [self = status_server.get()](network::ServerRequest request) {
            return self->answer(std::move(request));
        },
        kLimits,
        [self = status_server.get()](network::ServerRequest& request, std::int64_t& body_bytes) {
            return self->screen(request, body_bytes);
        });
    if (!server) return server.error();
    status_server->server_ = std::move(*server);
    status_server->address_.port = status_server->server_->port();
    return status_server;
}

Observer StatusServer::observer(Observer other) {
    Observer both;
    both.pulled = [this, next = other.pulled](const Pulled& pulled) {
        state_.pulled(pulled, BootClock::now());
        metrics_.pulled(pulled);
        if (next) next(pulled);
    };
    both.attempt = [this, next = other.attempt](const TaskInHand& task,
                                                const storage::Attempt& attempt) {
        state_.attempt(task, attempt);
        metrics_.attempt(attempt);
        if (next) next(task, attempt);
    };
    both.completed = [this, next = other.completed](const storage::Attempt& attempt) {
        metrics_.completed(attempt);
        if (next) next(attempt);
    };
    both.splats = other.splats;
    if (archive_ && archive_->keeps())
        both.splats = [this, next = other.splats](const TaskInHand& task,
                                                  const storage::Attempt& attempt, auto spz) {
            // Megabytes each, some hundred an hour: only while there is somebody to compare them.
            if (watchers_ > 0) archive_->keep({task.row, attempt.number, attempt.seed}, spz);
            if (next) next(task, attempt, std::move(spz));
        };
    both.stage = [this, next = other.stage](const TaskInHand& task, std::string_view stage) {
        state_.stage(task, stage, BootClock::now());
        if (next) next(task, stage);
    };
    both.recorded = other.recorded;
    both.turn = [this, next = other.turn](const Turn& turn) {
        state_.turn(turn, BootClock::now());
        metrics_.turn(turn, WallClock::now());
        if (next) next(turn);
    };
    return both;
}

config::Logger::Sink StatusServer::log_sink() const {
    return [tail = tail_](std::string_view line) { tail->add(line); };
}

void show_backends(StatusServer& status_server, const BackendPool& pool) {
    status_server.state().ask_backends([&pool] {
        std::vector<BackendState> states;
        for (const auto* backend : pool.backends())
            states.push_back({backend->name(), backend->able(), backend->load(), backend->memory(),
                              backend->is_remote(), backend->places(), backend->takes_pictures(),
                              backend->takes_prompts()});
        return states;
    });
}

std::optional<network::ServerReply> StatusServer::screen(network::ServerRequest& request,
                                                         std::int64_t& body_bytes) {
    const auto path = path_of(request.target);
    const bool is_signed = callers_ && SignedCallers::signs(request);
    if (is_signed) request.mark = kSigned;
    auto refused = is_signed ? callers_->screen(request, path) : access_.refuse(request, path);
    if (path != "/generate" || !generate_) {
        body_bytes = kQuestionBytes;
    } else if (!refused) {
        request.hold = let_in(announced_bytes(request, body_bytes));
        if (!request.hold) {
            refused = words_reply(429, "others are waiting already");
            refused->headers.emplace_back("retry-after", "5");
            add_report(refused->headers, report_());
            metrics_.generated("full", 0);
        }
    }
    if (refused) metrics_.answered(refused->status);
    return refused;
}

// What a call holds as long as it lasts, from its header to its answer. Null when there are too
// many, or too many bytes of them: then nothing of it is let in to memory.
std::shared_ptr<void> StatusServer::let_in(std::int64_t bytes) const {
    const auto usual = std::int64_t(places_()) + settings_.http.queue;
    const auto in = calls_in_.use_count() - 1;
    if (in >= usual + kUploads) return nullptr;
    if (*bytes_in_ > 0 && *bytes_in_ + bytes > std::max(kUploadBytes, usual * kUsualPicture))
        return nullptr;
    *bytes_in_ += bytes;
    return {calls_in_.get(), [call = calls_in_, in = bytes_in_, bytes](void*) { *in -= bytes; }};
}

asio::awaitable<StatusServer::Reply> StatusServer::answer(network::ServerRequest raw) {
    const bool head = raw.method == "HEAD";
    const auto method = head ? "GET" : raw.method;
    Reply reply;
    const auto request = read_request(method, raw.target);
    std::optional<network::ServerReply> refused;
    if (raw.mark == kSigned) refused = co_await callers_->refuse(raw);
    if (refused) {
        reply.reply = std::move(*refused);
    } else if (raw.target == "*") {  // the server takes it with OPTIONS alone
        reply.reply = {204, {{"allow", "GET, HEAD, OPTIONS, POST"}}, {}};
    } else if (!request) {
        reply.reply = words_reply(400, "the target is no path of this server");
    } else {
        reply = co_await route(*request, std::move(raw));
    }
    auto& headers = reply.reply.headers;
    if (report_ && !refused) add_report(headers, report_());
    headers.emplace_back("x-content-type-options", "nosniff");
    headers.emplace_back("referrer-policy", "no-referrer");
    if (!network::find_header(headers, "cache-control"))
        headers.emplace_back("cache-control", "no-store");
    metrics_.answered(reply.reply.status);
    co_return reply;
}

}  // namespace miner
