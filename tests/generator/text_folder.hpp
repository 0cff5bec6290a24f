// golden/text keeps encoder, tokenizer and flows apart; as a checkpoint they lie as fetched from
// the hub: the encoder in a folder of the name that pipeline.json gives. Links, no copies.
#pragma once

#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace tests {

inline boost::json::value read_json(const std::string& file) {
    std::ifstream in(file);
    return boost::json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
}

struct Tokens {
    std::string prompt;
    std::vector<std::int64_t> ids;
};

inline std::vector<Tokens> read_tokens(const std::string& file) {
    std::vector<Tokens> all;
    const auto rows = read_json(file);
    for (const auto& row : rows.as_array())
        all.push_back({std::string(row.at("prompt").as_string()),
                       boost::json::value_to<std::vector<std::int64_t>>(row.at("ids"))});
    return all;
}

class TextFolder {
public:
    explicit TextFolder(const std::string& golden) : golden_(golden) {
        namespace fs = std::filesystem;
        const auto root = fs::absolute(golden);
        fs::create_directories(folder_.path() / "owner/clip");
        fs::create_symlink(root / "pipe/ckpts", folder_.path() / "ckpts");
        for (const char* file : {"clip/config.json", "clip/model.safetensors",
                                 "tokenizer/vocab.json", "tokenizer/merges.txt"})
            fs::create_symlink(root / file,
                               folder_.path() / "owner/clip" / fs::path(file).filename());
        auto pipeline = read_json(golden + "/pipe/pipeline.json");
        auto& args = pipeline.at("args").as_object();
        args.erase("image_cond_model");
        args["text_cond_model"] = "owner/clip";
        std::ofstream(folder_.path() / "pipeline.json") << boost::json::serialize(pipeline);
    }

    std::string path() const { return folder_.path().string(); }

    // Of the golden pipeline: the first of the tokenizer's.
    std::string prompt() const { return read_tokens(golden_ + "/tokens.json").front().prompt; }

private:
    std::string golden_;
    TemporaryFolder folder_;
};

}  // namespace tests
