#include "generator/text/repair.hpp"

#include "generator/text/entities.hpp"
#include "generator/text/normalize.hpp"
#include "generator/text/tokenizer.hpp"
#include "tests/generator/score/score_golden.hpp"
#include "tests/support/catch.hpp"

using namespace generator;

namespace {

std::string utf8(std::u32string_view text) {
    std::string result;
    for (const char32_t c : text) append_utf8(result, c);
    return result;
}

}  // namespace

TEST_CASE("prompts come out as ftfy and html.unescape leave them", "[golden]") {
    const auto rows = tests::read_json(tests::project_path("tests/golden/text/repairs.json"));
    for (const auto& row : rows.as_array()) {
        const std::string prompt(row.at("prompt").as_string());
        INFO(prompt);
        CHECK(utf8(repaired_prompt(prompt)) == std::string(row.at("clean").as_string()));
    }
}

TEST_CASE("open_clip's tokens are the golden ones, padded with zeros", "[golden]") {
    const auto tokenizer =
        Tokenizer::read(*folder_files(tests::project_path("tests/golden/text")), "tokenizer");
    for (const auto& folder : tests::score_folders()) {
        for (const auto& [prompt, ids] : tests::read_tokens(folder + "/tokens.json")) {
            INFO(prompt);
            CHECK(tokenizer.encode_as_open_clip(prompt, ids.size()).value() == ids);
        }
    }
    CHECK(tokenizer.encode_as_open_clip("", 77).value()[1] == 49407);
    CHECK(tokenizer.encode_as_open_clip("<|endoftext|>", 77).value()[1] != 49407);
    CHECK(tokenizer.encode_as_open_clip(std::string(Tokenizer::kMaxPromptBytes + 1, 'a'), 77)
              .has_error());
    for (const char c : {'a', '&', ' ', '\x01', '\xff'}) {
        const auto ids = tokenizer.encode_as_open_clip(std::string(100'000, c), 77).value();
        CHECK(ids.size() == 77);
        CHECK(ids.front() == 49406);
    }
}

TEST_CASE("references without an end are read as browsers read them") {
    CHECK(unescape_html(U"&ampx &am &#x") == U"&x &am &#x");
    CHECK(unescape_html(U"&#99999999999999999999;") == U"\uFFFD");
    CHECK(unescape_html_strictly(U"&amp &AMP; &aMP;") == U"&amp & &aMP;");
    CHECK(unescape_html(U"&") == U"&");
}
