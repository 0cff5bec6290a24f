// The miner as seen from outside: health, numbers, tasks, results and log, over HTTP. Built by app
// when http.listen is set; told by the pipeline's events. Lives on io; what takes time happens on
// threads of its own.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/generation/backend_pool.hpp"
#include "miner/server/access.hpp"
#include "miner/server/archive.hpp"
#include "miner/server/log_tail.hpp"
#include "miner/server/metrics.hpp"
#include "miner/server/request.hpp"
#include "miner/server/signed_callers.hpp"
#include "miner/server/state.hpp"
#include "network/http/server.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace miner {

class StatusServer {
public:
    // Answers POST /generate.
    using Generate = std::function<asio::awaitable<network::ServerReply>(network::ServerRequest)>;

    struct Options {
        const config::Settings& settings;
        std::filesystem::path folder;           // whose disk is watched
        std::unique_ptr<Archive> archive;       // null: tasks and results are not served
        bool mining = true;                     // false: only /generate earns
        std::vector<std::string> hotkeys = {};  // ours, whom callers sign for; with http.signed
    };

    // Listens at once. Fails with the system's errors (port taken) or malformed, and as
    // SignedCallers::open(); a token or signatures are wanted beyond loopback when mining.
    static config::Result<std::unique_ptr<StatusServer>> open(asio::io_context& io,
                                                              Options options);

    // What the pipeline is to tell, beside what `other` is told.
    Observer observer(Observer other);
    State& state() { return state_; }
    Metrics& metrics() { return metrics_; }
    // Lines for the log's tail; may outlive the status server.
    config::Logger::Sink log_sink() const;
    SignedCallers* signed_callers() { return callers_.get(); }  // null: http.signed is none
    // `report`: what this process says of itself with each answer; `places`: how many calls can be
    // made at once just now, by which they are let in. On io.
    void serve_generate(Generate generate, std::function<BackendReport()> report,
                        std::function<std::size_t()> places) {
        generate_ = std::move(generate);
        report_ = std::move(report);
        places_ = std::move(places);
    }

    // Whether a call of /generate or a result is being answered, up to its last byte.
    bool answering() const { return calls_in_.use_count() > 1 || results_out_.use_count() > 1; }

    std::uint16_t port() const { return server_->port(); }
    const ListenAddress& address() const { return address_; }
    asio::awaitable<void> run() { return server_->run(); }
    void stop() { server_->stop(); }

private:
    using Reply = network::HttpServer::Reply;
    using Request = RouteRequest;

    StatusServer(Options options, std::unique_ptr<SignedCallers> callers);

    std::optional<network::ServerReply> screen(network::ServerRequest& request,
                                               std::int64_t& body_bytes);
    std::shared_ptr<void> let_in(std::int64_t bytes) const;
    asio::awaitable<Reply> answer(network::ServerRequest request);
    asio::awaitable<Reply> route(const Request& request, network::ServerRequest raw);
    asio::awaitable<Reply> tasks(const Request& request);
    asio::awaitable<Reply> of_task(const Request& request, const network::ServerRequest& raw);
    asio::awaitable<Reply> result_of(Archive::Source source, std::string what,
                                     std::stop_token gone);
    asio::awaitable<Reply> stats(const Request& request);
    asio::awaitable<Reply> predictions(const Request& request);
    asio::awaitable<Reply> metrics_now();
    Reply input_of(storage::TaskRow row, const network::HttpHeaders& headers) const;
    Reply health() const;
    Reply ready() const;
    Reply events();

    const config::Settings& settings_;
    std::filesystem::path folder_;
    std::unique_ptr<Archive> archive_;
    ListenAddress address_;
    std::unique_ptr<SignedCallers> callers_;
    Access access_;
    State state_;
    Metrics metrics_;
    std::optional<std::uint64_t> calibrated_at_;  // state_.settled() then
    bool calibrating_ = false;
    std::shared_ptr<LogTail> tail_ = std::make_shared<LogTail>();
    Generate generate_;
    std::function<BackendReport()> report_;
    std::function<std::size_t()> places_;
    int watchers_ = 0;                                              // of /api/events
    std::shared_ptr<int> calls_in_ = std::make_shared<int>();       // as results_out_, of /generate
    std::shared_ptr<int> converted_out_ = std::make_shared<int>();  // likewise
    std::shared_ptr<std::int64_t> bytes_in_ = std::make_shared<std::int64_t>(0);  // of their bodies
    std::shared_ptr<int> results_out_;  // use_count tells how many large answers are on their way
    std::unique_ptr<network::HttpServer> server_;
};

// Whoever looks at `status_server` sees the backends of `pool`, which outlives its last answer.
void show_backends(StatusServer& status_server, const BackendPool& pool);

}  // namespace miner
