// A production whose GPU runs out of memory: what is told, where a task goes then, and what is
// given up.
#include "generator/errc.hpp"
#include "miner/generation/production.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace miner {

void Production::watch_memory(const asio::any_io_executor& io, const GenerationResult& result,
                              bool with_candidates) {
    if (unload_failure_) std::rethrow_exception(std::exchange(unload_failure_, nullptr));
    using Step = MemoryWatch::Step;
    const auto& ran_out_at = result.ran_out_at;
    // Where the task ended tells whether there is room for candidates; so does a device that it has
    // left, where their scorer is.
    bool no_candidates = false;
    for (const auto& backend : ran_out_at) {
        if (backend == result.backend) continue;
        const bool has_scorer = with_candidates && predictor_->where() == backend;
        const auto step = memory_watch_.ended(backend, true, false, has_scorer);
        tell_memory(backend, step);
        no_candidates = no_candidates || step == Step::no_candidates;
    }
    const auto step = memory_watch_.ended(result.backend, ran_out_at.count(result.backend) > 0,
                                          result.has_splats(), with_candidates);
    tell_memory(result.backend, step);
    // Of several devices one that has room will do.
    const bool starves =
        !result.has_splats() && result.ran_out_of_memory() &&
        std::all_of(ran_out_at.begin(), ran_out_at.end(),
                    [&](const auto& backend) { return memory_watch_.is_short(backend); });
    const bool changes = starves ? !starves_ : starves_ && result.has_splats();
    if (changes) {
        starves_ = starves;
        if (told_memory_) told_memory_(starves ? Step::complain : Step::relieved);
    }
    if (no_candidates || step == Step::no_candidates) give_up_candidates(io);
}

// Others may still be asking the predictor: what they ask fails, and changes nothing. The result
// does not wait for what its lane is at; whoever unloads it in the end does.
void Production::give_up_candidates(const asio::any_io_executor& io) {
    if (candidates_off_) return;
    candidates_off_ = true;
    log_.error("candidates are off",
               {{"error", "GPU memory ran out in several tasks in a row"},
                {"hint", "results are submitted as the gate lets them pass"},
                {"remedy",
                 "score.device = cpu or another GPU, or generator.dtype = fp16 or bf16; then start "
                 "anew"}});
    if (told_memory_) told_memory_(MemoryWatch::Step::no_candidates);
    asio::co_spawn(io, predictor_->unload(),
                   [this](std::exception_ptr failure) { unload_failure_ = failure; });
}

void Production::tell_memory(const std::string& backend, MemoryWatch::Step step) const {
    if (step == MemoryWatch::Step::complain)
        log_.error("memory does not suffice",
                   {{"device", backend},
                    {"error", "GPU memory ran out in several tasks in a row"},
                    {"remedy",
                     "generator.dtype = fp16 or bf16, another generator.device, or end "
                     "what else runs on the GPU (nvidia-smi names it)"}});
    if (step == MemoryWatch::Step::relieved)
        log_.info("memory suffices again", {{"device", backend}});
}

// Notes it, where that is what failed.
void Production::ran_out(GenerationResult& result, const config::Error& error,
                         const RoutedRequest& routed) const {
    if (error.code != generator::Errc::out_of_memory) return;
    result.ran_out_at.insert(result.backend);
    log_.warn("out of memory",
              {{"task", routed.watch.task},
               {"device", result.backend},
               {"error", error.message()},
               {"hint", "mining goes on; see generator.dtype, score.device and `miner check`"}});
}

// Whether memory ran out, and a backend that has not had the request may have room.
bool Production::goes_elsewhere(const config::Error& error, const RoutedRequest& routed) const {
    if (error.code != generator::Errc::out_of_memory || routed.stop.stop_requested()) return false;
    const auto* other = pool_.awaited(routed.request, routed.given, routed.here_only);
    return other && other->able();  // one that is full for long is not worth leaving this one for
}

}  // namespace miner
