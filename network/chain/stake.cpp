#include "network/chain/stake.hpp"

#include "network/chain/scale.hpp"

#include <algorithm>
#include <limits>

namespace network {
namespace {

constexpr auto kWhole = std::numeric_limits<std::uint64_t>::max();

std::uint64_t share(std::uint64_t amount, std::uint64_t proportion) {
    return std::uint64_t(Uint128(amount) * proportion / kWhole);
}

// One of the two books, `part`.
std::uint64_t inherited(const Holding& own, const std::vector<std::uint64_t>& children,
                        const std::vector<Lender>& parents, std::uint64_t Holding::*part) {
    Int128 sum = own.*part;
    for (const auto proportion : children) sum -= share(own.*part, proportion);
    for (const auto& parent : parents) sum += share(parent.holding.*part, parent.proportion);
    return std::uint64_t(std::clamp<Int128>(sum, 0, kWhole));
}

}  // namespace

std::uint64_t total_stake(const Holding& own, const std::vector<std::uint64_t>& children,
                          const std::vector<Lender>& parents, std::uint64_t tao_weight) {
    const auto alpha = inherited(own, children, parents, &Holding::alpha);
    const auto root = inherited(own, children, parents, &Holding::root);
    const Uint128 total = Uint128(alpha) + share(root, tao_weight);
    return std::uint64_t(std::min<Uint128>(total, kWhole));
}

}  // namespace network
