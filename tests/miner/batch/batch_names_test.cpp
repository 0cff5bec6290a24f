// Names and seeds of results.
#include "miner/batch/names.hpp"

#include "config/digest.hpp"
#include "tests/support/catch.hpp"

#include <set>

using miner::safe_name;
using miner::seed_for;

TEST_CASE("a name is one part of a path, whatever it was made of") {
    CHECK(safe_name("red_chair.v2") == "red_chair.v2");
    CHECK(safe_name("a red  chair!") == "a-red-chair");
    CHECK(safe_name("../../etc/passwd") == "etc-passwd");
    CHECK(safe_name("..") == "input");
    CHECK(safe_name("") == "input");
    CHECK(safe_name("/") == "input");
    CHECK(safe_name(".hidden") == "hidden");
    CHECK(safe_name("a\\b:c*d\n\x1b[31m") == "a-b-c-d-31m");
    CHECK(safe_name("椅子 rot") == "椅子-rot");
    // What turns writing round, and what is no UTF-8, goes with all that is not ASCII.
    CHECK(safe_name("a\u202egnp") == "a-gnp");
    CHECK(safe_name("\xff\xfe") == "input");
    for (const auto* text : {"../x", "a/b", "~", "-rf", "con\tcat", ". .", "\u2028"})
        CHECK(miner::is_safe_name(safe_name(text)));
}

TEST_CASE("a long name is cut between letters") {
    CHECK(safe_name(std::string(500, 'a')).size() == 80);
    std::string text;
    for (int i = 0; i < 100; ++i) text += "椅";
    const auto name = safe_name(text);
    CHECK(name.size() == 78);
    CHECK(text.starts_with(name));
}

TEST_CASE("a name that somebody wrote into a manifest stays in the folder") {
    CHECK(miner::is_safe_name("chair.spz"));
    for (const auto* name : {"", ".", "..", ".miner", "a/b", "/etc/passwd", "../x", "a\\b"})
        CHECK_FALSE(miner::is_safe_name(name));
    CHECK_FALSE(miner::is_safe_name(std::string_view("a\0b", 3)));
    CHECK_FALSE(miner::is_safe_name(std::string(300, 'a')));
}

TEST_CASE("no two names are the same, also where letters differ in case alone") {
    miner::NameBook names;
    CHECK(names.unique("chair") == "chair");
    CHECK(names.unique("Chair") == "Chair-2");
    CHECK(names.unique("chair") == "chair-3");
    CHECK(names.unique("chair-2") == "chair-2-2");
    CHECK_FALSE(names.reserve("CHAIR-3"));
    CHECK(names.reserve("table"));
    CHECK(names.unique("table") == "table-2");
}

TEST_CASE("the thousandth of one name is found as soon as the second") {
    miner::NameBook names;
    constexpr std::size_t kMany = 1000;
    for (std::size_t i = 0; i < kMany; ++i) names.unique(i % 2 == 0 ? "chair" : "Chair");
    CHECK(names.unique("chair") == "chair-1001");
    CHECK(names.tries() <= 2 * (kMany + 1));
}

TEST_CASE("a seed is drawn from the batch's and the content, and stays what it was") {
    const auto chair = config::sha256("a red chair"), table = config::sha256("a table");
    CHECK(seed_for(7, chair) == seed_for(7, chair));
    CHECK(seed_for(7, chair) != seed_for(8, chair));
    CHECK(seed_for(7, chair) != seed_for(7, table));
    std::set<std::uint64_t> seeds;
    for (std::uint64_t batch = 0; batch < 1000; ++batch) {
        seeds.insert(seed_for(batch, chair));
        REQUIRE(seed_for(batch, chair) < (1ULL << 52));
    }
    CHECK(seeds.size() == 1000);
    // As other programs compute it, who make one result again (ops/docs/batch.md).
    CHECK(seed_for(7, chair) == 2423935177869749U);
}
