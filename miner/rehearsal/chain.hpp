// The rehearsal's chain: a local node that knows the rehearsal's validators and hotkeys, and brings
// the faults that were asked for, one after the other, in the order of the setting (FaultPlan says
// when).
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/rehearsal/fault_plan.hpp"
#include "network/simulator/chain_node.hpp"
#include "network/simulator/validator.hpp"
#include "network/wallet/keypair.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace miner {

// Names of settings.rehearse.faults that are the chain's, not the validators'.
inline constexpr std::array<std::string_view, 5> kChainFaults{"deregister", "disconnect", "stall",
                                                              "upgrade", "move"};
bool is_chain_fault(std::string_view name);

class RehearsalChain {
public:
    struct Cast {
        std::span<const network::PublicKey> hotkeys;
        std::span<const std::unique_ptr<network::LocalValidator>> validators;
    };

    // Listens at once. The validators have ten times the stake that the schedule asks for. They and
    // the logger must outlive it. Fails with network errors.
    static config::Result<std::unique_ptr<RehearsalChain>> start(const config::Settings& settings,
                                                                 Cast cast, config::Logger& log);

    std::string url() const { return node_->endpoint().url(); }
    // All were brought, and the miner has read the chain since. Any thread.
    bool faults_done() const { return done_; }

private:
    RehearsalChain(std::unique_ptr<network::ChainNode> node, Cast cast, config::Logger& log);

    void bring(FaultPlan plan, const std::stop_token& stop);
    Asked asked() const;
    void begin(std::string_view fault);
    void end(std::string_view fault);

    std::unique_ptr<network::ChainNode> node_;
    std::vector<network::PublicKey> hotkeys_;
    std::span<const std::unique_ptr<network::LocalValidator>> validators_;
    config::Logger& log_;
    std::atomic<bool> done_ = false;
    std::jthread thread_;
};

}  // namespace miner
