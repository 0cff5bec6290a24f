#include "tests/endure/days_world.hpp"

#include "network/http/date.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/endure/virtual_time.hpp"
#include "tests/network/keys.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace endure {
namespace {

using namespace std::chrono_literals;
using network::LocalValidator;
using network::ValidatorState;
namespace json = boost::json;

constexpr std::uint32_t kLoopback = 0x7f000001;
constexpr std::uint64_t kStake_rao = 5'000'000'000'000;
constexpr std::size_t kFlood = 70u << 20;  // more than schedule.max_answer_bytes

std::int64_t unix_seconds() {
    return std::chrono::floor<std::chrono::seconds>(virtual_time::world_time()).count();
}

network::Task task_of(const std::string& id, int number) {
    if (number % 3 != 2) return image_task(id);
    return {network::TaskKind::text, id, "a red chair, number " + std::to_string(number)};
}

}  // namespace

World::World(Shape shape, std::uint32_t seed)
    : shape_(std::move(shape)),
      watch_(shape_.validators, {}, virtual_time::world_time()),
      random_(seed) {
    for (std::size_t i = 0; i < shape_.validators; ++i)
        peers_.push_back({.key = tests::key_of(std::uint8_t(100 + i)),
                          .rules = shape_.rules,
                          .validator = nullptr});
    for (std::size_t i = 0; i < peers_.size(); ++i)
        if (!start(i)) throw std::runtime_error("a validator does not start");
    start_chain(0);
    chain_port_ = chain_->endpoint().port;
}

std::string World::chain_url() const { return "ws://127.0.0.1:" + std::to_string(chain_port_); }

network::ChainNode::Tally World::tally() const {
    auto all = tally_;
    if (!chain_) return all;
    const auto more = chain_->tally();
    all.connections += more.connections;
    all.looks += more.looks;
    return all;
}

std::vector<network::LocalNeuron> World::neurons() const {
    std::vector<network::LocalNeuron> all;
    for (const auto& peer : peers_)
        all.push_back({.hotkey = peer.key.public_key(),
                       .stake_rao = kStake_rao,
                       .validator_permit = true,
                       .ip = kLoopback,
                       .port = peer.port});
    network::LocalNeuron ours;
    ours.hotkey = network::ss58_decode(shape_.hotkey).value();
    all.push_back(ours);
    return all;
}

void World::start_chain(std::uint16_t port) {
    auto started = network::ChainNode::start(
        {.port = port, .block_time = shape_.block, .neurons = neurons(), .metadata = {}});
    if (!started) throw std::runtime_error("the chain: " + started.error().message());
    chain_ = std::move(*started);
    if (!chain_state_) return;
    const auto missed = (virtual_time::world_time() - chain_left_) / shape_.block;
    chain_->change([&](network::ChainState& state) {
        state = *chain_state_;
        for (std::int64_t i = 0; i < missed; ++i) state.next_block();
        for (const auto& peer : peers_) state.move(peer.key.public_key(), peer.port);
        const auto ours = network::ss58_decode(shape_.hotkey).value();
        registered_ ? state.reregister(ours) : state.deregister(ours);
    });
}

void World::chain_vanishes() {
    tally_ = tally();
    chain_state_ = chain_->state();
    chain_left_ = virtual_time::world_time();
    chain_.reset();
}

void World::chain_comes_back() { start_chain(chain_port_); }

// False when its port is another's by now.
bool World::start(std::size_t number) {
    auto& peer = peers_[number];
    LocalValidator::Options options;
    options.port = peer.port;
    const int start = ++peer.starts;
    for (int i = 0; i < shape_.tasks; ++i)
        options.tasks.push_back(task_of(fmt::format("v{}.{}-{}", number, start, i), i));
    options.miners = {registered_ ? shape_.hotkey : std::string("nobody")};
    options.now_ns = [] { return std::int64_t(virtual_time::world_time().count()); };
    options.pulled = [this, number](const ValidatorState::Pull& pull) {
        watch_.pulled(number, pull, virtual_time::world_time());
    };
    options.submitted = [this, number](const ValidatorState::Submit& submit) {
        watch_.submitted(number, submit, virtual_time::world_time());
    };
    options.faulted = [this, number](Fault fault, const std::string& synapse) {
        watch_.faulted(number, fault, synapse, virtual_time::world_time());
    };
    options.twist = [this, number](network::ServerReply& reply) { twist(number, reply); };
    auto started = LocalValidator::start(
        peer.key, [this](const network::Task& task, const auto&) { return judge(task); },
        std::move(options));
    if (!started) return false;
    peer.validator = std::move(*started);
    peer.port = peer.validator->peer().port;
    peer.validator->change([&](ValidatorState& state) { state.change(peer.rules); });
    return true;
}

