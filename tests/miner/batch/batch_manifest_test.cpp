// The record of a batch: written, read, damaged.
#include "miner/batch/manifest.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iterator>

namespace {

namespace fs = std::filesystem;
using miner::ManifestLine;

ManifestLine passed(const std::string& input) {
    ManifestLine line;
    line.input = input;
    line.content = std::string(64, 'a');
    line.seed = 4'503'599'627'370'495;
    line.batch_seed = 7;
    line.settings = "0123456789abcdef";
    line.outcome = "retry_passed";
    line.attempts = 2;
    line.gaussians = 157'856;
    line.score = 0.69;
    line.scorer = "fake";
    line.file = "chair.spz";
    line.bytes = 3'000'000;
    line.sha256 = std::string(64, 'b');
    line.milliseconds = 2'400;
    line.device = "cpu";
    line.weights = "fedcba9876543210";
    line.origin = "0011223344556677";
    line.version = "1.0";
    return line;
}

std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& file, std::string_view content) {
    std::ofstream(file, std::ios::binary) << content;
}

}  // namespace

TEST_CASE("a line of the manifest is JSON by which a result can be made again, and is read back") {
    const auto line = passed("red \"chair\"\n\x1b[31m.png");
    const auto text = miner::manifest_text(line);
    CHECK(text.find('\n') == text.npos);
    CHECK(text.find('\x1b') == text.npos);
    const auto json = boost::json::parse(text);
    CHECK(json.at("input").as_string() == line.input);
    CHECK(json.at("kind") == "picture");
    CHECK(json.at("seed").as_int64() == 4'503'599'627'370'495);
    CHECK(json.at("score").to_number<double>() == 0.69);
    CHECK(json.at("ms") == 2400);
    CHECK(json.at("weights") == "fedcba9876543210");
    CHECK(json.at("listed_in") == "0011223344556677");
    const auto again = miner::parse_manifest(text);
    REQUIRE(again);
    CHECK(miner::manifest_text(*again) == text);
    CHECK(again->has_result());
    CHECK(again->is_decided());
}

TEST_CASE("what failed or was rejected has no file, and only the gate's verdict is final") {
    auto line = passed("a red chair");
    line.is_prompt = true;
    line.file = line.sha256 = {};
    line.outcome = "rejected";
    auto read = miner::parse_manifest(miner::manifest_text(line));
    REQUIRE(read);
    CHECK(read->is_prompt);
    CHECK_FALSE(read->has_result());
    CHECK(read->is_decided());
    line.outcome = "error";
    line.error = "not a picture";
    line.content = {};
    line.score.reset();
    read = miner::parse_manifest(miner::manifest_text(line));
    REQUIRE(read);
    CHECK_FALSE(read->is_decided());
    CHECK(read->error == "not a picture");
    CHECK_FALSE(read->score);
}

TEST_CASE("what is no line of a manifest, or leads out of the folder, is none") {
    const auto with = [](const char* name, const boost::json::value& value) {
        auto json = boost::json::parse(miner::manifest_text(passed("a.png"))).as_object();
        json[name] = value;
        return miner::parse_manifest(boost::json::serialize(json)).has_value();
    };
    CHECK(with("another", 1));
    CHECK_FALSE(with("file", "../../etc/passwd"));
    CHECK_FALSE(with("file", "/etc/passwd"));
    CHECK_FALSE(with("file", 5));
    CHECK_FALSE(with("sha256", "abc"));
    CHECK_FALSE(with("input_sha256", boost::json::string(64, 'g')));
    CHECK_FALSE(with("seed", -1));
    CHECK_FALSE(with("seed", "7"));
    CHECK_FALSE(with("kind", "mesh"));
    CHECK_FALSE(with("attempts", 1e30));
    for (const auto* text : {"", "{}", "[]", "7", "{\"input\":", "null"})
        CHECK_FALSE(miner::parse_manifest(text));
    CHECK_FALSE(miner::parse_manifest(std::string(100'000, '[')));
}

TEST_CASE("a manifest without a file is empty, and a torn last line does not count") {
    const tests::TemporaryFolder folder;
    const auto path = folder.path() / "manifest.jsonl";
    CHECK(miner::read_manifest(path).value().lines.empty());
    const auto one = miner::manifest_text(passed("a.png")) + "\n",
               two = miner::manifest_text(passed("b.png")) + "\n";
    for (std::size_t size = 0; size < two.size(); ++size) {
        write(path, one + two.substr(0, size));
        const auto read = miner::read_manifest(path).value();
        REQUIRE(read.lines.size() == 1);
        REQUIRE(read.damaged.empty());
    }
    write(path, one + std::string(20, '\0') + "\n" + two + std::string(100'000, 'x') + "\n");
    const auto read = miner::read_manifest(path).value();
    CHECK(read.lines.size() == 2);
    CHECK(read.damaged == std::vector<std::size_t>{2, 4});
}

TEST_CASE("lines are added one by one behind those that it began with") {
    const tests::TemporaryFolder folder;
    const auto path = folder.path() / "manifest.jsonl";
    write(path, "of an earlier run\n");
    const std::vector<ManifestLine> first{passed("a.png")};
    auto manifest = miner::ManifestFile::create(path, first).value();
    CHECK(read(path) == miner::manifest_text(first[0]) + "\n");
    REQUIRE(manifest.add(passed("b.png")).has_value());
    REQUIRE(manifest.add(passed("c.png")).has_value());
    const auto lines = miner::read_manifest(path).value().lines;
    REQUIRE(lines.size() == 3);
    CHECK(lines[2].input == "c.png");
    CHECK(miner::ManifestFile::create(folder.path() / "none/manifest.jsonl", {}).has_error());
}

TEST_CASE("a line for which the disk has no room leaves the others as they were") {
    // A device that is always full, by the system's own words.
    auto manifest = miner::ManifestFile::create("/dev/full", {});
    REQUIRE(manifest.has_value());
    const auto added = manifest->add(passed("a.png"));
    REQUIRE_FALSE(added.has_value());
    CHECK(added.error().code == boost::system::errc::no_space_on_device);
}
