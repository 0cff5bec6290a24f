// A production whose GPU runs out of memory: what is told, and what is given up.
#include "generator/errc.hpp"
#include "miner/generation/production.hpp"

namespace miner {

// Others may still be asking the predictor: what they ask fails, and changes nothing.
asio::awaitable<void> Production::watch_memory(const GenerationResult& result,
                                               bool with_candidates) {
    const auto step =
        memory_watch_.ended(result.ran_out_of_memory, result.has_splats(), with_candidates);
    if (step == MemoryWatch::Step::none) co_return;
    if (step == MemoryWatch::Step::no_candidates) {
        if (candidates_off_) co_return;
        candidates_off_ = true;
        log_.error("candidates are off",
                   {{"error", "GPU memory ran out in several tasks in a row"},
                    {"hint", "results are submitted as the gate lets them pass"},
                    {"remedy",
                     "score.device = cpu or another GPU, or generator.dtype = fp16 or "
                     "bf16; then start anew"}});
        if (told_memory_) told_memory_(step);
        co_await predictor_->unload();
        co_return;
    }
    if (step == MemoryWatch::Step::complain)
        log_.error("memory does not suffice",
                   {{"error", "GPU memory ran out in several tasks in a row"},
                    {"remedy",
                     "generator.dtype = fp16 or bf16, another generator.device, or end "
                     "what else runs on the GPU (nvidia-smi names it)"}});
    else
        log_.info("memory suffices again", {});
    if (told_memory_) told_memory_(step);
}

// Notes it, where that is what failed.
void Production::ran_out(GenerationResult& result, const config::Error& error,
                         const RoutedRequest& routed) const {
    if (error.code != generator::Errc::out_of_memory) return;
    result.ran_out_of_memory = true;
    log_.warn("out of memory",
              {{"task", routed.watch.task},
               {"error", error.message()},
               {"hint", "mining goes on; see generator.dtype, score.device and `miner check`"}});
}

}  // namespace miner
