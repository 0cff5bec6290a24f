#include "miner/generation/generation_config.hpp"

#include "generator/errc.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("a generation config's chains as words are what they were read from") {
    const config::Settings settings;
    const auto generation_config = miner::read_generation_config(settings).value();
    CHECK(generation_config.standard.words == "sharpness:3.5,contrast:1.8");
    for (const auto chain :
         {storage::EnhancementChain::standard, storage::EnhancementChain::extreme}) {
        const auto& enhancement = generation_config.enhancement(chain);
        const auto again = miner::parse_enhancement(enhancement.words).value();
        CHECK(again.words == enhancement.words);
        CHECK(again.chain.size() == (chain == storage::EnhancementChain::standard ? 2 : 4));
    }
}

TEST_CASE("no enhancement has a word too, and wrong ones are refused") {
    auto settings = config::Settings();
    settings.enhance.standard.clear();
    CHECK(miner::read_generation_config(settings).value().standard.words == "none");
    CHECK(miner::parse_enhancement("none").value().chain.empty());
    std::string many = "smooth";
    for (int i = 0; i < 16; ++i) many += ",smooth";
    for (const std::string& words : {std::string("sharpen:2"), std::string(""),
                                     std::string("smooth,"), std::string("contrast"), many}) {
        const auto refused = miner::parse_enhancement(words);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == generator::Errc::bad_operation);
    }
}

TEST_CASE("pictures of others are neither large nor much longer than wide") {
    config::Settings settings;
    const auto limits = [&](miner::Pictures from) {
        return miner::read_generation_config(settings, from).value().picture_limits;
    };
    CHECK(limits(miner::Pictures::of_others).max_pixels == 2'400'000);
    CHECK(limits(miner::Pictures::of_others).max_side == 9375);
    settings.generator.max_pixels = 65'536;
    CHECK(limits(miner::Pictures::of_others).max_side == 4096);
    settings.generator.max_pixels = 20'000'000;
    CHECK(limits(miner::Pictures::of_others).max_side == generator::DecodeLimits().max_side);
    CHECK(limits(miner::Pictures::of_operator).max_pixels == generator::DecodeLimits().max_pixels);
    CHECK(limits(miner::Pictures::of_operator).max_side == generator::DecodeLimits().max_side);
}
