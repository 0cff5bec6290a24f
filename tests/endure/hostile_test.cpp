// Some of the attacks of ops/endure.sh hostile, for CI: those of each kind that once cost too much.
#include "tests/endure/hostile_cost.hpp"
#include "tests/support/catch.hpp"

namespace {

void check(const std::string& attack) {
    const auto cost = endure::cost_of(attack);
    std::string broken;
    for (const auto& words : cost.broken) broken += words + "\n";
    INFO(attack << ": " << cost.memory_kb << " kB, " << cost.cpu_s << " s, " << cost.cooldowns
                << " cool-downs\n"
                << broken);
    CHECK(cost.broken.empty());
}

}  // namespace

TEST_CASE("a validator's hostile answers cost at most a cool-down, 64 MiB and a core's second") {
    check("validator: JSON of empty lists");
    check("validator: a prompt of megabytes in escapes");
    check("validator: a clock a year ahead");
}

TEST_CASE("a validator's hostile pictures cost at most a cool-down, 64 MiB and a core's second") {
    check("validator: a PNG as large as is taken");
    check("validator: a PNG of a gigapixel");
}

TEST_CASE("a chain's hostile node costs at most 96 MiB and a core's second") {
    check("chain: an answer of 39 MiB");
    check("chain: pieces of a message that hold nothing, without end");
}

TEST_CASE("hostile callers cost the page at most 64 MiB and a core's second") {
    check("page: 1,000 connections of half a header");
}

TEST_CASE("hostile callers cost /generate at most 64 MiB and a core's second") {
    check("generate: 40 pictures of 20 MB at once");
}
