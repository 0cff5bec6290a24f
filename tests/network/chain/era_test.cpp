#include "network/chain/era.hpp"

#include "tests/support/catch.hpp"

using network::Era;

TEST_CASE("an era is written as its period and where in it we are") {
    // Worked examples of sp_runtime's own tests.
    CHECK(Era{64, 42}.encoded() == std::array<std::uint8_t, 2>{5 + 42 % 16 * 16, 42 / 16});
    CHECK(Era{32'768, 20'000}.encoded() ==
          std::array<std::uint8_t, 2>{14 + 2500 % 16 * 16, 2500 / 16});
}

TEST_CASE("an era begins at the last block that has its phase") {
    CHECK(Era{64, 64}.birth_block() == 64);
    CHECK(Era{64, 127}.birth_block() == 127);
    CHECK(Era{64, 0}.birth_block() == 0);
    CHECK(Era{65'536, 100'003}.birth_block() == 100'000);  // phases are rounded to 16
    CHECK(Era{65'536, 7}.birth_block() == 0);
}

TEST_CASE("any number of blocks becomes a period that the chain knows") {
    CHECK(Era::lasting(0, 9).period == 4);
    CHECK(Era::lasting(64, 9).period == 64);
    CHECK(Era::lasting(65, 9).period == 128);
    CHECK(Era::lasting(1'000'000, 9).period == 65'536);
}
