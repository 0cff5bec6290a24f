// What mining and serving stand on, in the order in which it is built: the io loop with its lanes,
// stopping by signal, word to the service manager, the status server, and the backends that
// generate. A composition root opens what it needs, hands its own work to run(), and is taken down
// in reverse.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/generation/backend_pool.hpp"
#include "miner/generation/device.hpp"
#include "miner/generation/predictor.hpp"
#include "miner/generation/production.hpp"
#include "miner/runtime/exit_code.hpp"
#include "miner/runtime/lanes.hpp"
#include "miner/runtime/service.hpp"
#include "miner/runtime/stop.hpp"
#include "miner/server/status_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace miner {

class Host {
public:
    // From here on a signal is an orderly stop, even while a model loads. Both outlive the host.
    Host(const config::Settings& settings, config::Logger& log);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // The generation config, the devices and the miners that generator.remote names; nothing is
    // loaded yet.
    // Empty when it went well; otherwise the log says why not, and this is what to exit with.
    // make_predictor: what predicts scores, where the settings name it; empty: nothing does.
    std::optional<ExitCode> open_backends(MakePredictor make_predictor = {},
                                          Pictures pictures = Pictures::of_others);

    // Answers from run() on, while the model still loads; its log tail hears the log from now on.
    // As open_backends().
    std::optional<ExitCode> open_status_server(StatusServer::Options options);

    // Loads the models, does `work`, unloads them; when stopping is asked for before they are
    // loaded, there is no work. Returns when everything has ended, with what to exit with; what
    // `work` throws is thrown on.
    ExitCode run(const MakeGenerator& make_generator, std::function<asio::awaitable<void>()> work);

    // Tells the log why, and what to do about it where the error does not; `code`, to exit with.
    ExitCode cannot_start(const config::Error& error, std::string_view remedy, ExitCode code) const;

    // The process is to end with the code that has it started anew.
    void device_was_lost() { device_lost_ = true; }
    // How long a device may take to hear that it is to stop, where that is not the usual time.
    // Before open_backends(). One that takes longer ends the process on the spot, with that code:
    // the thread that waits for it cannot be joined.
    void device_patience(std::optional<std::chrono::milliseconds> patience) {
        device_patience_ = patience;
    }

    asio::io_context& io() { return io_; }
    Lanes& lanes() { return lanes_; }
    Stop& stop() { return stop_; }
    StatusServer* status_server() { return status_server_.get(); }  // null: not opened
    BackendPool& backends() { return *backends_; }                  // once opened, as the next
    Production& production() { return *production_; }
    bool makes_candidates() const { return predictor_ && predictor_->loaded(); }
    // Null: nothing predicts scores.
    Predictor* predictor() { return makes_candidates() ? &*predictor_ : nullptr; }

private:
    asio::awaitable<void> load_and(const MakeGenerator& make_generator,
                                   std::function<asio::awaitable<void>()> work);
    asio::awaitable<void> load_predictor();
    [[noreturn]] void end_stuck(const std::string& device);
    void scorer_was_lost(const config::Error& error);
    void tell_ready();
    void tell_memory(MemoryWatch::Step step);
    void tell_stopping();
    void end();

    const config::Settings& settings_;
    config::Logger& log_;
    asio::io_context io_{1};
    Lanes lanes_;
    Stop stop_{io_.get_executor()};
    asio::signal_set signals_{io_};
    Service service_{io_.get_executor()};
    std::unique_ptr<StatusServer> status_server_;
    bool mines_ = true;  // or serves whoever calls
    std::unique_ptr<BackendPool> backends_;
    MakePredictor make_predictor_;
    std::optional<Predictor> predictor_;  // where candidates are made
    std::optional<Production> production_;
    std::optional<config::Error> no_model_;
    std::exception_ptr failure_;
    bool device_lost_ = false;
    std::optional<std::chrono::milliseconds> device_patience_;
};

}  // namespace miner
