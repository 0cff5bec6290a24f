// A miner that has answered one task and holds another, seen from outside over real sockets, on a
// database and an asset of its own.
#pragma once

#include "generator/splat/spz.hpp"
#include "miner/server/status_server.hpp"
#include "network/http/client.hpp"
#include "tests/network/loopback.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>

#include <cmath>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace tests {

using network::HttpAnswer;
using storage::TaskRow;

inline generator::StoredSplats two_gaussians() {
    generator::StoredSplats splats;
    splats.resize(2);
    splats.position = {{0.25f, 0, 0}, {-0.5f, 0.5f, 0}};
    splats.log_scale = {{-4, -4, -4}, {-2, -2, -2}};
    splats.rotation = {{1, 0, 0, 0}, {0, 0, 1, 0}};
    splats.colour = {{1.77245f, 0, 0}, {0, 0, 0}};
    splats.logit = {0, 2};
    return splats;
}

class Seen {
public:
    explicit Seen(const std::string& token = {}, bool mining = true) {
        settings_.http.listen = "127.0.0.1:0";
        settings_.http.token = token;
        const auto artifacts = open_artifacts();
        fill(artifacts);
        status_server_ =
            miner::StatusServer::open(
                io_, {.settings = settings_,
                      .folder = folder_.path(),
                      .archive = std::make_unique<miner::Archive>(
                          folder_.path() / "miner.db", artifacts,
                          storage::KeptSplats(folder_.path() / "candidates", kKeptTasks)),
                      .mining = mining})
                .value();
        boost::asio::co_spawn(io_, status_server_->run(), boost::asio::detached);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~Seen() {
        boost::asio::post(io_, [this] { status_server_->stop(); });
        thread_.join();
    }

    std::uint16_t port() const { return status_server_->port(); }
    void on_io(std::function<void(miner::StatusServer&)> fn) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            fn(*status_server_);
            done.set_value();
        });
        done.get_future().wait();
    }

    HttpAnswer get(const std::string& target, network::HttpHeaders headers = {},
                   const std::string& method = "GET") const {
        network::HttpRequest request;
        request.host = "127.0.0.1";
        request.port = port();
        request.method = method;
        request.target = target;
        request.headers = std::move(headers);
        return tests::run(network::request(std::move(request), {})).value();
    }
    boost::json::object json(const std::string& target) const {
        const auto answer = get(target);
        INFO(target << ": " << answer.body);
        REQUIRE(answer.status == 200);
        return boost::json::parse(answer.body).as_object();
    }

    // So many more that were accepted with 0.77 after 0.75 was predicted; nobody tells the server.
    void answer_more(int count) {
        const auto database = storage::Database::open(folder_.path() / "miner.db").value();
        storage::Journal journal(*database, "0.1", "hash", 2000);
        storage::Attempt attempt{.gaussians = 2, .outcome = storage::AttemptOutcome::passed};
        attempt.predicted =
            storage::Prediction{.total = 0.75, .left_out = "lpips", .scorer = "toy\x1b"};
        for (int i = 0; i < count; ++i) {
            const auto id = "more" + std::to_string(i);
            const auto row = journal.pulled({"us", "them\x1b", id, "image", "p", 2000}).value().row;
            REQUIRE(journal.attempted(row, attempt));
            submit(journal, row, {.asset = std::string(64, 'a'), .bytes = 10, .at = 2010});
            judge(journal, row, 0.77, 2030 + i);
        }
    }

    // One more that was accepted, with these bytes.
    TaskRow answer_with(const std::vector<std::uint8_t>& spz) {
        const auto hash = open_artifacts().put(spz).value();
        const auto database = storage::Database::open(folder_.path() / "miner.db").value();
        storage::Journal journal(*database, "0.1", "hash", 4000);
        const auto row = journal.pulled({"us", "them", "with", "image", "p", 4000}).value().row;
        storage::Attempt attempt{.number = 1};
        attempt.outcome = storage::AttemptOutcome::passed;
        REQUIRE(journal.attempted(row, attempt));
        submit(journal, row, {.asset = hash, .bytes = std::int64_t(spz.size()), .at = 4010});
        judge(journal, row, 0.7, 4030);
        return row;
    }

    // A task of three attempts of which the second was sent, and refused by `validator`; the
    // splats of the first and the second were told to the server, which keeps them for a Watcher.
    TaskRow answer_with_candidates(const std::string& validator = "them\x1b") {
        const auto database = storage::Database::open(folder_.path() / "miner.db").value();
        storage::Journal journal(*database, "0.1", "hash", 3000);
        const auto id = "candidates" + std::to_string(++made_);
        const auto row = journal.pulled({"us", validator, id, "image", "p", 3000}).value().row;
        const auto observer = status_server_->observer({});
        for (int number = 1; number <= 3; ++number) {
            storage::Attempt attempt{
                .number = number, .gaussians = number, .candidate = number > 1};
            attempt.seed = ~std::uint64_t(number);
            attempt.outcome = storage::AttemptOutcome::passed;
            REQUIRE(journal.attempted(row, attempt));
            if (number == 3) continue;
            auto splats = two_gaussians();
            splats.resize(std::size_t(number));
            const auto spz = generator::write_spz(splats, {.fraction_bits = 14});
            on_io([&](auto&) {
                observer.splats({row, id}, attempt,
                                std::make_shared<const std::vector<std::uint8_t>>(spz));
            });
        }
        submit(journal, row, {.attempt = 2, .asset = asset_, .bytes = 10, .at = 3010});
        judge(journal, row, 0, 3030);
        return row;
    }

    // The files of all results, as storage.keep_days does in time.
    void lose_results() const { std::filesystem::remove_all(folder_.path() / "assets"); }

    static constexpr int kKeptTasks = 2;
    TaskRow answered = 0, submitting = 0, open = 0;

