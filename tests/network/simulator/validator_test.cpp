#include "network/simulator/validator.hpp"

#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/http/client.hpp"
#include "network/subnet/dendrite.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>

namespace asio = boost::asio;
using network::Dendrite;
using network::Errc;
using network::Evaluation;
using network::LocalValidator;
using network::Peer;
using network::Task;
using network::TaskKind;
using Fault = LocalValidator::Fault;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr double kScore = 0.83;

Evaluation content(const Task&, const std::vector<std::uint8_t>&) { return {kScore, {}}; }

std::vector<Task> two_tasks() {
    return {{TaskKind::image, "first", network::base64_encode(std::vector<std::uint8_t>{1, 2, 3})},
            {TaskKind::text, "second", "a \"red\" na\xc3\xafve chair\n"}};
}

LocalValidator::Options with_tasks(std::vector<Task> tasks, double time_scale = 0) {
    LocalValidator::Options options;
    options.tasks = std::move(tasks);
    options.time_scale = time_scale;
    return options;
}

std::unique_ptr<LocalValidator> start(LocalValidator::Options options,
                                      LocalValidator::Judge judge = content) {
    return LocalValidator::start(tests::validator_key(), std::move(judge), std::move(options))
        .value();
}

std::string results() {
    return network::base64_encode(std::vector<std::uint8_t>{40, 181, 47, 253});
}

// A miner that makes its calls one after the other.
struct Miner {
    network::Keypair key = tests::miner_key();
    Dendrite dendrite{[] {
        Dendrite::Options options;
        options.connect_timeout = options.pull_timeout = options.submit_timeout = 20s;
        return options;
    }()};

    config::Result<network::PullAnswer> pull(const Peer& peer) {
        return tests::run(dendrite.pull(key, peer));
    }
    config::Result<network::SubmitAnswer> submit(const Peer& peer, const Task& task,
                                                 std::string what = results()) {
        return tests::run(dendrite.submit(key, peer, task.id, task.prompt, std::move(what)));
    }
};

Miner hasty_miner() {
    Dendrite::Options options;
    options.connect_timeout = 20s;
    options.pull_timeout = options.submit_timeout = 100ms;
    return {tests::miner_key(), Dendrite(options)};
}

template <class Answer>
Errc failure(const config::Result<Answer>& answer) {
    REQUIRE_FALSE(answer.has_value());
    INFO(answer.error().message());
    return static_cast<Errc>(answer.error().code.value());
}

}  // namespace

TEST_CASE("a task is pulled, submitted and paid for over the real protocol") {
    std::vector<std::uint8_t> judged;
    const auto validator = start(with_tasks(two_tasks()), [&](const Task&, const auto& spz) {
        judged = spz;
        return Evaluation{kScore, {}};
    });
    Miner miner;
    const auto first = miner.pull(validator->peer());
    REQUIRE(first.has_value());
    REQUIRE(first->task.has_value());
    CHECK(first->task->id == "first");
    CHECK(first->task->kind == TaskKind::image);
    CHECK(first->validation_threshold == 0.6);

    // Whoever asks again gets the same task again.
    CHECK(miner.pull(validator->peer()).value().task.value().id == "first");

    const auto paid = miner.submit(validator->peer(), *first->task);
    REQUIRE(paid.has_value());
    REQUIRE(paid->feedback.has_value());
    CHECK(paid->feedback->task_fidelity_score == kScore);
    CHECK(paid->feedback->generations_within_the_window == 1);
    CHECK(paid->feedback->current_miner_reward == 1500);
    CHECK(judged == std::vector<std::uint8_t>{40, 181, 47, 253});

    const auto second = miner.pull(validator->peer());
    REQUIRE(second->task.has_value());
    CHECK(second->task->prompt == two_tasks()[1].prompt);
    CHECK_FALSE(validator->drained());
    CHECK(
        miner.submit(validator->peer(), *second->task, "").value().feedback->task_fidelity_score ==
        0);
    CHECK(validator->drained());
    CHECK_FALSE(miner.pull(validator->peer()).value().task.has_value());

    const auto tally = validator->tally();
    CHECK(tally.pulls == 4);
    CHECK(tally.handed_out == 2);
    CHECK(tally.submissions == 2);
    CHECK(tally.accepted == 1);
    CHECK(tally.skips == 1);
    CHECK(tally.refused + tally.bad_signatures + tally.bad_nonces + tally.faults == 0);
    REQUIRE(tally.verdicts.size() == 1);
    CHECK(tally.verdicts[0].first == "first");
}

