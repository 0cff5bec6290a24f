// A folder of golden/scorer: small random weights laid out as published, pictures, prompts, and
// every partial result. Includes ATen: before Catch.
#pragma once

#include "generator/image/decode.hpp"
#include "generator/score/scorer.hpp"
#include "tests/generator/golden.hpp"
#include "tests/generator/text_folder.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

namespace tests {

// As golden/scorer/README.md asks.
struct ScoreTolerances {
    double block = 1e-5;     // of the largest: prepared inputs, blocks
    double features = 3e-5;  // of the largest
    double cosine = 1e-5, ssim = 1e-5, lpips = 5e-5, part = 1e-5;  // absolute
};
inline constexpr ScoreTolerances kScoreTolerances;

// Ours; or MINER_GOLDEN when that is such a folder.
inline std::vector<std::string> score_folders() {
    const auto tiny = project_path("tests/golden/scorer/tiny");
    const auto first = golden_with("scorer.json", tiny);
    if (first != tiny) return {first};
    return {tiny, project_path("tests/golden/scorer/real_sizes")};
}

inline const std::string kClipTokenizer = project_path("tests/golden/text/tokenizer");

inline std::vector<std::uint8_t> read_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("no " + path);
    return std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), {});
}

inline generator::Image to_image(const at::Tensor& bytes) {  // [H, W, 3] u8
    const auto whole = bytes.contiguous();
    const auto* first = whole.const_data_ptr<std::uint8_t>();
    return {int(whole.size(1)), int(whole.size(0)), 3, {first, first + whole.numel()}};
}

// null is NaN.
inline double number(const boost::json::value& value) {
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.to_number<double>();
}

// Both NaN, or so near.
inline bool near(double got, double want, double tolerance) {
    return std::isnan(want) ? std::isnan(got) : std::abs(got - want) <= tolerance;
}

struct ScoreGolden {
    explicit ScoreGolden(std::string at) : folder(std::move(at)) {}

    std::string folder;
    Golden cases{folder, "cases.safetensors"};
    Golden networks{folder, "networks.safetensors"};
    Golden pictures{folder, "pictures.safetensors"};
    std::vector<Tokens> tokens = read_tokens(folder + "/tokens.json");

    std::vector<generator::Image> views(const std::string& set) const {
        std::vector<generator::Image> images;
        if (std::filesystem::exists(folder + "/views.safetensors")) {
            for (const auto& view : Golden(folder, "views.safetensors")[set].unbind(0))
                images.push_back(to_image(view));
            return images;
        }
        for (int i = 0; i < 16; ++i) {
            const auto name = (i < 10 ? "/view_0" : "/view_") + std::to_string(i) + ".png";
            images.push_back(generator::decode_for_score(read_bytes(folder + name)).value());
        }
        return images;
    }

    generator::Image picture(const std::string& name) const {
        return generator::decode_for_score(read_bytes(folder + "/prompt_" + name + ".png")).value();
    }

    generator::Safetensors tensors(const std::string& file) const {
        return generator::or_refuse(generator::Safetensors::parse(
            generator::or_refuse(generator::folder_files(folder)->open(file)), file));
    }

    generator::Args args(const std::string& file) const {
        return generator::Args::parse(generator::folder_files(folder)->open(file).value(), file);
    }

    // What networks.safetensors keeps of large ones: the middle row, the first five tokens.
    static at::Tensor kept(const at::Tensor& values, const at::Tensor& want) {
        if (values.dim() == want.dim() + 1) return values.select(2, values.size(2) / 2);
        if (values.dim() == 3 && values.size(1) != want.size(1)) {
            const auto rows = std::min(values.size(1), want.size(1));
            return values.narrow(1, 0, rows);
        }
        return values;
    }

    double error(const at::Tensor& values, const std::string& name) const {
        auto want = networks[name];
        const auto got = kept(values, want);
        // Words are read up to the end of text alone.
        if (want.dim() == 3 && got.size(1) < want.size(1)) want = want.narrow(1, 0, got.size(1));
        return relative_error(got, want);
    }
};

// A copy of a golden folder, by links, one file of which a test changes.
class AlteredWeights {
public:
    explicit AlteredWeights(const std::string& golden) {
        namespace fs = std::filesystem;
        for (const auto& entry : fs::recursive_directory_iterator(golden)) {
            const auto to = folder_.path() / fs::relative(entry.path(), golden);
            if (entry.is_directory())
                fs::create_directories(to);
            else
                fs::create_symlink(fs::absolute(entry.path()), to);
        }
    }

    std::string path() const { return folder_.path().string(); }

    void remove(const std::string& file) const {
        std::filesystem::remove_all(folder_.path() / file);
    }

    void change(const std::string& file,
                const std::function<void(std::vector<std::uint8_t>&)>& edit) const {
        auto bytes = read_bytes((folder_.path() / file).string());
        edit(bytes);
        std::filesystem::remove(folder_.path() / file);
        std::ofstream(folder_.path() / file, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    }

    // The first number of a tensor.
    void set(const std::string& file, const std::string& tensor, float value) const {
        change(file, [&](std::vector<std::uint8_t>& bytes) {
            const generator::Bytes all{std::as_bytes(std::span(bytes)), nullptr};
            const auto parsed = generator::Safetensors::parse(all, file).value();
            const auto at = parsed.find(tensor)->data.data() - all.data.data();
            std::memcpy(&bytes[std::size_t(at)], &value, sizeof value);
        });
    }

    // A text of the header by another of the same length.
    void rename(const std::string& file, const std::string& from, const std::string& to) const {
        if (from.size() != to.size()) throw std::runtime_error("lengths differ");
        change(file, [&](std::vector<std::uint8_t>& bytes) {
            const auto at = std::search(bytes.begin(), bytes.end(), from.begin(), from.end());
            if (at == bytes.end()) throw std::runtime_error("no " + from);
            std::copy(to.begin(), to.end(), at);
        });
    }

private:
    TemporaryFolder folder_;
};

inline generator::ScorerOptions score_options(const std::string& folder) {
    generator::ScorerOptions options;
    options.folder = folder;
    options.tokenizer = kClipTokenizer;
    options.device = "cpu";
    return options;
}

}  // namespace tests
