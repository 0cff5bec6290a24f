#include "miner/rehearsal/judge.hpp"

#include "generator/splat/health.hpp"
#include "generator/splat/spz.hpp"

#include <algorithm>

namespace miner {

network::Verdict judge_spz(std::span<const std::uint8_t> spz, std::int64_t gate) {
    const auto splats = generator::read_spz_as_validator(spz);
    if (!splats) return {0, splats.error().message()};
    if (const auto objections = generator::validator_objections(*splats); !objections.empty())
        return {0, objections.front()};
    const double density =
        std::min(1.0, double(splats->size()) / double(std::max<std::int64_t>(gate, 1)));
    return {density * density * (1 - generator::measure(*splats).invisible), ""};
}

}  // namespace miner
