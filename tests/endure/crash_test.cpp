// Some of the stories and all of the steps of ops/endure.sh, for CI.
#include "tests/endure/crash_story.hpp"
#include "tests/endure/step_cuts.hpp"
#include "tests/support/catch.hpp"

using namespace endure;

namespace {

std::string in_lines(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& line : words) text += line + "\n";
    return text;
}

void check_steps(const StepFigures& figures) {
    INFO(in_lines(figures.broken));
    CHECK(figures.broken.empty());
    CHECK(figures.changes > 20);
    CHECK(figures.states > figures.changes);
}

}  // namespace

TEST_CASE(
    "a miner cut off by kill -9 and power cuts loses no task, makes none twice, sends none twice") {
    const auto all = crash_stories(8, 1, [](std::uint32_t, const StoryFigures&) {});
    INFO(in_lines(all.broken));
    CHECK(all.broken.empty());
    CHECK(all.tasks == 8 * 6);
    CHECK(all.cuts >= 4);
}

TEST_CASE(
    "what a call has returned from is kept by a power cut, the folders of a first start too") {
    std::mt19937 random(1);
    check_steps(cut_keeping(1, random));
}

TEST_CASE("a backup cut between any two steps leaves nothing or a whole copy") {
    std::mt19937 random(2);
    check_steps(cut_backup(false, 1, random));
}

TEST_CASE("a backup cut between any two steps leaves an older copy with what is in its -wal") {
    std::mt19937 random(3);
    check_steps(cut_backup(true, 1, random));
}

TEST_CASE("a restore cut between any two steps, and its continuation too, loses neither database") {
    std::mt19937 random(4);
    check_steps(cut_restore(false, 1, random));
}

TEST_CASE("a -wal of what was set aside earlier does not come back to what is set aside now") {
    std::mt19937 random(5);
    check_steps(cut_restore(true, 4, random));
}
