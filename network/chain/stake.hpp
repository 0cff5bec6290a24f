// What a hotkey weighs on a subnet, from the chain's books. Pure; any thread.
// Source: opentensor/subtensor, pallets/subtensor/src/staking/stake_utils.rs,
// get_stake_weights_for_hotkey_on_subnet.
#pragma once

#include <cstdint>
#include <vector>

namespace network {

// In rao.
struct Holding {
    std::uint64_t alpha = 0;  // on the subnet
    std::uint64_t root = 0;   // on the root subnet
};

// One whom a hotkey's stake counts for in part: `proportion` of 2^64 - 1.
struct Lender {
    std::uint64_t proportion = 0;
    Holding holding;
};

// alpha + tao_weight of root, each less what counts for children and more what parents lend;
// `children` and `tao_weight` are of 2^64 - 1. Within one rao of the chain's own fixed-point sum
// for each of those parts.
std::uint64_t total_stake(const Holding& own, const std::vector<std::uint64_t>& children,
                          const std::vector<Lender>& parents, std::uint64_t tao_weight);

}  // namespace network
