// The whole of `miner batch` in this process, with a scripted generator: pictures, and a folder of
// what becomes of them.
#pragma once

#include "miner/batch/manifest.hpp"
#include "miner/batch/run.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/fake_scorer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

inline std::string read_whole(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Pictures and a folder for results, and a batch of the ones into the other.
struct BatchScene {
    TemporaryFolder folder;
    std::shared_ptr<Script> script = std::make_shared<Script>();
    std::shared_ptr<ScorerScript> scorer;  // null: there is none
    config::Settings settings;
    miner::BatchForm form;
    bool previews = false, start_over = false;
    std::atomic<int> loads = 0;
    std::string out, err;

    BatchScene() {
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        settings.generator.seed = 7;
        settings.run.grace = std::chrono::hours(1);
        script->voxels = {100};
    }

    void add(const std::string& name, std::string_view content = {}) const {
        const auto png = small_png();
        std::filesystem::create_directories((in() / name).parent_path());
        // Trailing bytes change what a file is, and not what it shows.
        std::ofstream(in() / name, std::ios::binary)
            << (content.empty() ? std::string(png.begin(), png.end()) + name
                                : std::string(content));
    }

    miner::ExitCode run(const std::string& input = ".") {
        std::ostringstream said, complained;
        config::Logger log(config::Level::warn, false, [](std::string_view) {});
        const auto code = miner::run_batch(
            {.settings = settings,
             .inputs = miner::read_inputs(in() / input).value(),
             .folder = results(),
             .form = form,
             .previews = previews,
             .start_over = start_over,
             .weights = "0123456789abcdef",
             .drawn = 1234,
             .make_generator =
                 [this](const config::Generator& wanted) {
                     ++loads;
                     return make_fake(script)(wanted);
                 },
             .make_predictor = scorer ? make_fake_predictor(scorer) : miner::MakePredictor(),
             .log = log,
             .out = said,
             .err = complained,
             .clock = [] { return 0.0; }});
        out = said.str();
        err = complained.str();
        return code;
    }

    std::filesystem::path in() const { return folder.path() / "in"; }
    std::filesystem::path results() const { return folder.path() / "out"; }
    std::vector<miner::ManifestLine> lines() const {
        return miner::read_manifest(results() / "manifest.jsonl").value().lines;
    }
};

}  // namespace tests
