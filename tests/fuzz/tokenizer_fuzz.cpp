// A checkpoint's vocabulary and merges, and a prompt for it: three texts with a zero byte between.
#include "generator/text/tokenizer.hpp"
#include "generator/weights/refused.hpp"
#include "tests/fuzz/input.hpp"

#include <map>

namespace {

class TextFiles final : public generator::Files {
public:
    TextFiles(std::string_view vocabulary, std::string_view merges)
        : texts_{{"vocab.json", vocabulary}, {"merges.txt", merges}} {}

    const std::string& where() const override { return where_; }
    bool has(const std::string& name) const override { return texts_.contains(name); }
    config::Result<generator::Bytes> open(const std::string& name) const override {
        const auto text = texts_.at(name);
        return generator::Bytes{std::as_bytes(std::span(text.data(), text.size())), nullptr};
    }

private:
    std::string where_ = "fuzz";
    std::map<std::string, std::string_view> texts_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLength = 77;
    auto text = fuzz::text(data, size);
    const auto vocabulary = fuzz::take(text), merges = fuzz::take(text);
    try {
        const auto tokenizer = generator::Tokenizer::read(TextFiles(vocabulary, merges), "");
        for (const auto& ids :
             {tokenizer.encode(text, kLength), tokenizer.encode_as_open_clip(text, kLength)}) {
            if (!ids) continue;
            fuzz::require(ids->size() == kLength);
            for (const auto id : *ids) fuzz::require(id >= 0 && id <= tokenizer.largest_id());
        }
    } catch (const generator::Refused&) {
    }
    return 0;
}
