#include "network/simulator/validator.hpp"

#include "config/unix_time.hpp"
#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/http/date.hpp"
#include "network/simulator/axon.hpp"
#include "network/simulator/faulty_server.hpp"
#include "network/simulator/validator_state.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <atomic>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using config::fail;
using config::Result;
using Fault = LocalValidator::Fault;

constexpr std::array<std::pair<std::string_view, Fault>, 5> kFaults{{{"timeout", Fault::timeout},
                                                                     {"refuse", Fault::refuse},
                                                                     {"garbage", Fault::garbage},
                                                                     {"slow", Fault::slow},
                                                                     {"drop", Fault::drop}}};

ValidatorState::Rules rules_of(const LocalValidator::Options& options) {
    const auto scaled = [&](std::chrono::milliseconds duration) {
        return std::chrono::round<std::chrono::milliseconds>(duration * options.time_scale);
    };
    ValidatorState::Rules rules;
    rules.task_cooldown = scaled(options.task_cooldown);
    rules.throttle_period = scaled(options.throttle_period);
    rules.cooldown_penalty = scaled(options.cooldown_penalty);
    rules.validation_lock = scaled(options.validation_lock);
    rules.violation_penalty = scaled(rules.violation_penalty);
    rules.unregistered_cooldown = scaled(rules.unregistered_cooldown);
    rules.quality_threshold = options.quality_threshold;
    return rules;
}

// Everything but the counts and the judge lives on the validator's thread.
class LoopbackValidator final : public LocalValidator {
public:
    LoopbackValidator(Keypair key, Judge judge, Options options)
        : judge_(std::move(judge)),
          options_(std::move(options)),
          hotkey_(key.address()),
          state_(rules_of(options_), options_.tasks, options_.miners),
          key_(std::move(key)) {
        options_.tasks.clear();  // the state has them
        if (!options_.now_ns) options_.now_ns = config::unix_ns;
    }

    ~LoopbackValidator() override {
        if (!thread_.joinable()) return;
        asio::post(io_, [this] {
            for (auto& server : servers_) server->stop();
        });
        thread_.join();  // once all judges are done
    }

    Result<bool> listen() {
        auto server = open(options_.port);
        if (!server) return server.error();
        drained_ = state_.drained();
        serve(std::move(*server));
        thread_ = std::thread([this] { io_.run(); });  // ends with the last server
        return true;
    }

    Result<std::uint16_t> move() override {
        std::promise<Result<std::uint16_t>> done;
        asio::post(io_, [this, &done] {
            auto server = open(0);
            if (!server) return done.set_value(server.error());
            auto& old = *servers_.back();
            serve(std::move(*server));
            old.stop();
            done.set_value(port_.load());
        });
        return done.get_future().get();
    }

    void change(std::function<void(ValidatorState&)> how) override {
        on_its_thread([this, how = std::move(how)] { how(state_); });
    }

    void suffer(std::vector<Fault> faults, int every) override {
        on_its_thread([&] {
            options_.faults = std::move(faults);
            options_.fault_every = every;
        });
    }

    Peer peer() const override { return {hotkey_, options_.host, port_.load()}; }

    Tally tally() const override {
        const std::lock_guard lock(mutex_);
        return tally_;
    }

    bool drained() const override {
        const std::lock_guard lock(mutex_);
        return drained_;
    }

private:
    template <class Change>
    void on_its_thread(Change change) {
        std::promise<void> done;
        asio::post(io_, [&] {
            change();
            done.set_value();
        });
        done.get_future().get();
    }

    Result<std::unique_ptr<FaultyServer>> open(std::uint16_t port) {
        return FaultyServer::listen(
            io_, options_.host, port,
            [this](ServerRequest request) { return handle(std::move(request)); }, {},
            [this](ServerRequest& request) { return admit(request); });
    }

    void serve(std::unique_ptr<FaultyServer> server) {
        Axon::Handlers handlers;
        handlers.blacklist = [this](const auto& synapse, const auto& hotkey, const auto& from) {
            return blacklisted(synapse, hotkey, from);
        };
        handlers.forward = [this](SynapseCall call) { return forward(std::move(call)); };
        handlers.now_ns = [this] { return now_ns(); };
        axon_ = std::make_shared<Axon>(key_, options_.host, server->port(), std::move(handlers));
        port_ = server->port();
        asio::co_spawn(io_, server->run(), asio::detached);
        servers_.push_back(std::move(server));
    }

    template <class Change>
    void count(Change change) {
        const std::lock_guard lock(mutex_);
        change(tally_);
        drained_ = state_.drained();
    }

    std::int64_t now_ns() const {
        return options_.now_ns() + std::chrono::nanoseconds(options_.clock_lead).count();
    }

