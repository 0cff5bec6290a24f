// CLIP's byte-pair tokenizer (Radford et al. 2021, arXiv 2103.00020; byte-pair encoding: Sennrich
// et al. 2016, arXiv 1508.07909): a prompt to the ids that the text encoder takes, as published
// with openai/clip-vit-large-patch14 (vocab.json, merges.txt). Immutable; any thread.
#pragma once

#include "config/result.hpp"
#include "generator/weights/files.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace generator {

class Tokenizer {
public:
    // Longer prompts are refused: only some 75 tokens matter, and work grows with the length.
    static constexpr std::size_t kMaxPromptBytes = 128 << 10;

    // Files `folder`/vocab.json and `folder`/merges.txt; folder "" is the checkpoint's own. Throws
    // Refused: missing_file, or bad_checkpoint naming file and fault.
    static Tokenizer read(const Files& files, const std::string& folder);

    // Exactly `length` ids: start of text, the prompt's own (cut where they are too many), and end
    // of text up to the length. Fails with bad_prompt when the prompt is too long.
    config::Result<std::vector<std::int64_t>> encode(std::string_view prompt,
                                                     std::size_t length) const;

    // As open_clip's SimpleTokenizer of the same vocabulary has them: after its repair
    // (text/repair.hpp), with names of special tokens as plain text. Start, the prompt's own, end,
    // and zeros up to the length; where they are too many the last one is the end.
    config::Result<std::vector<std::int64_t>> encode_as_open_clip(std::string_view prompt,
                                                                  std::size_t length) const;

    std::size_t size() const { return ids_.size(); }  // entries of the vocabulary
    std::int64_t largest_id() const { return largest_id_; }

private:
    struct Merge {
        std::int32_t rank;  // the lowest goes first
        std::int32_t id;    // of the two as one
    };

    void read_vocabulary(const Bytes& bytes, const std::string& where);
    void read_merges(const Bytes& bytes, const std::string& where);
    void append(std::u32string_view text, std::vector<std::int64_t>& ids, std::size_t most) const;
    std::vector<std::int32_t> merged(std::string_view word) const;

    std::unordered_map<std::string, std::int32_t> ids_;
    std::unordered_map<std::uint64_t, Merge> merges_;  // by both ids
    std::array<std::int32_t, 256> inner_{}, last_{};   // of a byte in a word, and at its end
    std::int32_t start_ = 0, end_ = 0;
    std::int32_t largest_id_ = 0;
};

}  // namespace generator