TEST_CASE(
    "low scores, results that are no base64 and failing judges end a task in their own ways") {
    const auto outcome = [](LocalValidator::Judge judge, std::string what) {
        const auto validator = start(with_tasks(two_tasks(), 1), std::move(judge));
        Miner miner;
        const auto task = miner.pull(validator->peer()).value().task.value();
        const auto answer = miner.submit(validator->peer(), task, std::move(what)).value();
        CHECK(validator->tally().refused == 1);
        CHECK(validator->tally().verdicts.size() == 1);
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto wait =
            answer.cooldown_until - std::chrono::duration_cast<std::chrono::seconds>(now).count();
        CHECK(answer.feedback->task_fidelity_score == 0);
        return std::pair(answer.feedback->validation_failed, wait > 600);
    };
    const auto poor = [](const Task&, const auto&) { return Evaluation{0.59, "poor"}; };
    const auto broken = [](const Task&, const auto&) -> Evaluation {
        throw std::runtime_error("x");
    };
    CHECK(outcome(poor, results()) == std::pair(false, true));
    CHECK(outcome(content, "no base64!") == std::pair(false, true));
    CHECK(outcome(broken, results()) == std::pair(true, false));
}

TEST_CASE("a signature over another prompt costs the task and a penalty") {
    const auto validator = start(with_tasks(two_tasks(), 1));
    Miner miner;
    auto task = miner.pull(validator->peer()).value().task.value();
    task.prompt += "=";
    const auto answer = miner.submit(validator->peer(), task).value();
    CHECK(answer.feedback->task_fidelity_score == 0);
    const auto tally = validator->tally();
    CHECK(tally.bad_signatures == 1);
    CHECK(tally.refused == 1);
    const auto told = miner.pull(validator->peer()).value();
    CHECK_FALSE(told.task.has_value());
    CHECK(told.cooldown_until == answer.cooldown_until);
    CHECK(told.cooldown_violations == 1);
    CHECK(validator->tally().cooldown_violations == 1);
}

TEST_CASE("submissions without a task, by the unregistered or for another task change nothing") {
    auto options = with_tasks(two_tasks());
    options.miners = {tests::miner_key().address()};
    const auto validator = start(std::move(options));
    Miner miner;
    const auto early = miner.submit(validator->peer(), two_tasks()[0]);
    CHECK(failure(early) == Errc::bad_status);
    CHECK(
        early.error().detail.find("403 Forbidden. Key is blacklisted: [1] submitted results while "
                                  "having no task assigned") != std::string::npos);

    Miner unregistered{tests::another_key(), miner.dendrite};
    CHECK_FALSE(unregistered.pull(validator->peer()).value().task.has_value());
    CHECK(failure(unregistered.submit(validator->peer(), two_tasks()[0])) == Errc::bad_status);

    REQUIRE(miner.pull(validator->peer()).value().task->id == "first");
    const auto other = miner.submit(validator->peer(), two_tasks()[1]).value();
    CHECK(other.feedback->task_fidelity_score == 0);
    CHECK(miner.pull(validator->peer()).value().task->id == "first");
    CHECK(validator->tally().accepted == 0);
}

TEST_CASE("a request for another validator, a late one and a replayed one are refused") {
    const auto validator = start(with_tasks(two_tasks()));
    auto wrong = validator->peer();
    wrong.hotkey = tests::another_key().address();
    Miner miner;
    const auto answer = miner.pull(wrong);
    CHECK(failure(answer) == Errc::bad_status);
    CHECK(answer.error().detail.find("401 Not Verified with error: Signature mismatch") !=
          std::string::npos);
    CHECK(validator->tally().bad_signatures == 1);

    Dendrite::Options late;
    late.pull_timeout = 12s;
    late.now_ns = [] {
        const auto then = std::chrono::system_clock::now() - 17s;
        return std::chrono::nanoseconds(then.time_since_epoch()).count();
    };
    CHECK(failure(Miner{tests::miner_key(), Dendrite(late)}.pull(validator->peer())) ==
          Errc::bad_status);
    CHECK(validator->tally().bad_nonces == 1);

    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const network::CallIdentity call{tests::miner_key().address(), "",
                                     std::chrono::nanoseconds(now).count(), "some-uuid"};
    const auto peer = validator->peer();
    const auto signature = tests::miner_key().sign(network::dendrite_text(call, peer));
    const auto synapse = network::pull_request(call, peer, 12, "0x" + network::to_hex(signature));
    const auto send = [&] {
        return tests::run(network::request({peer.host, peer.port, "POST", synapse.target,
                                            synapse.headers, synapse.body},
                                           {}))
            .value()
            .status;
    };
    CHECK(send() == 200);
    CHECK(send() == 401);
    CHECK(validator->tally().bad_nonces == 2);
}