// The same for the same task, so that a seed tells the same story.
network::Evaluation World::judge(const network::Task& task) {
    std::seed_seq seed(task.id.begin(), task.id.end());
    std::mt19937 drawn(seed);
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + drawn() % 3000));
    if (drawn() % 50 == 0) throw std::runtime_error("the judge fails");
    return {drawn() % 5 == 0 ? 0.0 : 0.6 + 0.01 * double(drawn() % 40), ""};
}

void World::validator_vanishes(std::size_t number) {
    peers_[number].validator.reset();
    watch_.forgot(number, virtual_time::world_time());
}

void World::validator_comes_back(std::size_t number) {
    if (start(number)) return;
    peers_[number].port = 0;
    if (!start(number)) throw std::runtime_error("a validator does not start again");
    if (chain_)
        chain_->change([&](network::ChainState& state) {
            state.move(peers_[number].key.public_key(), peers_[number].port);
        });
}

void World::validator_moves(std::size_t number) {
    auto& peer = peers_[number];
    const auto port = peer.validator->move();
    if (!port) throw std::runtime_error("a validator does not move: " + port.error().message());
    peer.port = *port;
    if (chain_)
        chain_->change(
            [&](network::ChainState& state) { state.move(peer.key.public_key(), *port); });
}

void World::suffer(std::size_t number, std::vector<Fault> faults, int every) {
    if (auto& validator = peers_[number].validator) validator->suffer(std::move(faults), every);
}

void World::lie(std::size_t number, Lie lie) {
    if (auto& validator = peers_[number].validator)
        validator->change([&](ValidatorState&) { peers_[number].lie = lie; });
}

void World::change_rules(std::size_t number, const ValidatorState::Rules& rules) {
    peers_[number].rules = rules;
    if (auto& validator = peers_[number].validator)
        validator->change([&](ValidatorState& state) { state.change(rules); });
}

void World::deregister() {
    registered_ = false;
    const auto ours = network::ss58_decode(shape_.hotkey).value();
    if (chain_) chain_->change([&](network::ChainState& state) { state.deregister(ours); });
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (auto& validator = peers_[i].validator)
            validator->change([&](ValidatorState& state) { state.forget(shape_.hotkey); });
        watch_.forgot(i, virtual_time::world_time());
    }
}

void World::reregister() {
    registered_ = true;
    const auto ours = network::ss58_decode(shape_.hotkey).value();
    if (chain_) chain_->change([&](network::ChainState& state) { state.reregister(ours); });
    for (auto& peer : peers_)
        if (peer.validator)
            peer.validator->change([&](ValidatorState& state) { state.welcome(shape_.hotkey); });
}

// On the validator's thread, where its lie is set, too.
void World::twist(std::size_t number, network::ServerReply& reply) {
    const auto set = [&](const char* field, json::value value) {
        boost::system::error_code code;
        auto body = json::parse(reply.body, code);
        if (code || !body.is_object()) return;
        body.as_object()[field] = std::move(value);
        reply.body = json::serialize(body);
    };
    const auto grant = [&](Watch::Time wait) {
        watch_.grant(number, virtual_time::world_time(), wait);
    };
    switch (peers_[number].lie) {
        case Lie::longer:
            grant(20min);
            return set("cooldown_until", unix_seconds() + 1200);
        case Lie::for_ever:
            grant(24h);
            return set("cooldown_until", unix_seconds() + 10LL * 365 * 86'400);
        case Lie::before:
            return set("cooldown_until", unix_seconds() - 86'400);
        case Lie::year_ahead:
            std::erase_if(reply.headers, [](const auto& header) { return header.first == "date"; });
            reply.headers.emplace_back("date", network::http_date(unix_seconds() + 365 * 86'400));
            return;
        case Lie::types:
            set("task", "none");
            return set("cooldown_until", json::array{nullptr, "soon"});
        case Lie::unavailable:
            reply.status = 503;
            return;
        case Lie::elsewhere:
            reply.status = 301;
            reply.headers.emplace_back("location", "http://127.0.0.1:1/");
            return;
        case Lie::flood:
            reply.body.assign(kFlood, ' ');
            return;
        case Lie::headers:
            for (int i = 0; i < 4000; ++i)
                reply.headers.emplace_back("x-" + std::to_string(i), std::string(20, 'x'));
            return;
        case Lie::deep:
            reply.body.assign(1 << 20, '[');
            return;
        case Lie::count:
            return;
    }
}

}  // namespace endure
