// Gate and floor, and what the proposals look like.
#include "miner/report/tuning.hpp"

#include "tests/miner/report/tuning_cases.hpp"
#include "tests/support/catch.hpp"

#include <boost/json/parse.hpp>

#include <random>
#include <sstream>

using namespace miner;
using namespace tests;
using Verdict = Advice::Verdict;

TEST_CASE("where sparser results are accepted as often, a lower gate is proposed") {
    const auto tuning = tune(gate_too_high(), usual());
    const auto& gate = *find(tuning, "gate.min_gaussians");
    CHECK(gate.verdict == Verdict::change);
    CHECK(gate.present == "150000");
    CHECK(gate.proposed == "100000");
    REQUIRE(gate.evidence.size() >= 2);
    CHECK(gate.evidence[0].what == "150,000 and more");
    CHECK(gate.evidence[0].share.part == 186);
    CHECK(gate.evidence[1].what == "100,000 to 150,000");
    CHECK(gate.evidence[1].share.part == 56);
    CHECK(gate.evidence[1].share.whole == 60);
    // 60 that were sent and 20 that were tried twice, of which 0.841 to 0.974 would have passed.
    CHECK(gate.effect ==
          "80 first attempts would have passed at once, with 20 retries less; 20 of these tasks "
          "ended with the empty result, of which 17 to 19 would probably have been accepted.");
}

TEST_CASE("where the sparsest results are refused, a higher floor is proposed") {
    const auto tuning = tune(gate_too_high(), usual());
    const auto& floor = *find(tuning, "gate.floor");
    CHECK(floor.verdict == Verdict::change);
    CHECK(floor.proposed == "60000");
    CHECK(floor.effect ==
          "50 results would not have been sent, of which 0 were accepted: 78 turns gained, 0 "
          "lost.");
    CHECK(tuning.accepted.whole == 340);
    CHECK(tuning.worth == Approx(worth_sending(266.0 / 340)));
}