TEST_CASE("while it judges, it gives the same task again and takes no second submission") {
    std::atomic<bool> judging = false, done = false;
    const auto validator = start(with_tasks(two_tasks(), 1), [&](const Task&, const auto&) {
        judging = true;
        tests::eventually([&] { return done.load(); });
        return Evaluation{kScore, {}};
    });
    Miner first, second;
    const auto task = first.pull(validator->peer()).value().task.value();
    double score = 0;
    std::thread submitting([&] {
        const auto answer = first.submit(validator->peer(), task);
        if (answer && answer->feedback) score = answer->feedback->task_fidelity_score;
    });
    REQUIRE(tests::eventually([&] { return judging.load(); }));
    const auto again = second.pull(validator->peer()).value();
    REQUIRE(again.task.has_value());
    CHECK(again.task->id == task.id);
    const auto locked = second.submit(validator->peer(), task).value();
    CHECK(locked.feedback->task_fidelity_score == 0);
    CHECK(locked.cooldown_until == 0);
    done = true;
    submitting.join();
    CHECK(score == kScore);
    CHECK(validator->tally().submissions == 2);
    CHECK(validator->tally().accepted == 1);
    CHECK(validator->tally().without_effect == 1);
    CHECK(validator->tally().verdicts.size() == 1);
}

TEST_CASE("it counts cool-downs by a clock of its own and tells the time by that") {
    const auto lead = GENERATE(0s, 3600s, -3s);
    auto options = with_tasks(two_tasks(), 1);
    options.clock_lead = lead;
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    Dendrite::Options theirs;
    theirs.pull_timeout = theirs.submit_timeout = 20s;
    theirs.now_ns = [&] {
        return std::chrono::nanoseconds((now + lead).time_since_epoch()).count();
    };
    options.now_ns = [&] { return std::chrono::nanoseconds(now.time_since_epoch()).count(); };
    const auto validator = start(std::move(options));
    Miner miner{tests::miner_key(), Dendrite(theirs)};
    const auto pulled = miner.pull(validator->peer()).value();
    const auto date = (now + lead).time_since_epoch().count();
    CHECK(pulled.date == date);
    const auto answer = miner.submit(validator->peer(), pulled.task.value()).value();
    CHECK(answer.date == date);
    CHECK(answer.cooldown_until == date + 300);
}

TEST_CASE("a submission may be as large as results are") {
    std::size_t judged = 0;
    const auto validator = start(with_tasks(two_tasks()), [&](const Task&, const auto& spz) {
        judged = spz.size();
        return Evaluation{kScore, {}};
    });
    Miner miner;
    const auto task = miner.pull(validator->peer()).value().task.value();
    const std::vector<std::uint8_t> spz(24 << 20, 7);
    REQUIRE(miner.submit(validator->peer(), task, network::base64_encode(spz)).has_value());
    CHECK(judged == spz.size());
}

TEST_CASE("faults come in order, one for each so many requests") {
    auto options = with_tasks(two_tasks());
    options.faults = {Fault::garbage, Fault::refuse};
    options.fault_every = 2;
    const auto validator = start(std::move(options));
    Miner miner;
    for (int round = 0; round < 2; ++round) {
        CHECK(miner.pull(validator->peer()).has_value());
        CHECK(failure(miner.pull(validator->peer())) == Errc::malformed);
        CHECK(miner.pull(validator->peer()).has_value());
        CHECK(failure(miner.pull(validator->peer())) == Errc::closed);
    }
    CHECK(validator->tally().faults == 4);
    CHECK(validator->tally().pulls == 4);
}

