#include "tests/endure/hostile_cost.hpp"

#include "network/http/client.hpp"
#include "network/simulator/chain_node.hpp"
#include "network/simulator/validator.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/endure/hostile_callers.hpp"
#include "tests/endure/hostile_chain.hpp"
#include "tests/endure/hostile_validators.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/plain_request.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/hostile.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace endure {
namespace {

using namespace std::chrono_literals;
using network::LocalValidator;
using tests::Process;
using tests::ProcessExit;

// At most one of them.
struct Attack {
    const ValidatorAttack* validator = nullptr;
    const ChainAttack* chain = nullptr;
    const CallerAttack* caller = nullptr;
};

struct Usage {
    long peak_kb = 0;
    double cpu_s = 0;
};

std::string read_file(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

Usage usage_of(pid_t process) {
    const auto of = "/proc/" + std::to_string(process);
    Usage usage;
    const auto status = read_file(of + "/status");
    if (const auto at = status.find("VmHWM:"); at != status.npos)
        usage.peak_kb = std::stol(status.substr(at + 6));
    const auto stat = read_file(of + "/stat");
    if (const auto name_end = stat.rfind(')'); name_end != stat.npos) {
        std::istringstream fields(stat.substr(name_end + 2));
        std::string field;
        constexpr int kUserTicks = 11;  // fields behind the name and before this one
        for (int i = 0; i < kUserTicks; ++i) fields >> field;
        long user = 0, system = 0;
        fields >> user >> system;
        usage.cpu_s = double(user + system) / double(::sysconf(_SC_CLK_TCK));
    }
    return usage;
}

std::unique_ptr<LocalValidator> honest(std::uint8_t number, std::vector<network::Task> tasks,
                                       const std::string& miner) {
    LocalValidator::Options options;
    options.tasks = std::move(tasks);
    options.time_scale = 0.0001;
    options.miners = {miner};
    return LocalValidator::start(
               tests::key_of(number),
               [](const network::Task&, const std::vector<std::uint8_t>&) {
                   return network::Evaluation{0.9, ""};
               },
               std::move(options))
        .value();
}

std::unique_ptr<network::ChainNode> chain_of(const std::string& miner) {
    network::LocalNeuron ours;
    ours.hotkey = network::ss58_decode(miner).value();
    network::ChainNode::Options options;
    options.block_time = 100ms;
    options.neurons = {ours};
    return network::ChainNode::start(std::move(options)).value();
}

// An application, and all whom it deals with.
class Life {
public:
    Life(const Attack& attack, bool in_peace) : attack_(attack), in_peace_(in_peace) {
        const auto miner = write_wallet(place_, recorded_key_file());
        if (serves()) {
            start({"serve", "--storage.path", place_.storage(), "--gate.min_gaussians", "3200",
                   "--gate.floor", "320", "--run.grace", "600"});
            return;
        }
        honest_ = honest(100, {image_task("a"), image_task("b")}, miner);
        behind_ = honest(101, {image_task("after")}, miner);
        hostile_ = std::make_unique<HostileValidator>(in_peace ? nullptr : attack.validator,
                                                      behind_->peer());
        auto words = mining_words(place_, {honest_->peer(), hostile_->peer()});
        if (attack.chain != nullptr) {
            chain_ = chain_of(miner);
            node_ = std::make_unique<HostileNode>(in_peace ? nullptr : attack.chain,
                                                  chain_->endpoint().port);
            for (auto& word : words)
                if (word.find('@') != word.npos) word.insert(0, "+");
            words.insert(words.end(), {"--subtensor.network", "local", "--subtensor.chain_endpoint",
                                       node_->url()});
        }
        words.insert(words.end(), {"--schedule.pull_timeout", "10", "--schedule.submit_timeout",
                                   "10", "--schedule.failure_delay", "1"});
        start(std::move(words));
    }

    ~Life() {
        let_go();
        process_.reset();
        if (attacker_.joinable()) attacker_.join();
    }

    // Nothing is left to be done but to end. Called again and again.
    bool done() {
        if (ended()) return true;
        if (port_ == 0 && !find_port()) return false;
        if (attack_.caller != nullptr && !in_peace_ && !moment_) begin_attack();
        if (!attacked()) return false;
        if (!looked_) look();
        return looked_ && worked();
    }
    bool ended() { return process_->wait(0ms).has_value(); }
    Usage usage() const { return usage_of(process_->pid()); }

    void finish(std::vector<std::string>& broken) {
        if (!looked_) broken.push_back("the page did not answer");
        if (!worked()) broken.push_back("honest peers were not served");
        if (port_ != 0 && !serves()) look_at_answers(broken);
        let_go();
        process_->signal(SIGTERM);
        const auto end = process_->wait(kPatience);
        if (end != ProcessExit{.code = 0})
            broken.push_back(!end ? "the miner hangs"
                                  : "the miner ended with code " + std::to_string(end->code) +
                                        ", signal " + std::to_string(end->signal));
        for (const auto& text : {process_->out(), process_->err(), log()})
            if (tests::steers(text)) broken.push_back("something steers a terminal");
        if (log().find("\n2026-01-01 ERROR forged") != std::string::npos)
            broken.push_back("a line of the log is forged");
    }

    // Turns that came to nothing with the hostile validator, as they are on record.
    int cooldowns() const {
        if (attack_.validator == nullptr) return 0;
        const tests::Outsider database(place_.storage() / "miner.db");
        const auto of = "address = '" + hostile_->peer().hotkey + "'";
        return int(database.number("SELECT failures FROM validators WHERE " + of) +
                   database.number("SELECT count(*) FROM tasks WHERE task_id = '" +
                                   std::string(kHostileTask) + "'"));
    }

private:
    bool serves() const { return attack_.caller != nullptr && attack_.caller->of_generate; }

    void start(std::vector<std::string> words) {
        words.insert(words.end(), {"--http.listen", "127.0.0.1:0"});
        process_.emplace(place_.subject(std::move(words)));
    }

    std::string log() const { return read_file(place_.storage() / "miner.log"); }

    bool find_port() {
        constexpr std::string_view kMark = "url=http://127.0.0.1:";
        const auto said = process_->err();
        const auto at = said.find(kMark);
        const auto end = said.find_first_not_of("0123456789", at + kMark.size());
        if (at == said.npos || end == said.npos) return false;
        if (said.find(" model ready ") == said.npos) return false;
        port_ = std::uint16_t(std::stoi(said.substr(at + kMark.size())));
        return true;
    }

    bool attacked() {
        if (in_peace_) return true;
        if (attack_.validator != nullptr) return hostile_->attacked();
        if (attack_.chain != nullptr) return node_->attacked();
        return in_place_.wait_for(0s) == std::future_status::ready;
    }

    void begin_attack() {
        moment_.emplace();
        moment_->over = over_.get_future();
        in_place_ = moment_->in_place.get_future();
        attacker_ = std::thread([this] { attack_.caller->attack(port_, *moment_); });
    }
    void let_go() {
        if (!let_go_) over_.set_value();
        let_go_ = true;
    }

    std::optional<network::HttpAnswer> ask(network::HttpRequest request) const {
        request.port = port_;
        network::HttpLimits limits;
        limits.read = kPatience;
        auto answer = tests::run(network::request(std::move(request), limits));
        return answer ? std::optional(std::move(*answer)) : std::nullopt;
    }
    std::optional<network::HttpAnswer> get(const std::string& target) const {
        return ask(tests::plain_request("GET", target));
    }

    void look() {
        const auto answer = get("/health");
        looked_ = answer && (answer->status == 200 || answer->status == 503);
        if (!looked_ || !serves()) return;
        auto call = tests::plain_request("POST", "/generate");
        const auto text = generate_call("prompt", {}, "a red chair");
        call.headers.emplace_back("content-type", "multipart/form-data; boundary=XX");
        call.body = text.substr(text.find("\r\n\r\n") + 4);
        const auto made = ask(std::move(call));
        called_ = made && made->status == 200 && !made->body.empty();
        looked_ = called_;
    }

    bool worked() const {
        if (serves()) return called_;
        return honest_->drained() && behind_->drained() &&
               (chain_ == nullptr || chain_->tally().metagraphs > 0);
    }

    void look_at_answers(std::vector<std::string>& broken) const {
        for (const char* target : {"/api/now", "/api/tasks", "/api/stats", "/metrics", "/"}) {
            const auto answer = get(target);
            if (!answer || answer->status != 200)
                broken.push_back(std::string("no answer to ") + target);
            else if (tests::steers(answer->body))
                broken.push_back(std::string(target) + " would steer a reader");
        }
    }

    Attack attack_;
    bool in_peace_;
    Place place_;
    std::unique_ptr<LocalValidator> honest_, behind_;
    std::unique_ptr<HostileValidator> hostile_;
    std::unique_ptr<network::ChainNode> chain_;
    std::unique_ptr<HostileNode> node_;
    std::optional<Process> process_;
    std::uint16_t port_ = 0;
    std::optional<Moment> moment_;
    std::promise<void> over_;
    std::future<void> in_place_;
    std::thread attacker_;
    bool let_go_ = false, looked_ = false, called_ = false;
};

void hold_limits(const Attack& attack, Cost& cost) {
    const bool of_node = attack.chain != nullptr;
    if (cost.memory_kb > (of_node ? kMostMemoryOfNode_kb : kMostMemory_kb))
        cost.broken.push_back(std::to_string(cost.memory_kb >> 10) + " MiB");
    if (cost.cpu_s > kMostCpu_s) cost.broken.push_back(std::to_string(cost.cpu_s) + " s of a core");
    if (cost.cooldowns > kMostCooldowns)
        cost.broken.push_back(std::to_string(cost.cooldowns) + " cool-downs");
}

Cost cost_of(const std::string& name, const Attack& attack) try {
    Cost cost{.attack = name};
    Life peace(attack, true), attacked(attack, false);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < until) {
        const bool both = peace.done() & attacked.done();
        if (both || peace.ended() || attacked.ended()) break;
        std::this_thread::sleep_for(5ms);
    }
    const auto quiet = peace.usage(), loud = attacked.usage();
    cost.memory_kb = std::max(0L, loud.peak_kb - quiet.peak_kb);
    cost.cpu_s = std::max(0.0, loud.cpu_s - quiet.cpu_s);
    peace.finish(cost.broken);
    for (auto& words : cost.broken) words += " (in peace)";
    attacked.finish(cost.broken);
    cost.cooldowns = attacked.cooldowns();
    hold_limits(attack, cost);
    return cost;
} catch (const std::exception& error) {
    return {.attack = name, .broken = {error.what()}};
}

// Whatever `look` is told, name and attack, until it says that it has seen enough.
template <class Look>
void each_attack(Look look) {
    static const auto validators = validator_attacks();
    static const auto nodes = chain_attacks();
    static const auto callers = caller_attacks();
    for (const auto& one : validators)
        if (look("validator: " + one.name, Attack{.validator = &one})) return;
    for (const auto& one : nodes)
        if (look("chain: " + one.name, Attack{.chain = &one})) return;
    for (const auto& one : callers)
        if (look((one.of_generate ? "generate: " : "page: ") + one.name, Attack{.caller = &one}))
            return;
}

}  // namespace

std::vector<std::string> attacks() {
    std::vector<std::string> names;
    each_attack([&](std::string name, const Attack&) {
        names.push_back(std::move(name));
        return false;
    });
    return names;
}

Cost cost_of(const std::string& attack) {
    Cost cost{.attack = attack, .broken = {"no such attack"}};
    each_attack([&](const std::string& name, const Attack& one) {
        if (name != attack) return false;
        cost = cost_of(name, one);
        return true;
    });
    return cost;
}

}  // namespace endure