TEST_CASE("with few judged results nothing is proposed, and what is missing is said") {
    Tasks tasks;
    add(tasks, 300'000, 7, 8);
    add(tasks, 20'000, 0, 5);
    for (int i = 0; i < 500; ++i) tasks.push_back(sent(120'000, {}));  // nobody answered
    const auto tuning = tune(tasks, usual());
    CHECK_FALSE(tuning.proposes());
    CHECK(tuning.advice.size() == 6);
    for (const auto& advice : tuning.advice) {
        INFO(advice.setting);
        CHECK(advice.verdict == Verdict::not_enough);
        CHECK(advice.proposed.empty());
        CHECK_FALSE(advice.why.empty());
    }
    CHECK(find(tuning, "gate.min_gaussians")->why ==
          "Results at the gate or above: 8 judged, 20 are needed.");
    CHECK(find(tuning, "gate.floor")->why == "13 results were judged, 20 are needed.");
    CHECK(as_flags(tuning).empty());
    CHECK(as_toml(tuning).empty());
}

TEST_CASE("of no task at all nothing is said") {
    const auto tuning = tune({}, usual());
    CHECK_FALSE(tuning.proposes());
    CHECK_FALSE(tuning.first);
    CHECK(render_tuning(tuning, {}).starts_with("No task was decided yet"));
    CHECK(boost::json::parse(render_tuning_json(tuning)).at("first").is_null());
}

TEST_CASE("where sparser results are accepted less often, the gate stays") {
    Tasks tasks;
    add(tasks, 300'000, 285, 300);
    add(tasks, 130'000, 60, 80);
    add(tasks, 20'000, 70, 80);
    const auto tuning = tune(tasks, usual());
    CHECK_FALSE(tuning.proposes());
    const auto& gate = *find(tuning, "gate.min_gaussians");
    CHECK(gate.verdict == Verdict::keep);
    CHECK(gate.why == "Results just below the gate are accepted less often than denser ones.");
    CHECK(find(tuning, "gate.floor")->verdict == Verdict::keep);
}

TEST_CASE("what lies within the noise changes nothing, and that is said") {
    Tasks tasks;
    add(tasks, 300'000, 46, 50);
    add(tasks, 130'000, 44, 50);  // four points less: it may be seventeen, or nine more
    add(tasks, 10'000, 7, 10);
    const auto tuning = tune(tasks, usual());
    CHECK_FALSE(tuning.proposes());
    CHECK(find(tuning, "gate.min_gaussians")->verdict == Verdict::not_enough);
    CHECK(find(tuning, "gate.min_gaussians")->why.starts_with("Not enough to tell"));
    CHECK(find(tuning, "gate.floor")->verdict == Verdict::not_enough);
}

TEST_CASE("where results just above the gate are refused, a higher gate is proposed") {
    auto settings = usual();
    settings.min_gaussians = 20'000;
    Tasks tasks;
    add(tasks, 300'000, 190, 200);
    add(tasks, 25'000, 2, 30);
    add(tasks, 45'000, 29, 30);
    const auto tuning = tune(tasks, settings);
    CHECK(find(tuning, "gate.min_gaussians")->verdict == Verdict::change);
    CHECK(find(tuning, "gate.min_gaussians")->proposed == "30000");
}

TEST_CASE("where everything is refused alike, no density is blamed") {
    Tasks tasks;
    add(tasks, 300'000, 30, 100);
    add(tasks, 170'000, 30, 100);
    add(tasks, 20'000, 30, 100);
    CHECK_FALSE(tune(tasks, usual()).proposes());
}

TEST_CASE("chance alone lowers the gate or raises the floor in few of many samples") {
    std::mt19937_64 engine(11);
    const auto fill = [&](Tasks& tasks, std::int64_t gaussians, double chance, int judged) {
        std::bernoulli_distribution accepted(chance);
        for (int i = 0; i < judged; ++i)
            tasks.push_back(sent(gaussians, accepted(engine) ? 0.8 : 0.0));
    };
    int lowered = 0, raised = 0;
    for (int i = 0; i < 400; ++i) {
        Tasks tasks;
        fill(tasks, 300'000, 0.92, 400);
        fill(tasks, 130'000, 0.82, 80);  // as much less often as would matter
        fill(tasks, 90'000, 0.82, 80);
        fill(tasks, 20'000, 0.645, 40);  // as often as is worth it
        fill(tasks, 40'000, 0.645, 40);
        const auto tuning = tune(tasks, usual());
        lowered += find(tuning, "gate.min_gaussians")->verdict == Verdict::change;
        raised += find(tuning, "gate.floor")->verdict == Verdict::change;
    }
    CHECK(lowered <= 20);
    CHECK(raised <= 20);
}

TEST_CASE("proposals can be copied as flags or as lines of the settings file") {
    const auto tuning = tune(gate_too_high(), usual());
    CHECK(as_flags(tuning) == "--gate.min_gaussians 100000 --gate.floor 60000");
    CHECK(as_toml(tuning) == "[gate]\nmin_gaussians = 100000\nfloor = 60000\n");
    const auto text = render_tuning(tuning, {});
    INFO(text);
    CHECK(text.find("150000 -> 100000") != text.npos);
    CHECK(text.find("\n    --gate.min_gaussians 100000 --gate.floor 60000\n") != text.npos);
    CHECK(text.ends_with("[gate]\nmin_gaussians = 100000\nfloor = 60000\n"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CHECK(line.size() <= 80);
        CHECK_FALSE(line.ends_with(' '));
    }
}

TEST_CASE("programs get the same as JSON on one line") {
    auto tasks = gate_too_high();
    tasks.front().pulled_at = 2'000;
    tasks.back().pulled_at = 1'000;
    const auto text = render_tuning_json(tune(tasks, usual()));
    CHECK(text.find('\n') == text.npos);
    const auto json = boost::json::parse(text);
    CHECK(json.at("tasks") == 360);
    CHECK(json.at("first") == 1'000);
    CHECK(json.at("newest") == 2'000);
    CHECK(json.at("accepted").at("of") == 340);
    CHECK(json.at("flags") == "--gate.min_gaussians 100000 --gate.floor 60000");
    const auto& gate = json.at("advice").at(0);
    CHECK(gate.at("setting") == "gate.min_gaussians");
    CHECK(gate.at("verdict") == "change");
    CHECK(gate.at("proposed") == "100000");
    CHECK(gate.at("evidence").at(1).at("part") == 56);
    CHECK(json.at("advice").at(2).at("verdict") == "not_enough");
    CHECK(json.at("advice").at(2).at("proposed").is_null());
}
