#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <map>

namespace {

tests::Bytes picture(const std::string& name, const boost::json::object& forms) {
    if (name.starts_with("decode/")) return tests::golden("pillow/" + name);
    return tests::base64(forms.at(name), "file");
}

}  // namespace

TEST_CASE("prompt pictures become the colours that a validator's scoring sees", "[golden]") {
    const auto forms = tests::golden_json("pillow/forms.json");
    int seen = 0;
    for (const auto& [key, hash] : tests::golden_json("pillow/for_score.json")) {
        const std::string name(key);
        INFO(name);
        if (name == "tiff/grey_alpha") continue;  // which is composed: see decode.hpp
        const auto image = generator::decode_for_score(picture(name, forms));
        if (!image) FAIL_CHECK(image.error().message());
        if (!image) continue;
        CHECK(image->channels == 3);
        CHECK(tests::sha256(image->pixels) == hash.as_string());
        ++seen;
    }
    CHECK(seen > 150);
}

TEST_CASE("what is no picture is none for the score either") {
    using generator::Errc;
    CHECK(generator::decode_for_score({}).error().code == Errc::not_a_picture);
    auto cut = tests::golden("pillow/decode/rgba16.png");
    const generator::DecodeLimits small{.max_pixels = 10};
    CHECK(generator::decode_for_score(cut, small).error().code == Errc::picture_too_large);
    cut.resize(cut.size() / 2);
    CHECK(generator::decode_for_score(cut).error().code == Errc::broken_picture);
}
