#include "miner/check/finding.hpp"

#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

using miner::Finding;
using miner::Findings;
using State = Finding::State;

namespace {

const Findings kMixed{{State::ok, "hotkey hot", "5F", ""},
                      {State::warn, "memory", "3.0 GB free", "close something"},
                      {State::fail, "validators", "0 of 3 answer\033[2J", "look at the firewall"}};

}  // namespace

TEST_CASE("a finding is a line, and its remedy another") {
    CHECK(miner::render_finding(kMixed[0], false) == "ok    hotkey hot           5F\n");
    CHECK(miner::render_finding(kMixed[1], false) ==
          "warn  memory               3.0 GB free\n      -> close something\n");
    CHECK(miner::render_finding(kMixed[2], true).starts_with("\033[31mFAIL\033[0m  validators"));
    CHECK(miner::render_finding(kMixed[2], false).find('\033') == std::string::npos);
}

TEST_CASE("only a failure stops mining") {
    CHECK(miner::would_mine({}));
    CHECK(miner::would_mine({kMixed[0], kMixed[1]}));
    CHECK_FALSE(miner::would_mine(kMixed));
    CHECK_THAT(miner::render_verdict(kMixed, false), Catch::Contains("1 of 3"));
    CHECK_THAT(miner::render_verdict({kMixed[0], kMixed[1]}, false), Catch::Contains("would mine"));
    CHECK_THAT(miner::render_verdict({kMixed[0]}, false), Catch::Contains("All is well"));
}

TEST_CASE("findings as JSON have the same") {
    const auto value = boost::json::parse(miner::render_findings_json(kMixed));
    CHECK_FALSE(value.at("ok").as_bool());
    CHECK(value.at("findings").at(1).at("state") == "warn");
    CHECK(value.at("findings").at(1).at("remedy") == "close something");
    CHECK(value.at("findings").at(2).at("what") == "validators");
    CHECK(value.at("findings").at(2).at("found") == "0 of 3 answer\033[2J");
}

TEST_CASE("a key in an address is in no finding") {
    const miner::Finding finding{miner::Finding::State::fail, "chain",
                                 "access refused: wss://host/v3/s3cretKey: 403",
                                 "see wss://user:s3cretKey@host"};
    CHECK(miner::render_finding(finding, false).find("s3cretKey") == std::string::npos);
    CHECK(miner::render_findings_json({finding}).find("s3cretKey") == std::string::npos);
}