private:
    struct Sent {
        int attempt = 1;
        std::string asset;
        std::int64_t bytes;
        std::int64_t at;  // when it was finished; 10 ms later it is sent
    };
    static void submit(storage::Journal& journal, TaskRow row, const Sent& sent) {
        REQUIRE(journal.finished(row, {.outcome = storage::Outcome::passed,
                                       .attempt = sent.attempt,
                                       .asset = sent.asset,
                                       .bytes = sent.bytes,
                                       .detail = {},
                                       .at = sent.at}));
        REQUIRE(journal.submitting(row, sent.at + 10));
    }
    static void judge(storage::Journal& journal, TaskRow row, double score, std::int64_t at) {
        REQUIRE(journal.answered(row, {.feedback = true, .score = score, .at = at}));
    }

    storage::Artifacts open_artifacts() const {
        return storage::Artifacts::open(folder_.path() / "assets").value();
    }

    void fill(storage::Artifacts artifacts) {
        const auto spz = generator::write_spz(two_gaussians(), {.fraction_bits = 14});
        const auto hash = asset_ = artifacts.put(spz).value();
        const auto database = storage::Database::open(folder_.path() / "miner.db").value();
        storage::Journal journal(*database, "0.1", "hash", 0);
        const auto make = [&](const std::string& id, bool answer) {
            const auto row =
                journal.pulled({"us", "them\x1b", id, "image", "cGljdHVyZQ==", 1000}).value().row;
            storage::Attempt attempt{
                .number = 1, .chain = storage::EnhancementChain::standard, .gaussians = 2};
            attempt.outcome = storage::AttemptOutcome::passed;
            if (answer)
                attempt.predicted = storage::Prediction{.total = 0.55,
                                                        .iqa = 0.5,
                                                        .alignment = 0.8,
                                                        .ssim = 0.9,
                                                        .lpips = std::nan(""),
                                                        .left_out = "lpips",
                                                        .scorer = "toy\x1b",
                                                        .milliseconds = 40};
            REQUIRE(journal.attempted(row, attempt));
            submit(journal, row, {.asset = hash, .bytes = std::int64_t(spz.size()), .at = 1010});
            if (answer) judge(journal, row, 0.5, 1030);
            return row;
        };
        answered = make("a", true);
        submitting = make("b", false);
        open = journal.pulled({"us", "them\x1b", "c", "image", "p", 1000}).value().row;
    }

    tests::TemporaryFolder folder_;
    std::string asset_;
    int made_ = 0;
    config::Settings settings_;
    boost::asio::io_context io_{1};
    std::unique_ptr<miner::StatusServer> status_server_;
    std::thread thread_;
};

inline std::string task(TaskRow row, const std::string& what = "") {
    return "/api/tasks/" + std::to_string(row) + what;
}

// Somebody who has the page open.
class Watcher {
public:
    explicit Watcher(const Seen& seen) {
        socket_.connect({boost::asio::ip::make_address("127.0.0.1"), seen.port()});
        send(socket_, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
        std::string text;
        boost::asio::read_until(socket_, boost::asio::dynamic_buffer(text), "\r\n");
        REQUIRE(text.substr(0, 12) == "HTTP/1.1 200");
    }

private:
    boost::asio::io_context io_;
    LoopbackPeer::Socket socket_{io_};
};

}  // namespace tests
