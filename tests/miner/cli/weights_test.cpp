#include "miner/cli/weights.hpp"

#include "config/digest.hpp"
#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "weights/digest.hpp"
#include "weights/weights_lock.hpp"

#include <fstream>

using miner::progress_line;
using namespace std::chrono_literals;

namespace {

// What was warned of, if anything.
struct Examined {
    config::Result<void> right;
    std::string warned;
};

Examined look_at(const std::string& folder) {
    Examined examined;
    examined.right = miner::expect_right(
        folder, [&](const config::Error& damage) { examined.warned += damage.message(); });
    return examined;
}

config::Result<void> expect_right(const std::string& folder) {
    auto examined = look_at(folder);
    CHECK(examined.warned.empty());
    return examined.right;
}

}  // namespace

TEST_CASE("progress tells share, bytes, rate and time left") {
    CHECK(progress_line(0, 3'400'000'000, 0s) == "[------------------------]   0 %  0 B of 3.4 GB");
    CHECK(progress_line(1'700'000'000, 3'400'000'000, 10s) ==
          "[############------------]  50 %  1.7 GB of 3.4 GB  170 MB/s  10 s left");
    CHECK(progress_line(5'000'000, 5'000'000, 2s) ==
          "[########################] 100 %  5 MB of 5 MB  2 MB/s");
    CHECK(progress_line(0, 0, 1s) == "[########################] 100 %  0 B of 0 B");
}

TEST_CASE("fetched weights are told by a hash of their files, whatever their order in the lock") {
    const tests::TemporaryFolder folder;
    CHECK(miner::weights_digest("").empty());
    CHECK(miner::weights_digest(folder.path()).empty());  // not fetched
    weights::WeightsLock lock;
    const std::string a(64, 'a'), b(64, 'b');
    lock.files.push_back({"b.safetensors", "o/n@c:b", 7, b, 0});
    lock.files.push_back({"a.safetensors", "o/n@c:a", 7, a, 0});
    REQUIRE(weights::write_lock(folder.path(), lock).has_value());
    const auto text = a + "  a.safetensors\n" + b + "  b.safetensors\n";
    CHECK(miner::weights_digest(folder.path()) == config::sha256(text).substr(0, 16));
}

TEST_CASE("a fetched model that is no longer what was fetched is not loaded") {
    const tests::TemporaryFolder folder;
    const auto weights = folder.path() / "a.safetensors";
    std::ofstream(weights) << "weights";
    CHECK(expect_right(folder.path()).has_value());  // not fetched: nothing to say
    CHECK(expect_right("").has_value());             // the embedded model
    weights::WeightsLock lock;
    lock.files.push_back({"a.safetensors", "o/n@c:a", 7, weights::sha256_of(weights).value(), 0});
    REQUIRE(weights::write_lock(folder.path(), lock).has_value());
    CHECK(expect_right(folder.path()).has_value());
    std::ofstream(weights) << "weighty";
    const auto refused = expect_right(folder.path());
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == network::Errc::wrong_hash);
    CHECK_THAT(refused.error().detail,
               Catch::Contains("a.safetensors") && Catch::Contains("miner weights fetch"));
}

TEST_CASE("a fetched model on a disk that fails may be right, unless another file of it is wrong") {
    const tests::TemporaryFolder folder;
    const auto wrong = folder.path() / "b.safetensors";
    // Whose first byte nobody can read; to a look at it, it is empty.
    std::filesystem::create_symlink("/proc/self/mem", folder.path() / "a.safetensors");
    std::ofstream(wrong) << "weights";
    weights::WeightsLock lock;
    lock.files.push_back({"a.safetensors", "o/n@c:a", 0, std::string(64, 'a'), 0});
    lock.files.push_back({"b.safetensors", "o/n@c:b", 7, weights::sha256_of(wrong).value(), 0});
    REQUIRE(weights::write_lock(folder.path(), lock).has_value());
    const auto unread = expect_right(folder.path());
    REQUIRE(unread.has_error());
    CHECK(unread.error().code == network::Errc::disk_failed);
    CHECK_THAT(unread.error().detail,
               Catch::Contains("a.safetensors") && Catch::Contains("Input/output error"));
    std::ofstream(wrong) << "weighty";
    CHECK(expect_right(folder.path()).error().code == network::Errc::wrong_hash);
}

TEST_CASE("a model whose lock is damaged is loaded with a warning that says what to do") {
    const tests::TemporaryFolder folder;
    const std::string content =
        GENERATE(as<std::string>(), "", "{\"files\": [{\"path\"", std::string(100, '\0'));
    std::ofstream(folder.path() / "weights.lock.json", std::ios::binary) << content;
    const auto examined = look_at(folder.path());
    CHECK(examined.right.has_value());
    CHECK_THAT(examined.warned,
               Catch::Contains("weights.lock.json") && Catch::Contains("miner weights fetch"));
}
