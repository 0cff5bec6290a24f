// What a validator would say of splats, asked from io: one scorer on a lane of its own. Whoever
// asks says until when it waits; what takes longer ends there by itself, and nobody hears of it.
#pragma once

#include "generator/render/rasterizer.hpp"
#include "generator/splat/ply.hpp"
#include "miner/generation/device.hpp"
#include "miner/generation/generation_request.hpp"
#include "storage/attempt.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace miner {

namespace asio = boost::asio;

using MakeRasterizer =
    std::function<config::Result<generator::Rasterizer>(const std::string& device)>;

// A scorer is made where it is used, and so is what draws the views for it.
struct MakePredictor {
    MakeScorer scorer;  // empty: there are no predictions
    MakeRasterizer rasterizer;
};

class Predictor {
public:
    using Query = std::shared_ptr<generator::ScoreQuery>;
    using Asset = std::shared_ptr<const std::vector<std::uint8_t>>;

    // How long somebody waits for an answer.
    struct Patience {
        std::chrono::steady_clock::time_point until;
        std::stop_token stop = {};  // fires on io
    };

    // `io` has one thread and outlives it.
    explicit Predictor(asio::any_io_executor io) : io_(std::move(io)) {}
    Predictor(const Predictor&) = delete;
    Predictor& operator=(const Predictor&) = delete;
    ~Predictor();  // waits for what its lane is at

    // Told when a job does not come back long after nobody waits for it; see DeviceLane::stuck.
    // `patience`: other than the usual one, once a scorer is loaded and has the networks that the
    // job needs.
    void on_stuck(std::function<void()> told, std::optional<std::chrono::milliseconds> patience) {
        device_.stuck = std::move(told);
        device_patience_ = patience;
    }

    // Told once when an answer is that the scorer's device is lost, which it stays for this
    // process; before whoever asked hears of it.
    void on_device_lost(std::function<void(const config::Error&)> told) {
        told_lost_ = std::move(told);
    }

    // Fails as they do.
    asio::awaitable<config::Result<void>> load(const MakePredictor& make, config::Score settings);
    // Not loaded() from the call on; ends once its lane has come to it. Whoever asks meanwhile, or
    // later, fails with cancelled.
    asio::awaitable<void> unload();
    bool loaded() const { return loaded_; }
    const std::string& name() const { return name_; }    // of the scorer
    const std::string& where() const { return where_; }  // its device, "cuda:0"

    // What results of this request are compared with; as a validator takes it, neither enhanced nor
    // cropped. Fails as the scorer does, with wrong_input for several pictures of one object, and
    // with cancelled when patience is over. Any request, also one that the generator would refuse.
    asio::awaitable<config::Result<Query>> ask(const GenerationRequest& request, Patience patience);

    // `spz` as it would be submitted: read, examined and rendered as a validator does. Score 0 for
    // what its data checks refuse. Fails likewise.
    asio::awaitable<config::Result<storage::Prediction>> predict(Asset spz, Query query,
                                                                 Patience patience);

private:
    asio::awaitable<void> take_down();
    void tell_if_lost(const config::Error& error);
    config::Result<storage::Prediction> predict_now(const std::vector<std::uint8_t>& spz,
                                                    const generator::ScoreQuery& query);

    asio::any_io_executor io_;
    std::string name_, where_;
    bool loaded_ = false;
    std::function<void(const config::Error&)> told_lost_;
    std::optional<std::chrono::milliseconds> device_patience_;
    // The scorer has its networks for such conditions: the first of a kind reads them.
    std::atomic<bool> has_read_text_ = false, has_read_picture_ = false;
    std::shared_ptr<int> abandoned_ = std::make_shared<int>(0);  // jobs; shared with them, on io
    generator::Rasterizer rasterizer_;           // this and the next two belong to the lane
    std::unique_ptr<generator::Scorer> scorer_;  // null: none is loaded
    generator::StoredSplats splats_;             // of the last one, for whose memory it is kept
    DeviceLane device_;                          // last: joined before what its jobs use goes
};

}  // namespace miner
