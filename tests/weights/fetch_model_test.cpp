#include "weights/fetch_model.hpp"

#include "config/durable_file.hpp"
#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/weights/fake_hub.hpp"
#include "weights/weights_lock.hpp"

#include <chrono>
#include <cstdint>
#include <fstream>
#include <set>
#include <vector>

namespace fs = std::filesystem;
using network::Errc;

namespace {

const std::string kRepository = "microsoft/TRELLIS-image-large";
const std::string kEncoder = "facebook/dinov2-with-registers-large";
const std::string kPipeline = R"({"args": {"models": {
    "sparse_structure_flow_model": "ckpts/flow", "sparse_structure_decoder": "ckpts/dec",
    "slat_flow_model": "ckpts/slat", "slat_decoder_gs": "ckpts/gs"},
    "image_cond_model": "dinov2_vitl14_reg"}})";

struct FakeHub : tests::FakeHub {
    FakeHub() {
        auto& own = repositories[kRepository];
        own["pipeline.json"] = kPipeline;
        for (const char* name : {"flow", "dec", "slat", "gs"}) {
            own["ckpts/" + std::string(name) + ".json"] = "{}";
            own["ckpts/" + std::string(name) + ".safetensors"] = std::string(300, name[0]);
        }
        repositories[kEncoder] = {{"config.json", "{}"}, {"model.safetensors", "weights"}};
    }
};

struct Seen {
    config::Result<void> end;
    std::size_t files = 0;
    std::int64_t bytes = 0, progress = 0;
    std::string notices = {};
};

Seen fetch(FakeHub& far, const fs::path& folder, std::int64_t room = std::int64_t(1) << 40) {
    Seen seen{config::Result<void>(), 0, 0, 0};
    const weights::FetchWatch watch{
        .plan =
            [&](std::size_t files, std::int64_t bytes) {
                seen.files = files;
                seen.bytes = bytes;
            },
        .file = {},
        .progress = [&](std::int64_t bytes) { seen.progress += bytes; },
        .notice = [&](const std::string& what) { seen.notices += what; }};
    seen.end = tests::with_hub(far, [&](weights::Hub& hub) {
        return weights::fetch_model(hub, kRepository, "main", folder, watch,
                                    [=](const fs::path&) { return room; });
    });
    return seen;
}

}  // namespace

TEST_CASE("a model comes whole, with its encoder, and is locked") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    const auto model = folder.path() / "models" / "trellis";
    const auto seen = fetch(far, model);
    INFO((seen.end.has_error() ? seen.end.error().message() : ""));
    REQUIRE(seen.end.has_value());
    CHECK(seen.files == 10);
    CHECK(seen.bytes == 4 * 302 + 2 + 7);
    CHECK(seen.progress == seen.bytes);
    CHECK(fs::exists(model / "pipeline.json"));
    CHECK(fs::exists(model / "dinov2_vitl14_reg" / "model.safetensors"));
    for (const auto& verdict : weights::verify(model, weights::Verify::all).value())
        CHECK(verdict.fault.empty());
    const auto lock = weights::read_lock(model).value();
    CHECK(lock->files.size() == 11);
    for (const auto& each : fs::recursive_directory_iterator(model))
        CHECK(each.path().string().find(".part") == std::string::npos);
}

TEST_CASE("what is there and right is not fetched again; what changed is") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    REQUIRE(fetch(far, folder.path()).end.has_value());
    auto again = fetch(far, folder.path());
    CHECK(again.end.has_value());
    CHECK(again.files == 0);
    std::ofstream(folder.path() / "ckpts" / "gs.safetensors") << "damaged";
    fs::remove(folder.path() / "ckpts" / "dec.json");
    again = fetch(far, folder.path());
    CHECK(again.end.has_value());
    CHECK(again.files == 2);
    far.repositories[kRepository]["ckpts/flow.safetensors"] = "new weights";
    far.commit = std::string(40, 'b');
    again = fetch(far, folder.path());
    REQUIRE(again.end.has_value());
    CHECK(again.files == 6);  // the small files too: nothing but their commit tells them apart
    CHECK(fs::file_size(folder.path() / "ckpts" / "flow.safetensors") == 11);
}