TEST_CASE("each fault is what its name says") {
    const auto suffering = [](Fault fault) {
        auto options = with_tasks(two_tasks());
        options.faults = {fault};
        options.fault_every = 3;  // pull, pull, submit
        return start(std::move(options));
    };
    Miner miner;
    SECTION("timeout: never answered, not handled") {
        const auto validator = suffering(Fault::timeout);
        auto hasty = hasty_miner();
        const auto task = miner.pull(validator->peer()).value().task.value();
        miner.pull(validator->peer()).value();
        CHECK(failure(hasty.submit(validator->peer(), task)) == Errc::read_timeout);
        // Which it may have given up before it was read; the next one is none that suffers.
        REQUIRE(tests::eventually([&] { return validator->tally().faults == 1; }));
        CHECK(miner.pull(validator->peer()).value().task->id == task.id);
        CHECK(validator->tally().submissions == 0);
    }
    SECTION("refuse: closed at once, even while much is sent") {
        const auto validator = suffering(Fault::refuse);
        const auto task = miner.pull(validator->peer()).value().task.value();
        miner.pull(validator->peer()).value();
        const std::vector<std::uint8_t> spz(8 << 20, 7);
        CHECK(failure(miner.submit(validator->peer(), task, network::base64_encode(spz))) ==
              Errc::closed);
        CHECK(miner.pull(validator->peer()).value().task->id == task.id);
    }
    SECTION("slow: late, but whole and handled") {
        const auto validator = suffering(Fault::slow);
        const auto task = miner.pull(validator->peer()).value().task.value();
        miner.pull(validator->peer()).value();
        const auto begun = Clock::now();
        CHECK(miner.submit(validator->peer(), task).value().feedback->task_fidelity_score ==
              kScore);
        CHECK(Clock::now() - begun > 100ms);
    }
    SECTION("drop: handled, but the answer is lost; the next pull tells") {
        const auto validator = suffering(Fault::drop);
        const auto task = miner.pull(validator->peer()).value().task.value();
        miner.pull(validator->peer()).value();
        CHECK(failure(miner.submit(validator->peer(), task)) == Errc::closed);
        CHECK(validator->tally().accepted == 1);
        CHECK(miner.pull(validator->peer()).value().task->id == "second");
    }
}

TEST_CASE("a fault is named by one of five words") {
    CHECK(network::parse_fault("timeout").value() == Fault::timeout);
    CHECK(network::parse_fault("refuse").value() == Fault::refuse);
    CHECK(network::parse_fault("garbage").value() == Fault::garbage);
    CHECK(network::parse_fault("slow").value() == Fault::slow);
    CHECK(network::parse_fault("drop").value() == Fault::drop);
    const auto none = network::parse_fault("explode");
    REQUIRE_FALSE(none.has_value());
    CHECK(none.error().code == Errc::malformed);
    CHECK(none.error().detail.find("timeout, refuse, garbage, slow, drop") != std::string::npos);
}

TEST_CASE("a validator goes at once, however its clients hang, and leaves nothing open") {
    asio::io_context io;
    std::vector<tests::LoopbackPeer::Socket> hanging;
    hanging.emplace_back(io);  // the first one opens what its io_context needs
    const auto before = tests::open_descriptors();
    auto options = with_tasks(two_tasks());
    options.faults = {Fault::timeout};
    options.fault_every = 1;
    auto validator = start(std::move(options));
    for (const char* text : {"", "POST /Pu", "POST /PullTask HTTP/1.1\r\nHost: x\r\n\r\n",
                             "POST /PullTask HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"}) {
        auto& client = hanging.emplace_back(io);
        client.connect({asio::ip::make_address("127.0.0.1"), validator->peer().port});
        tests::send(client, text);
    }
    while (validator->tally().faults < 2) std::this_thread::sleep_for(1ms);
    validator.reset();  // those whom a fault keeps would hang for ever
    hanging.clear();
    CHECK(tests::open_descriptors() == before);
}

TEST_CASE("a port that is taken is an error") {
    const auto first = start(with_tasks({}));
    CHECK(first->drained());
    LocalValidator::Options options;
    options.port = first->peer().port;
    const auto second = LocalValidator::start(tests::another_key(), content, options);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == boost::asio::error::address_in_use);
}

TEST_CASE("several miners each have a task of their own") {
    const auto validator = start(with_tasks(two_tasks()));
    Miner one;
    Miner two{tests::another_key(), one.dendrite};
    const auto mine = one.pull(validator->peer()).value().task.value();
    const auto theirs = two.pull(validator->peer()).value().task.value();
    CHECK(mine.id == "first");
    CHECK(theirs.id == "second");
    CHECK(two.submit(validator->peer(), theirs).value().feedback->task_fidelity_score == kScore);
    CHECK(one.submit(validator->peer(), mine).value().feedback->task_fidelity_score == kScore);
    CHECK(validator->drained());
}
