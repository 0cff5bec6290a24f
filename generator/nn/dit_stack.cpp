#include "generator/nn/dit_stack.hpp"

#include <ATen/ATen.h>

namespace generator {

DitStack::DitStack(const Scope& scope, const BlockSize& size, std::int64_t blocks)
    : device_(scope.device()),
      dtype_(scope.dtype()),
      t_embedder_(scope / "t_embedder", size.channels) {
    for (std::int64_t i = 0; i < blocks; ++i) blocks_.emplace_back(scope / "blocks" / i, size);
}

DitStack::Plan DitStack::plan(const std::vector<double>& times,
                              const std::vector<at::Tensor>& conditions) const {
    std::vector<float> thousandths;
    for (const double t : times) thousandths.push_back(float(1000 * t));
    const auto t = at::tensor(at::ArrayRef<float>(thousandths), at::kFloat).to(device_);
    Plan plan{t_embedder_(t), {}, {}};
    for (const auto& block : blocks_) {
        plan.modulations.push_back(block.modulations(plan.time_embeddings));
        auto& memories = plan.memories.emplace_back();
        for (const auto& condition : conditions) memories.push_back(block.remember(condition));
    }
    return plan;
}

at::Tensor DitStack::operator()(at::Tensor x, const Plan& plan, std::size_t step,
                                std::size_t branches) const {
    x = x.to(dtype_);
    at::Tensor normed;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        const auto& modulation = plan.modulations[i][step];
        if (i == 0) normed = DitBlock::enter(x, modulation);
        normed = blocks_[i].self_attend(x, normed, modulation);
        if (i == 0 && branches > 1) {
            x = x.repeat({std::int64_t(branches), 1, 1});
            normed = normed.repeat({std::int64_t(branches), 1, 1});
        }
        const auto first = plan.memories[i].begin();
        const auto* next = i + 1 < blocks_.size() ? &plan.modulations[i + 1][step] : nullptr;
        normed = blocks_[i].cross_attend_and_feed(x, normed, modulation,
                                                  {first, first + std::ptrdiff_t(branches)}, next);
    }
    return x;
}

}  // namespace generator