    ValidatorState::Time now() const {
        return ValidatorState::Time(
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds(now_ns())));
    }

    // Marks a request with the fault that is due, as its place in kFaults counted from 1.
    bool admit(ServerRequest& request) {
        ++requests_;
        if (options_.faults.empty() || options_.fault_every <= 0 ||
            requests_ % options_.fault_every != 0)
            return true;
        const auto fault = options_.faults[next_fault_++ % options_.faults.size()];
        count([](Tally& tally) { ++tally.faults; });
        request.mark = 1 + static_cast<int>(fault);
        if (options_.faulted) options_.faulted(fault, request.target);
        return fault != Fault::refuse;
    }

    asio::awaitable<FaultyServer::Answer> handle(ServerRequest request) {
        const auto suffers = [&](Fault fault) {
            return request.mark == 1 + static_cast<int>(fault);
        };
        using Delivery = FaultyServer::Delivery;
        FaultyServer::Answer result;
        auto& reply = result.reply;
        if (suffers(Fault::timeout)) {
            result.delivery = Delivery::never;
            co_return result;
        }
        if (suffers(Fault::garbage)) {
            reply.headers.emplace_back("content-type", "application/json");
            reply.body = "\x16\x03\x01{\"task\":[[";
            co_return result;
        }
        const auto axon = axon_;  // another may serve before this one has answered
        auto answer = co_await axon->answer(request);
        if (answer.call_status == Axon::CallStatus::bad_signature)
            count([](Tally& tally) { ++tally.bad_signatures; });
        if (answer.call_status == Axon::CallStatus::bad_nonce)
            count([](Tally& tally) { ++tally.bad_nonces; });
        reply = std::move(answer.reply);
        if (!find_header(reply.headers, "date"))
            reply.headers.emplace_back("date", http_date(now_ns() / 1'000'000'000));
        if (suffers(Fault::slow)) result.delivery = Delivery::dripped;
        if (suffers(Fault::drop)) result.delivery = Delivery::cut;
        if (suffers(Fault::trickle)) result.delivery = Delivery::trickled;
        if (suffers(Fault::twist) && options_.twist) options_.twist(reply);
        co_return result;
    }

    std::optional<std::string> blacklisted(const std::string& synapse, const std::string& hotkey,
                                           const std::string& from) {
        if (synapse == "SubmitResults") return state_.blacklisted(hotkey, from);
        if (synapse == "GetVersion")
            return "Version check allowed for validators only. Request from " + hotkey + " (" +
                   from + ")";
        return std::nullopt;
    }

    asio::awaitable<std::optional<json::object>> forward(SynapseCall call) {
        if (call.synapse == "PullTask") co_return pull(call);
        co_return co_await submit(std::move(call));
    }

    json::object pull(const SynapseCall& call) {
        using What = ValidatorState::Pull::What;
        const auto pull = state_.pull(call.miner, now());
        count([&](Tally& tally) {
            ++tally.pulls;
            tally.handed_out += pull.what == What::assigned;
            tally.cooldown_violations += pull.what == What::cooling_down;
        });
        if (options_.pulled) options_.pulled(pull);
        return answer_fields(pull.answer);
    }

    asio::awaitable<std::optional<json::object>> submit(SynapseCall call) {
        using What = ValidatorState::Submit::What;
        auto submit = state_.submit(call.miner, call.validator, call.submission, now());
        std::optional<network::Evaluation> verdict;
        if (submit.what == What::to_score) {
            verdict = co_await judged(submit.task, std::move(call.submission.results));
            const auto score = verdict ? std::optional(verdict->score) : std::nullopt;
            submit = state_.scored(call.miner, submit.task, score, now());
            if (!verdict) verdict = network::Evaluation{0, "the judge failed"};
        }
        if (submit.what == What::bad_signature) verdict = network::Evaluation{0, "bad signature"};
        count([&](Tally& tally) {
            ++tally.submissions;
            tally.skips += submit.what == What::skipped;
            tally.accepted += submit.what == What::accepted;
            tally.without_effect += submit.what == What::locked || submit.what == What::too_soon ||
                                    submit.what == What::other_task;
            tally.refused += submit.what == What::refused || submit.what == What::bad_signature ||
                             submit.what == What::not_scored;
            tally.bad_signatures +=
                submit.what == What::bad_signature || submit.what == What::unreadable_signature;
            if (verdict) tally.verdicts.emplace_back(submit.task.id, *verdict);
        });
        if (options_.submitted) options_.submitted(submit);
        if (submit.what == What::unreadable_signature) co_return std::nullopt;
        co_return answer_fields(submit.answer);
    }

    asio::awaitable<std::optional<network::Evaluation>> judged(Task task, std::string results) {
        co_return co_await asio::co_spawn(
            judges_,
            [&]() -> asio::awaitable<std::optional<network::Evaluation>> {
                co_return judge(task, results);
            },
            asio::use_awaitable);
    }

    // Nothing when the judge failed. What is no base64 scores 0, as with the subnet's scoring
    // service.
    std::optional<network::Evaluation> judge(const Task& task, const std::string& results) {
        const auto spz = base64_decode(results);
        if (!spz) return network::Evaluation{0, "results are not base64"};
        try {
            return judge_(task, *spz);
        } catch (const std::exception&) {
            return std::nullopt;
        }
    }

    asio::io_context io_{1};
    Judge judge_;
    Options options_;
    std::string hotkey_;
    ValidatorState state_;
    Keypair key_;
    std::shared_ptr<Axon> axon_;
    asio::thread_pool judges_{1};
    std::vector<std::unique_ptr<FaultyServer>> servers_;  // the last one serves, others end
    std::atomic<std::uint16_t> port_ = 0;
    int requests_ = 0;
    std::size_t next_fault_ = 0;

    mutable std::mutex mutex_;
    Tally tally_;
    bool drained_ = false;

    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<LocalValidator>> LocalValidator::start(Keypair key, Judge judge,
                                                              Options options) {
    auto validator =
        std::make_unique<LoopbackValidator>(std::move(key), std::move(judge), std::move(options));
    if (const auto listening = validator->listen(); !listening) return listening.error();
    return std::unique_ptr<LocalValidator>(std::move(validator));
}

Result<Fault> parse_fault(std::string_view text) {
    std::string choices;
    for (const auto& [name, fault] : kFaults) {
        if (name == text) return fault;
        choices += (choices.empty() ? "" : ", ") + std::string(name);
    }
    return fail(Errc::malformed, "fault '" + std::string(text) + "' is none of " + choices);
}

}  // namespace network
