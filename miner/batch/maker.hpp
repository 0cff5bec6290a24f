// Makes what a plan has open, by all backends, and keeps each result as soon as it is there.
#pragma once

#include "config/log.hpp"
#include "miner/batch/folder.hpp"
#include "miner/batch/outputs.hpp"
#include "miner/batch/plan.hpp"
#include "miner/batch/progress.hpp"
#include "miner/batch/result_store.hpp"
#include "miner/generation/predictor.hpp"
#include "miner/host.hpp"
#include "miner/runtime/crew.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace miner {

class BatchMaker {
public:
    struct Options {
        const config::Settings& settings;
        BatchForm form;
        bool previews = false;
        std::string hash;     // of the settings
        std::string weights;  // of the devices' model, as in the manifest
        const BatchFolder& folder;
        config::Logger& log;
        BatchProgress& progress;
    };

    // All outlive it. Items of the plan get their lines as they end.
    BatchMaker(Options options, BatchPlan& plan, ResultStore& results, ManifestFile& manifest);

    // ok when nothing is open any more, interrupted when a signal came first, storage with a
    // complaint when a result cannot be kept; else as Host::run(). No model is loaded for nothing.
    ExitCode run(const MakeGenerator& make_generator, const MakePredictor& make_predictor);

    // Indices of the items that could not be read or understood.
    const std::set<std::size_t>& unfit() const { return unfit_; }

private:
    using Begin = std::chrono::steady_clock::time_point;

    struct Encoded {
        BatchFile file;
        std::vector<std::uint8_t> preview;  // empty: none is wanted
    };
    struct Kept {
        std::vector<std::uint8_t> bytes = {}, preview = {};
    };

    bool set_faults_aside();
    ExitCode run_host(const MakeGenerator& make_generator, const MakePredictor& make_predictor);
    asio::awaitable<void> work_all();
    asio::awaitable<void> work();
    asio::awaitable<void> make(std::size_t index);
    asio::awaitable<GenerationResult> produce(const GenerationRequest& request,
                                              const ManifestLine& line, Begin begin);
    asio::awaitable<bool> becomes_able(Begin until);
    asio::awaitable<std::optional<GenerationRequest>> read(std::size_t index, ManifestLine& line);
    asio::awaitable<void> finish(std::size_t index, ManifestLine line, GenerationRequest request,
                                 GenerationResult result, Begin begin);
    asio::awaitable<void> score(ManifestLine& line, const GenerationRequest& request,
                                generator::Splats splats);
    asio::awaitable<void> keep(std::size_t index, ManifestLine line, Kept kept);
    config::Result<Encoded> encode(const generator::Splats& splats) const;
    ManifestLine begun(const BatchItem& item);
    std::size_t workers();
    bool goes_on();

    const Options options_;
    const config::Settings settings_;  // as the host takes them
    BatchPlan& plan_;
    ResultStore& results_;
    ManifestFile& manifest_;
    std::vector<std::size_t> open_;  // indices of items
    std::size_t next_ = 0;           // of open_
    std::set<std::size_t> unfit_;    // as unfit()
    std::optional<config::Error> disk_failed_;
    bool device_lost_ = false;
    Crew* crew_ = nullptr;  // at work
    std::optional<Host>
        host_;  // where there is something to make; last, as its threads use the rest
};

}  // namespace miner
