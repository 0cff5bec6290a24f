#include "miner/check/scorer.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "weights/scorer_plan.hpp"

#include <fstream>
#include <string>

using State = miner::Finding::State;

namespace {

void put(const std::filesystem::path& folder, const weights::ScorerPart& part) {
    for (const auto& file : part.files) {
        const auto path = folder / file.to;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << "weights";
    }
}

bool holds(const miner::Finding& finding, const std::string& words) {
    return finding.found.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("whoever uses no scorer hears nothing of it") {
    CHECK(miner::check_scorer({}, {}).empty());
}

TEST_CASE("a scorer is found with its parts, or what it lacks is named") {
    const tests::TemporaryFolder folder;
    config::Score score;
    score.model = folder.path().string();
    const auto finding = [&] { return miner::check_scorer(score, {}).at(0); };
    CHECK(finding().state == State::warn);
    CHECK(holds(finding(), "not whole"));

    const auto parts = weights::scorer_parts();
    put(folder.path(), parts[0]);
    CHECK(finding().state == State::warn);
    CHECK(holds(finding(), "quality; left out of predictions: text, picture, lpips"));
    CHECK(finding().remedy.find("miner weights fetch") != std::string::npos);

    for (const auto& part : parts) put(folder.path(), part);
    CHECK(finding().state == State::ok);

    std::filesystem::remove(folder.path() / parts[1].files[0].to);
    CHECK(holds(finding(), "not whole"));
}

TEST_CASE("the embedded judge is no scorer to mine with, and one candidate needs none") {
    config::Score score;
    score.model = config::kEmbeddedScorer;
    CHECK(miner::check_scorer(score, {}).at(0).state == State::warn);
    config::Candidates one;
    one.most = 1;
    CHECK(miner::check_scorer(score, one).at(0).state == State::ok);
}
