#include "miner/host.hpp"

#include "miner/generation/no_model.hpp"
#include "miner/runtime/signals.hpp"
#include "network/subnet/dendrite.hpp"
#include "storage/errc.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstdlib>

namespace miner {

Host::Host(const config::Settings& settings, config::Logger& log) : settings_(settings), log_(log) {
    take_signals(signals_);
}

ExitCode Host::cannot_start(const config::Error& error, std::string_view remedy,
                            ExitCode code) const {
    if (remedy.empty())
        log_.error("cannot start", {{"error", error.message()}});
    else
        log_.error("cannot start", {{"error", error.message()}, {"remedy", remedy}});
    return code;
}

std::optional<ExitCode> Host::open_backends(MakePredictor make_predictor, Pictures pictures) {
    auto generation_config = read_generation_config(settings_, pictures);
    if (!generation_config) return cannot_start(generation_config.error(), "", ExitCode::usage);
    auto backends = BackendPool::build(lanes_, log_, settings_.generator);
    if (!backends)
        return cannot_start(backends.error(), "see generator.remote in `miner config --print`",
                            ExitCode::usage);
    backends_ = std::move(*backends);
    backends_->on_stuck([this](const std::string& device) { end_stuck(device); }, device_patience_);
    make_predictor_ = std::move(make_predictor);
    const bool predicts =
        make_predictor_.scorer && !settings_.score.model.empty() && settings_.candidates.most > 1;
    if (predicts) {
        predictor_.emplace(io_.get_executor());
        predictor_->on_stuck([this] { end_stuck(settings_.score.device); }, device_patience_);
        predictor_->on_device_lost([this](const config::Error& error) { scorer_was_lost(error); });
    }
    production_.emplace(lanes_, *backends_, log_, std::move(*generation_config),
                        predicts ? &*predictor_ : nullptr);
    production_->on_memory([this](MemoryWatch::Step step) { tell_memory(step); });
    if (status_server_) show_backends(*status_server_, *backends_);
    return std::nullopt;
}

std::optional<ExitCode> Host::open_status_server(StatusServer::Options options) {
    mines_ = options.mining;
    auto opened = StatusServer::open(io_, std::move(options));
    if (!opened) {
        namespace errc = boost::system::errc;
        const auto& code = opened.error().code;
        if (code == errc::device_or_resource_busy)
            return cannot_start(opened.error(), "see http.signed in `miner config --print`",
                                ExitCode::another_instance);
        if (code.category() == storage::error_category())
            return cannot_start(opened.error(), "", ExitCode::storage);
        // A network that comes up later than the miner, a process that has yet to leave the port.
        const bool may_pass = code == errc::address_not_available || code == errc::address_in_use;
        return cannot_start(opened.error(), "see http.listen in `miner config --print`",
                            may_pass ? ExitCode::unavailable : ExitCode::usage);
    }
    status_server_ = std::move(*opened);
    log_.add(status_server_->log_sink());
    if (backends_) show_backends(*status_server_, *backends_);
    return std::nullopt;
}

// What is kept is fit for it at any moment, as it is for a kill -9.
void Host::end_stuck(const std::string& device) {
    log_.error("device does not answer",
               {{"device", device},
                {"hint",
                 "a call of it does not return: the process ends, so that whoever started "
                 "it starts it anew"},
                {"remedy",
                 "where it comes again, see the driver's messages (dmesg), the GPU's "
                 "temperature and its power supply"}});
    log_.flush();
    std::_Exit(int(ExitCode::device_lost));
}

// What is at hand is made and sent as without a scorer: the generator's device may be another one.
void Host::scorer_was_lost(const config::Error& error) {
    device_was_lost();
    log_.error("scorer lost",
               {{"device", settings_.score.device},
                {"error", error.message()},
                {"hint",
                 "the process ends once the tasks at hand have their results, so that whoever "
                 "started it starts it anew"},
                {"remedy",
                 "where it comes again, see the driver's messages (dmesg), the GPU's temperature "
                 "and its power supply"}});
    tell_stopping();
    stop_.ask();
}

void Host::tell_ready() {
    const auto model = backends_->info();
    if (status_server_) status_server_->state().model_ready(model);
    service_.ready(model.name);
    log_.info("model ready", {{"model", model.name},
                              {"device", model.device},
                              {"dtype", model.dtype},
                              {"parameters", model.parameters},
                              {"choice", model.device_choice}});
    if (!model.unused_gpu.empty()) log_.warn("GPU not used", {{"remedy", model.unused_gpu}});
}

// Who serves stays ready: without calls it would never learn that memory suffices again.
void Host::tell_memory(MemoryWatch::Step step) {
    if (!status_server_) return;
    auto& state = status_server_->state();
    using Step = MemoryWatch::Step;
    if (step == Step::no_candidates) {
        state.noted(
            "candidates are off, as GPU memory ran out in several tasks in a row: see score.device "
            "and generator.dtype, then start anew");
    } else if (mines_) {
        const auto* const why =
            "GPU memory ran out in several tasks in a row: see generator.dtype and "
            "generator.device, and what else runs on the GPU";
        state.hindered("memory", {step == Step::complain ? why : "", ""});
    }
}

void Host::tell_stopping() {
    service_.stopping();
    if (status_server_) status_server_->state().draining();
}

// So that io runs dry.
void Host::end() {
    stop_.ask();
    signals_.cancel();
    service_.end();
    if (status_server_) status_server_->stop();
}

asio::awaitable<void> Host::load_and(const MakeGenerator& make_generator,
                                     std::function<asio::awaitable<void>()> work) {
    const auto loaded = co_await backends_->load(make_generator, Start::warm);
    if (!loaded) {
        no_model_ = loaded.error();
        co_return;
    }
    if (predictor_ && !stop_.asked()) co_await load_predictor();
    if (!stop_.asked()) {
        tell_ready();
        co_await work();
    }
    co_await backends_->unload();
    if (predictor_) co_await predictor_->unload();
}

// Without it the miner mines as if there were none: an hour without income costs more.
asio::awaitable<void> Host::load_predictor() {
    const auto loaded = co_await predictor_->load(make_predictor_, settings_.score);
    if (loaded) {
        log_.info("scores are predicted", {{"scorer", predictor_->name()}});
        co_return;
    }
    log_.error("scores are not predicted",
               {{"error", loaded.error().message()},
                {"hint", "results are submitted as the gate lets them pass, without candidates"},
                {"remedy",
                 "see score.model and score.device in `miner config --print`; `miner "
                 "weights verify` looks at fetched ones"}});
}

ExitCode Host::run(const MakeGenerator& make_generator,
                   std::function<asio::awaitable<void>()> work) {
    asio::co_spawn(io_,
                   watch_signals(signals_, stop_, settings_.run.grace, log_,
                                 {.first = [this] { tell_stopping(); }}),
                   asio::detached);
    asio::co_spawn(io_, load_and(make_generator, std::move(work)),
                   [this](std::exception_ptr error) {
                       failure_ = error;
                       end();
                   });
    if (status_server_) asio::co_spawn(io_, status_server_->run(), asio::detached);
    io_.run();
    if (no_model_) {
        const auto code = exit_code_without_model(*no_model_, settings_.generator);
        const bool disk = code == ExitCode::storage;
        return cannot_start(
            *no_model_,
            disk ? "" : "see generator.model and generator.device in `miner config --print`", code);
    }
    if (failure_) std::rethrow_exception(failure_);
    log_.info("stopped", {});
    return device_lost_ ? ExitCode::device_lost : ExitCode::ok;
}

}  // namespace miner
