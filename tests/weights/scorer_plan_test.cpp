#include "weights/scorer_plan.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/weights/fake_hub.hpp"
#include "weights/fetch_model.hpp"
#include "weights/weights_lock.hpp"

#include <set>

namespace fs = std::filesystem;
using network::Errc;
using weights::find_scorer_part;

namespace {

std::vector<weights::Wanted> wanted_of(const std::set<std::string_view>& parts) {
    std::vector<weights::Wanted> wanted;
    for (const auto& part : weights::scorer_parts())
        for (const auto& file : part.files)
            if (parts.contains(part.name) && !file.repository.empty())
                wanted.push_back({std::string(file.repository), std::string(file.from),
                                  std::string(file.to), std::string(file.revision)});
    return wanted;
}

// Everything that is on the hub, at the revisions that are asked for.
struct ScorerHub : tests::FakeHub {
    ScorerHub() {
        for (const auto& part : weights::scorer_parts())
            for (const auto& file : part.files) {
                if (file.repository.empty()) continue;
                const std::string repository(file.repository);
                repositories[repository][std::string(file.from)] =
                    std::string(file.to) + std::string(300, '.');
                if (file.revision != "main") revisions[repository] = std::string(file.revision);
            }
    }
};

struct Seen {
    config::Result<void> end;
    std::size_t files = 0;
};

Seen fetch(ScorerHub& far, const fs::path& folder, const std::set<std::string_view>& parts) {
    Seen seen{config::Result<void>(), 0};
    const weights::FetchWatch watch{
        .plan = [&](std::size_t files, std::int64_t) { seen.files = files; },
        .file = {},
        .progress = {}};
    const auto wanted = wanted_of(parts);
    seen.end = tests::with_hub(far, [&](weights::Hub& hub) {
        return weights::fetch_files(hub, wanted, folder, watch,
                                    [](const fs::path&) { return std::int64_t(1) << 40; });
    });
    return seen;
}

}  // namespace

TEST_CASE("the scorer's parts are four, each in a folder of its name, from plain places") {
    std::set<std::string_view> places;
    for (const auto& part : weights::scorer_parts()) {
        CHECK(find_scorer_part(part.name) == &part);
        CHECK_FALSE(part.licence.empty());
        for (const auto& file : part.files) {
            INFO(file.to);
            CHECK(std::string(file.to).starts_with(std::string(part.name) + "/"));
            CHECK(weights::is_plain_path(file.to));
            CHECK(places.insert(file.to).second);
            CHECK(file.repository.empty() == file.revision.empty());
            CHECK(file.repository.empty() == (part.name == "lpips"));
            CHECK_FALSE(std::string(file.from).ends_with(".bin"));
        }
    }
    CHECK(places.size() == 11);
    CHECK_FALSE(find_scorer_part("ssim"));
}

TEST_CASE("parts of the scorer come one after the other, at fixed revisions, and are locked") {
    ScorerHub far;
    const tests::TemporaryFolder folder;
    const auto& quality = *find_scorer_part("quality");
    CHECK(weights::missing_scorer_files(folder.path(), quality).size() == 3);
    const auto first = fetch(far, folder.path(), {"quality"});
    INFO((first.end.has_error() ? first.end.error().message() : ""));
    REQUIRE(first.end.has_value());
    CHECK(first.files == 3);
    CHECK(weights::missing_scorer_files(folder.path(), quality).empty());
    CHECK(weights::missing_scorer_files(folder.path(), *find_scorer_part("text")).size() == 4);
    CHECK_FALSE(far.served.contains("open_clip_model.safetensors"));

    const auto more = fetch(far, folder.path(), {"quality", "text", "picture"});
    REQUIRE(more.end.has_value());
    CHECK(more.files == 6);
    for (const auto* name : {"text", "picture"})
        CHECK(weights::missing_scorer_files(folder.path(), *find_scorer_part(name)).empty());
    CHECK(weights::read_lock(folder.path()).value()->files.size() == 9);
    for (const auto& verdict : weights::verify(folder.path(), weights::Verify::all).value())
        CHECK(verdict.fault.empty());

    std::ofstream(folder.path() / "text" / "merges.txt") << "damaged";
    CHECK(fetch(far, folder.path(), {"picture"}).files == 0);
    CHECK(fetch(far, folder.path(), {"text"}).files == 1);
}

TEST_CASE("a repository that has no such revision, or lacks a file of the scorer, says so") {
    ScorerHub far;
    const tests::TemporaryFolder folder;
    far.repositories["404-Gen/validation"].clear();
    const auto lacking = fetch(far, folder.path(), {"quality"});
    REQUIRE(lacking.end.has_error());
    CHECK(lacking.end.error().code == Errc::malformed);
    CHECK_THAT(lacking.end.error().detail, Catch::Contains("quality_scorer.safetensors"));
    far.revisions["facebook/dinov2-small"] = "main";
    const auto moved = fetch(far, folder.path(), {"quality"});
    REQUIRE(moved.end.has_error());
    CHECK(moved.end.error().code == Errc::bad_status);
    CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("what is missing says where it comes from") {
    const auto& lpips = *find_scorer_part("lpips");
    CHECK_THAT(weights::origin_of(lpips.files[0]), Catch::Contains("alexnet-owt-7be5be79.pth"));
    CHECK_THAT(weights::origin_of(find_scorer_part("quality")->files[1]),
               Catch::Equals("quality/model.safetensors is model.safetensors of "
                             "facebook/dinov2-small@150c8e7bb7cef2d30ec31b13a517af14840ee3f7"));
}
