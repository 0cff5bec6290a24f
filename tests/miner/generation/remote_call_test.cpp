#include "miner/generation/remote_call.hpp"

#include "generator/errc.hpp"
#include "miner/generation/remote_answer.hpp"
#include "network/http/multipart.hpp"
#include "tests/support/catch.hpp"

#include <map>

namespace {

network::HttpAnswer answer(const std::string& gaussians) {
    return {.status = 422, .headers = {{"X-Gaussians", gaussians}}, .body = {}};
}

}  // namespace

TEST_CASE(
    "a call carries request and generation config as a form, whatever bytes the picture has") {
    miner::GenerationConfig generation_config;
    generation_config.standard.words = "contrast:2";
    generation_config.extreme.words = "none";
    generation_config.stage2_uses_plain_picture = true;
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 2000; ++i) bytes.push_back(std::uint8_t(i % 7 == 0 ? '-' : i));
    const auto http = miner::remote_request(bytes, generation_config,
                                            storage::EnhancementChain::extreme, 7, 1000);
    CHECK(http.target == "/generate");
    const auto type = network::find_header(http.headers, "content-type");
    const auto parts = network::parse_multipart(*type, http.body).value();
    std::map<std::string, std::string> fields;
    for (const auto& part : parts) fields[part.name] = std::string(part.contents);
    CHECK(fields["prompt_image_file"] == std::string(bytes.begin(), bytes.end()));
    CHECK(fields["enhance"] == "none");
    CHECK(fields["applies_to"] == "structure");
    CHECK(fields["seed"] == "7");
    CHECK(fields["min_gaussians"] == "1000");
    CHECK(fields.size() == 5);
}

TEST_CASE("a count is taken only when it can be one") {
    CHECK(miner::gaussians_told(answer("1600")) == 1600);
    CHECK(miner::gaussians_told(answer("0")) == 0);
    for (const auto* text : {"", "-1", "x", "1.5", "16 ", "99999999999999999999", "999999999"})
        CHECK_FALSE(miner::gaussians_told(answer(text)).has_value());
    CHECK_FALSE(miner::gaussians_told({}).has_value());
}

TEST_CASE("a refusal is told in its words, cut and made harmless") {
    const auto words = [](const std::string& body) {
        return miner::refusal_words({.status = 503, .headers = {}, .body = body});
    };
    CHECK(words("") == "503");
    CHECK(words("no json") == "503");
    CHECK(words("[1]") == "503");
    CHECK(words(R"({"error":7})") == "503");
    CHECK(words(R"({"error":"load\ning"})") == "503: load\\ning");
    CHECK(words(R"({"reason":"stopping"})") == "503: stopping");
    CHECK(words("{\"error\":\"" + std::string(5000, 'x') + "\"}").size() < 300);
    CHECK(words(std::string(100'000, '[')) == "503");
}

TEST_CASE("what is no PLY with Gaussians is refused") {
    for (const std::string& body : {std::string(), std::string("ply"), std::string(1000, 'x'),
                                    std::string("ply\nformat binary_little_endian 1.0\n"
                                                "element vertex 0\nend_header\n")}) {
        const auto splats = miner::remote_splats(body);
        REQUIRE_FALSE(splats.has_value());
        CHECK(splats.error().code == generator::Errc::bad_splats);
    }
}

TEST_CASE("how long nothing shall be asked is bounded, and some seconds where it is not said") {
    const auto wait = [](const char* text) {
        return miner::retry_after({429, {{"Retry-After", text}}, {}});
    };
    CHECK(miner::retry_after({429, {}, {}}) == std::chrono::seconds(5));
    CHECK(wait("7") == std::chrono::seconds(7));
    CHECK(wait("0") == std::chrono::seconds(1));
    CHECK(wait("-3") == std::chrono::seconds(1));
    CHECK(wait("100000") == std::chrono::minutes(5));
    CHECK(wait("99999999999999999999") == std::chrono::seconds(5));
    CHECK(wait("Wed, 21 Oct 2015 07:28:00 GMT") == std::chrono::seconds(5));
}
