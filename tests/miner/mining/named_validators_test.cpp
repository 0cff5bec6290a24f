#include "miner/mining/named_validators.hpp"

#include "tests/support/catch.hpp"

#include <cmath>

using namespace miner;

namespace {

const std::string kOne = "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B";
const std::string kTwo = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

}  // namespace

TEST_CASE("without named validators the chain is asked") {
    const auto none = named_validators({}).value();
    CHECK(none.list.empty());
    CHECK(none.asks_chain());
}

TEST_CASE("validators named without a sign take the place of the chain's") {
    const auto named = named_validators({kOne + "@1.2.3.4:8091", kTwo + "@[::1]:1"}).value();
    CHECK_FALSE(named.asks_chain());
    REQUIRE(named.list.size() == 2);
    CHECK(named.list[0].peer == network::Peer{kOne, "1.2.3.4", 8091});
    CHECK(named.list[0].serving);
    CHECK(std::isinf(named.list[0].stake));
    CHECK(named.list[0].uid != named.list[1].uid);
}

TEST_CASE(
    "validators named with a plus come besides the chain's, whose address of them is not used") {
    const auto named = named_validators({"+" + kOne + "@1.2.3.4:8091"}).value();
    CHECK(named.asks_chain());
    const std::vector<Validator> chain{{0, {kTwo, "5.6.7.8", 1}, 5000, true},
                                       {1, {kOne, "5.6.7.8", 2}, 1, true}};
    const auto all = joined(chain, named.list);
    REQUIRE(all.size() == 2);
    CHECK(all[0].peer.hotkey == kTwo);
    CHECK(all[1].peer == network::Peer{kOne, "1.2.3.4", 8091});
    CHECK(all[1].uid < 0);
}

TEST_CASE("what is no validator is refused") {
    for (const auto& wrong : {kOne, "++" + kOne + "@1.2.3.4:1", "+" + kOne, "-" + kOne + "@a:1",
                              kOne.substr(0, 47) + "A@1.2.3.4:1", std::string("+")}) {
        CAPTURE(wrong);
        CHECK_FALSE(named_validators({wrong}).has_value());
    }
}