TEST_CASE("a fetch that is cut off leaves nothing that loads, and goes on later") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    far.forbidden = "ckpts/gs.safetensors";
    const auto seen = fetch(far, folder.path());
    CHECK(seen.end.error().code == Errc::bad_status);
    CHECK_FALSE(fs::exists(folder.path() / "pipeline.json"));
    far.forbidden.clear();
    const auto rest = fetch(far, folder.path());
    CHECK(rest.end.has_value());
    CHECK(rest.files < 10);
    CHECK(fs::exists(folder.path() / "pipeline.json"));
}

TEST_CASE("without room on the disk nothing is begun") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    const auto seen = fetch(far, folder.path() / "m", 1000);
    CHECK(seen.end.error().code == Errc::no_space);
    CHECK_THAT(seen.end.error().detail, Catch::Contains("weights.path"));
    CHECK(far.served == std::set<std::string>{"pipeline.json"});  // to know what there is
    CHECK(weights::free_bytes_at(folder.path() / "not" / "there") > 0);
}

TEST_CASE("a fetch that goes on needs room for what is missing alone") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    const auto whole = std::int64_t(64 << 20) + 4 * 302 + 2 + 7;
    const auto part = folder.path() / "ckpts" / "gs.safetensors.part";
    fs::create_directories(part.parent_path());
    CHECK(fetch(far, folder.path(), whole - 300).end.error().code == Errc::no_space);
    // Synced, so that it has its blocks.
    REQUIRE(config::write_durably(part, std::vector<std::uint8_t>(300, 'x')).has_value());
    CHECK(fetch(far, folder.path(), whole - 301).end.error().code == Errc::no_space);
    CHECK(fetch(far, folder.path(), whole - 300).end.has_value());
}

TEST_CASE("what was touched and found right is not looked at again") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    REQUIRE(fetch(far, folder.path()).end.has_value());
    const auto file = folder.path() / "ckpts" / "gs.safetensors";
    fs::last_write_time(file, fs::file_time_type::clock::now() + std::chrono::hours(1));
    REQUIRE(fetch(far, folder.path()).end.has_value());
    auto lock = weights::read_lock(folder.path()).value();
    CHECK(lock->find("ckpts/gs.safetensors")->verified_mtime_ns == weights::mtime_ns(file));
}

TEST_CASE("a repository that is no TRELLIS model, or lacks a file, says so") {
    const tests::TemporaryFolder folder;
    FakeHub far;
    far.repositories[kRepository].erase("ckpts/gs.json");
    CHECK_THAT(fetch(far, folder.path()).end.error().detail, Catch::Contains("ckpts/gs.json"));
    far.repositories[kRepository].erase("pipeline.json");
    CHECK_THAT(fetch(far, folder.path()).end.error().detail,
               Catch::Contains("not a TRELLIS model"));
    far.repositories.erase(kRepository);
    CHECK(fetch(far, folder.path()).end.error().code == Errc::bad_status);
}

TEST_CASE("a lock that a power cut damaged is made anew, and what is there is not fetched again") {
    FakeHub far;
    const tests::TemporaryFolder folder;
    REQUIRE(fetch(far, folder.path()).end.has_value());
    const auto before = weights::read_lock(folder.path()).value()->files.size();
    const std::string content =
        GENERATE(as<std::string>(), "", "{\"files\": [{", std::string(200, '\0'));
    std::ofstream(folder.path() / "weights.lock.json", std::ios::binary) << content;
    std::ofstream(folder.path() / "ckpts" / "gs.safetensors") << std::string(300, '?');
    far.served.clear();
    const auto again = fetch(far, folder.path());
    INFO((again.end.has_error() ? again.end.error().message() : ""));
    CHECK(again.end.has_value());
    CHECK_THAT(again.notices, Catch::Contains("weights.lock.json"));
    CHECK(again.files == 1);
    CHECK(far.served == std::set<std::string>{"pipeline.json", "ckpts/gs.safetensors"});
    CHECK(weights::read_lock(folder.path()).value()->files.size() == before);
    for (const auto& verdict : weights::verify(folder.path(), weights::Verify::all).value())
        CHECK(verdict.fault.empty());
}
