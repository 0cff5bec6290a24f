#include "generator/sample/noise.hpp"

#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

TEST_CASE("a seed gives the golden noise, structure first, latent after", "[golden]") {
    const tests::Golden golden(tests::golden_folder());
    generator::Noise noise(golden.seed());
    const auto structure = golden["ss_noise"], latent = golden["slat_noise"];
    CHECK(noise.draw(structure.sizes()).equal(structure));
    CHECK(noise.draw(latent.sizes()).equal(latent));
}

TEST_CASE("the embedded model's golden noise comes from its seed", "[golden]") {
    const tests::Golden golden(tests::project_path("tests/golden/nano"));
    REQUIRE(golden.has("seed"));
    generator::Noise noise(golden.seed());
    CHECK(noise.draw(golden["ss_noise"].sizes()).equal(golden["ss_noise"]));
    CHECK(noise.draw(golden["slat_noise"].sizes()).equal(golden["slat_noise"]));
}

TEST_CASE("a fork goes on without moving the one it came from") {
    generator::Noise noise(5);
    noise.draw({3});
    auto fork = noise.fork();
    const auto a = fork.draw({100}), b = noise.draw({100});
    CHECK(a.equal(b));
}
