// A backend makes splats: a device of this machine, or another miner. Lives on io.
#pragma once

#include "generator/generator.hpp"
#include "miner/generation/generation_config.hpp"
#include "miner/generation/generation_request.hpp"
#include "miner/generation/precedence.hpp"
#include "miner/runtime/lanes.hpp"
#include "network/event.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace miner {

// One request at one backend, from which any number of attempts are made, one after the other. It
// dies before its backend, and after its structures are done with.
class GenerationRun {
public:
    struct Input {
        const GenerationRequest& request;  // these two outlive the run
        const GenerationConfig& generation_config;
        std::function<void(std::string_view stage)> stage = {};  // one begins; may be empty
        bool with_candidates = false;  // attempts with each enhancement will probably follow
    };

    struct StructureResult {
        generator::StageTimes times;
        std::unique_ptr<generator::Structure> structure;  // null: `error` tells why
        config::Error error;
        bool lost = false;  // the backend failed, not the run: another may do it
        bool full = false;  // lost, and nothing is wrong: it has no room just now
    };

    struct SplatsResult {
        generator::GeneratedSplats generated;  // empty: `error` tells why
        config::Error error;
        bool lost = false, full = false;  // as above
    };

    virtual ~GenerationRun() = default;

    // Decodes pictures. Fails as generator::decode does.
    virtual asio::awaitable<config::Result<void>> read() = 0;

    // Leaves of each picture its object alone, when the config wants it. Tries once more where
    // memory ran out. Fails as Generator::cut_out does; a picture without an object remains whole,
    // those beside it are cut out all the same, unless they must all be, and of several the error
    // names it.
    virtual asio::awaitable<config::Result<void>> cut_out() = 0;

    // A picture is enhanced as the config has it for `chain`. Both fail with Errc::cancelled soon
    // after `stop` fires, which must happen on io.
    virtual asio::awaitable<StructureResult> generate_structure(storage::EnhancementChain chain,
                                                                std::uint64_t seed,
                                                                std::stop_token stop) = 0;

    // `structure` is of this run.
    virtual asio::awaitable<SplatsResult> generate_splats(const generator::Structure& structure,
                                                          std::stop_token stop) = 0;
};

class Backend {
public:
    Backend() {
        precedence_.on_rest([this] { tell_change(); });
    }
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;

    virtual const std::string& name() const = 0;  // "cuda:0", "http://gpu1:10006"
    // What its model runs on, as far as is known: "cuda:0" also where `name` is "auto".
    virtual std::string where() const { return name(); }
    virtual bool able() const = 0;  // to do more than it has been given, just now
    // Whether what was taken on already may be given to it, or wait for room there.
    virtual bool is_there() const { return able(); }
    virtual bool is_remote() const = 0;
    // Requests that it makes at once; may change.
    virtual std::size_t places() const { return 1; }
    // Whether one more may be given to it just now, where it is able.
    virtual bool has_room() const { return true; }
    // Whether it computes elsewhere than on this machine's cores, so that these may do something
    // else meanwhile.
    virtual bool leaves_cores_free() const { return true; }

    // What its model takes, as far as is known.
    virtual bool takes_pictures() const = 0;
    virtual bool takes_prompts() const = 0;

    // Of its device, as of its last request; nothing for a CPU and for remote ones.
    virtual std::optional<generator::DeviceMemory> memory() const { return std::nullopt; }

    virtual std::unique_ptr<GenerationRun> begin(GenerationRun::Input input) = 0;

    // Whether a request can be put to it, whatever its model takes: /generate has no form for
    // several pictures.
    bool can_be_given(const GenerationRequest& request) const {
        return !(is_remote() && std::holds_alternative<MultiImage>(request));
    }
    bool takes(const GenerationRequest& request) const {
        return can_be_given(request) && (is_prompt(request) ? takes_prompts() : takes_pictures());
    }

    // A request is the backend's for as long as what this returns lives.
    std::shared_ptr<void> occupy() {
        ++load_;
        return {nullptr, [this](void*) {
                    if (--load_ == 0 && idle_) idle_->happen();
                    tell_change();
                }};
    }
    int load() const { return load_; }  // requests that it has at this moment

    // Hears that it may have room again, or more or fewer places.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

    // Of the requests that it has.
    Precedence& precedence() { return precedence_; }
    const Precedence& precedence() const { return precedence_; }

    // Returns once it has no request.
    asio::awaitable<void> until_idle() {
        if (!idle_) idle_.emplace(co_await asio::this_coro::executor);
        while (load_ > 0) co_await idle_->wait();
    }

protected:
    void tell_change() const {
        if (changed_) changed_();
    }

private:
    int load_ = 0;
    std::function<void()> changed_;
    Precedence precedence_;
    std::optional<network::Event> idle_;  // since somebody waits
};

}  // namespace miner
