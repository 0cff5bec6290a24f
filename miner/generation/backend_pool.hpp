// All backends of a miner: the devices of this machine and the miners that generator.remote names,
// or the load balancers before them. Hands each request to the one with the least to do. Lives on
// io.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/generation/local_backend.hpp"
#include "miner/generation/remote_backend.hpp"
#include "miner/runtime/stop.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace miner {

class BackendPool {
public:
    enum class Extent {
        all,
        one,  // a single device will do; remote ones only where there is none
    };

    // Nothing is loaded or asked yet. Fails with network::Errc::malformed for an address in
    // generator.remote that is none.
    static config::Result<std::unique_ptr<BackendPool>> build(Lanes& lanes, config::Logger& log,
                                                              const config::Generator& settings,
                                                              Extent extent = Extent::all);

    // Makes every device's generator, at once, and asks every remote backend how it is. Fails as
    // make_generator does; then nothing is loaded.
    asio::awaitable<config::Result<void>> load(const MakeGenerator& make_generator,
                                               Start start = Start::cold);
    // Hands out no request any more, waits for those that are out, which whoever gave them has told
    // to stop, takes the generators down, and asks remote backends nothing any more.
    asio::awaitable<void> unload();

    // Told when a device of this machine does not come back: its lane can neither be used nor
    // joined any more. See LocalBackend::on_stuck.
    void on_stuck(const std::function<void(const std::string& device)>& told,
                  std::optional<std::chrono::milliseconds> patience = {});

    // Asks the remote backends for their health now and then, until stopping is asked for.
    asio::awaitable<void> watch(Stop& stop);

    // The backend to give `request` to: there, taking such, none of `excluded`, with room for it,
    // and with the least to do for what it makes at once; of equals the first, devices before
    // remote ones. What nobody takes goes to any, who will say why not. Null: there is none.
    Backend* pick(const GenerationRequest& request, const std::set<const Backend*>& excluded,
                  bool here_only) const;
    // The one that it would be if all had room, which is worth waiting for; null: there is none.
    Backend* awaited(const GenerationRequest& request, const std::set<const Backend*>& excluded,
                     bool here_only) const;

    // Requests that all of them make at once, as far as is known: of remote ones it changes.
    std::size_t places() const;
    std::size_t devices() const { return devices_.size(); }
    // Goes up whenever a backend may have room again, or more or fewer places.
    std::uint64_t version() const { return version_; }
    // Returns when it has gone on from `seen`, and at `until`, with what it is then.
    asio::awaitable<std::uint64_t> changed(std::uint64_t seen,
                                           network::Event::Time until = network::Event::kNever);

    // Whether anything more can be made just now.
    bool able() const;
    // Whether one of its tasks may take minutes: a device is a CPU, or there is none, and nobody
    // knows what others have. After load().
    bool may_take_minutes() const;
    // What any backend takes, as far as is known, whether it is able or not.
    bool takes_pictures() const;
    bool takes_prompts() const;

    // All; devices first.
    std::vector<const Backend*> backends() const;

    // Of the devices, which all have the same model; after load().
    generator::ModelInfo info() const;

private:
    BackendPool() = default;

    asio::awaitable<bool> check();  // all remote ones; true
    Backend* best(const GenerationRequest& request, const std::set<const Backend*>& excluded,
                  bool here_only, bool with_room) const;

    config::Generator settings_;
    bool closed_ = false;
    std::uint64_t version_ = 0;
    std::optional<network::Event> change_;  // since somebody waits
    std::vector<std::unique_ptr<LocalBackend>> devices_;
    std::vector<std::unique_ptr<RemoteBackend>> remotes_;
};

}  // namespace miner
