#include "generator/text/tokenizer.hpp"

#include "tests/generator/golden.hpp"
#include "tests/generator/text_folder.hpp"
#include "tests/support/paths.hpp"

#include "generator/nano/embedded.hpp"
#include "tests/support/catch.hpp"

#include <fstream>

using generator::Errc;
using generator::Tokenizer;

namespace {

Tokenizer clip_tokenizer(const std::string& folder) {
    return Tokenizer::read(*generator::folder_files(folder), "tokenizer");
}

void check_tokens(const Tokenizer& tokenizer, const std::string& file) {
    for (const auto& [prompt, ids] : tests::read_tokens(file)) {
        INFO(prompt);
        CHECK(tokenizer.encode(prompt, 77).value() == ids);
    }
}

// A folder whose two files a test writes.
struct Written {
    tests::TemporaryFolder folder;

    config::Error refusal(const std::string& vocabulary, const std::string& merges) const {
        std::ofstream(folder.path() / "vocab.json") << vocabulary;
        std::ofstream(folder.path() / "merges.txt") << merges;
        try {
            Tokenizer::read(*generator::folder_files(folder.path().string()), "");
        } catch (const generator::Refused& refused) {
            return refused.error();
        }
        return {};
    }
};

}  // namespace

TEST_CASE("every golden prompt has the golden tokens", "[golden]") {
    const auto folder = tests::golden_text_folder();
    check_tokens(clip_tokenizer(folder), folder + "/tokens.json");
}

TEST_CASE("prompts that lie in wait have the tokens that transformers gives them", "[golden]") {
    const std::string folder = tests::project_path("tests/golden/text");
    check_tokens(clip_tokenizer(folder), folder + "/more_tokens.json");
}

TEST_CASE("the embedded tokenizer gives the golden caption its tokens", "[golden]") {
    const tests::Golden golden(tests::project_path("tests/golden/nano"), "golden.safetensors",
                               "text.");
    const auto tokenizer = Tokenizer::read(*generator::embedded_files(), "tokenizer");
    const auto row = [](const at::Tensor& ids) {
        const auto wide = ids.to(at::kLong).contiguous();
        const auto* first = wide.const_data_ptr<std::int64_t>();
        return std::vector<std::int64_t>(first, first + wide.numel());
    };
    CHECK(tokenizer.encode("a white snowman with a green hat", 77).value() == row(golden["ids"]));
    CHECK(tokenizer.encode("", 77).value() == row(golden["neg_ids"]));
}

TEST_CASE("long prompts are cut, and longer ones refused") {
    const auto tokenizer = clip_tokenizer(tests::project_path("tests/golden/text"));
    for (const char c : {'a', '!', ' ', '7', '\x01', '\xff'}) {
        const auto ids = tokenizer.encode(std::string(100'000, c), 77);
        REQUIRE(ids.has_value());
        CHECK(ids->size() == 77);
        CHECK(ids->back() == 49407);
    }
    const auto refused = tokenizer.encode(std::string(Tokenizer::kMaxPromptBytes + 1, 'a'), 77);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::bad_prompt);
    CHECK(tokenizer.encode("a chair", 2).value() == std::vector<std::int64_t>{49406, 49407});
}

TEST_CASE("bytes that are no UTF-8 count as replacement characters") {
    const auto tokenizer = clip_tokenizer(tests::project_path("tests/golden/text"));
    const auto ids = [&](const std::string& prompt) {
        return tokenizer.encode(prompt, 77).value();
    };
    CHECK(ids("a \xff"
              "b") == ids("a \xef\xbf\xbd"
                          "b"));
    CHECK(ids("a \xe6\x9d") == ids("a \xef\xbf\xbd\xef\xbf\xbd"));
}

TEST_CASE("tokenizer files that are no such say which and why") {
    const Written files;
    const std::string specials = R"("<|startoftext|>": 5, "<|endoftext|>": 6)";
    const auto detail = [&](const std::string& vocabulary, const std::string& merges) {
        const auto error = files.refusal(vocabulary, merges);
        CHECK(error.code == Errc::bad_checkpoint);
        return error.detail;
    };
    CHECK(detail("[1]", "").find("vocab.json: no JSON object") != std::string::npos);
    CHECK(detail("{", "").find("vocab.json: no JSON object") != std::string::npos);
    CHECK(detail(R"({"a": "b"})", "").find("'a' has no number") != std::string::npos);
    CHECK(detail(R"({"a": -1})", "").find("'a' has no number") != std::string::npos);
    CHECK(detail(R"({"a": 1})", "").find("'<|startoftext|>' is missing") != std::string::npos);
    CHECK(detail("{" + specials + "}", "#version: 0.2\na b\n").find("merges.txt: line 2 joins") !=
          std::string::npos);
    CHECK(detail("{" + specials + R"(, "a": 1})", "a\n").find("line 1 joins") != std::string::npos);
    CHECK_FALSE(files.refusal("{" + specials + "}", "").code);
    const auto nothing = generator::folder_files("/nonexistent");
    CHECK_THROWS_AS(Tokenizer::read(*nothing, ""), generator::Refused);
}
