#include "generator/trellis/trellis.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("the GPU tells how much of its memory is free before anything is loaded") {
    config::Generator settings;
    settings.device = "cuda";
    const auto memory = generator::gpu_memory(settings).value();
    REQUIRE(memory.has_value());
    CHECK(memory->total_bytes > 1'000'000'000);
    CHECK(memory->used_bytes > 0);
    CHECK(memory->used_bytes < memory->total_bytes);
}
