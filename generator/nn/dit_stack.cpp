#include "generator/nn/dit_stack.hpp"

#include "generator/kernels/attend_planned.hpp"

#include <utility>

#include <ATen/ATen.h>

namespace generator {

DitStack::DitStack(const Scope& scope, const BlockSize& size, std::int64_t blocks)
    : device_(scope.device()),
      dtype_(scope.dtype()),
      size_(size),
      t_embedder_(scope / "t_embedder", size.channels) {
    for (std::int64_t i = 0; i < blocks; ++i) blocks_.emplace_back(scope / "blocks" / i, size);
}

std::shared_ptr<const DitStack::Schedule> DitStack::schedule(
    const std::vector<double>& times) const {
    if (last_schedule_ && times == last_times_) return last_schedule_;
    std::vector<float> thousandths;
    for (const double t : times) thousandths.push_back(float(1000 * t));
    const auto t = at::tensor(at::ArrayRef<float>(thousandths), at::kFloat).to(device_);
    auto made = std::make_shared<Schedule>();
    made->time_embeddings = t_embedder_(t);
    for (const auto& block : blocks_)
        made->modulations.push_back(block.modulations(made->time_embeddings));
    last_times_ = times;
    return last_schedule_ = std::move(made);
}

DitStack::Plan DitStack::plan(const std::vector<double>& times,
                              const std::vector<at::Tensor>& conditions,
                              std::int64_t tokens) const {
    Plan plan{schedule(times), {}, pad(tokens)};
    for (const auto& block : blocks_) {
        auto& memories = plan.memories.emplace_back();
        for (const auto& condition : conditions) memories.push_back(block.remember(condition));
    }
    return plan;
}

PaddedSequence DitStack::pad(std::int64_t tokens) const {
    if (size_.lengths == Lengths::fixed) return {tokens, tokens, {}};
    return pad_sequence(tokens, device_, dtype_, size_.channels / size_.heads);
}

void DitStack::prepare(std::int64_t condition_tokens) const {
    if (pad(1))
        make_plans({.device = device_,
                    .type = dtype_,
                    .heads = size_.heads,
                    .width = size_.channels / size_.heads,
                    .condition_rows = condition_tokens});
}

at::Tensor DitStack::operator()(at::Tensor x, const Plan& plan, std::size_t step,
                                std::size_t branches) const {
    const auto& tokens = plan.tokens;
    x = x.to(dtype_);
    if (tokens) x = at::constant_pad_nd(x, {0, 0, 0, tokens.size - tokens.rows});
    at::Tensor normed;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        const auto& modulation = plan.schedule->modulations[i][step];
        if (i == 0) normed = DitBlock::enter(x, modulation);
        normed = blocks_[i].self_attend(x, normed, modulation, tokens);
        if (i == 0 && branches > 1) {
            x = x.repeat({std::int64_t(branches), 1, 1});
            normed = normed.repeat({std::int64_t(branches), 1, 1});
        }
        const auto first = plan.memories[i].begin();
        const auto* next =
            i + 1 < blocks_.size() ? &plan.schedule->modulations[i + 1][step] : nullptr;
        normed = blocks_[i].cross_attend_and_feed(
            x, normed, modulation, {first, first + std::ptrdiff_t(branches)}, tokens, next);
    }
    return tokens ? x.narrow(1, 0, tokens.rows) : x;
}

}  // namespace generator
