#include "weights/weights_lock.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "weights/digest.hpp"

#include <chrono>
#include <fstream>

namespace fs = std::filesystem;
using weights::read_lock;
using weights::Verify;
using weights::WeightsLock;

namespace {

// A folder with two files and their lock.
struct Model {
    tests::TemporaryFolder folder;

    Model() {
        fs::create_directories(folder.path() / "ckpts");
        write("pipeline.json", "{}");
        write("ckpts/a.safetensors", "weights");
        WeightsLock lock;
        for (const char* name : {"pipeline.json", "ckpts/a.safetensors"})
            lock.files.push_back({name, "o/n@c:" + std::string(name),
                                  std::int64_t(fs::file_size(folder.path() / name)),
                                  weights::sha256_of(folder.path() / name).value(), 0});
        REQUIRE(weights::write_lock(folder.path(), lock).has_value());
    }

    void write(const char* name, const std::string& text) {
        std::ofstream(folder.path() / name, std::ios::binary) << text;
    }

    // Same size, another content, and a time that nobody would notice.
    void damage_behind_the_back(const char* name) {
        const auto file = folder.path() / name;
        const auto time = fs::last_write_time(file);
        write(name, "wEights");
        fs::last_write_time(file, time);
    }

    std::string fault(const char* name, Verify what = Verify::changed) {
        const auto verdicts = weights::verify(folder.path(), what).value();
        for (const auto& verdict : verdicts)
            if (verdict.path == name) return verdict.fault;
        return "not looked at";
    }
};

}  // namespace

TEST_CASE("a lock comes back as it was written") {
    Model model;
    const auto lock = read_lock(model.folder.path()).value();
    REQUIRE(lock);
    REQUIRE(lock->files.size() == 2);
    CHECK(lock->files[1].path == "ckpts/a.safetensors");
    CHECK(lock->files[1].source == "o/n@c:ckpts/a.safetensors");
    CHECK(lock->files[1].size == 7);
}

TEST_CASE("a folder without a lock has nothing to verify") {
    const tests::TemporaryFolder folder;
    CHECK_FALSE(read_lock(folder.path()).value().has_value());
    CHECK(weights::verify(folder.path(), Verify::all).value().empty());
}

TEST_CASE("a lock that cannot be looked at is not taken for none") {
    const tests::TemporaryFolder folder;
    const auto lock = folder.path() / "weights.lock.json";
    fs::create_symlink(lock, lock);  // which nobody, not even root, can follow
    CHECK(read_lock(folder.path()).error().code == network::Errc::io);
    CHECK(weights::verify(folder.path(), Verify::changed).has_error());
}

TEST_CASE("a lock on a bad sector is an error, and a folder in its place a damaged lock") {
    const tests::TemporaryFolder folder;
    const auto lock = folder.path() / "weights.lock.json";
    fs::create_symlink("/proc/self/mem", lock);  // whose first byte nobody can read
    CHECK(read_lock(folder.path()).error().code == network::Errc::disk_failed);
    fs::remove(lock);
    fs::create_directory(lock);
    CHECK(read_lock(folder.path()).error().code == network::Errc::malformed);
}

TEST_CASE("files that are right, missing, cut or changed are told apart") {
    Model model;
    const char* weights = "ckpts/a.safetensors";
    CHECK(model.fault(weights).empty());
    model.write(weights, "weight");
    CHECK(model.fault(weights) == "is 6 bytes long, not 7");
    model.write(weights, "weighty");
    CHECK_THAT(model.fault(weights), Catch::Contains("SHA-256"));
    fs::remove(model.folder.path() / weights);
    CHECK(model.fault(weights) == "missing");
    CHECK(model.fault("pipeline.json").empty());
}

TEST_CASE(
    "a file on a disk that fails is told from one that is wrong, and neither counts as right") {
    Model model;
    const auto file = model.folder.path() / "ckpts/a.safetensors";
    auto lock = read_lock(model.folder.path()).value().value();
    lock.find("ckpts/a.safetensors")->size = 0;
    REQUIRE(weights::write_lock(model.folder.path(), lock).has_value());
    fs::remove(file);
    fs::create_symlink("/proc/self/mem", file);  // to a look at it, it is empty
    const auto may_pass = [&] {
        const auto verdicts = weights::verify(model.folder.path(), Verify::changed).value();
        REQUIRE(verdicts.size() == 2);
        CHECK_FALSE(verdicts[1].fault.empty());
        return verdicts[1].may_pass;
    };
    CHECK(may_pass());
    fs::remove(file);
    CHECK_FALSE(may_pass());
    model.write("ckpts/a.safetensors", "weighty");
    CHECK_FALSE(may_pass());
}

TEST_CASE("what was verified is read again when its time changes, or when all is asked for") {
    Model model;
    const char* weights = "ckpts/a.safetensors";
    CHECK(model.fault(weights).empty());
    model.damage_behind_the_back(weights);
    CHECK(model.fault(weights).empty());
    CHECK_THAT(model.fault(weights, Verify::all), Catch::Contains("SHA-256"));
    const auto file = model.folder.path() / weights;
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(1));
    CHECK_THAT(model.fault(weights), Catch::Contains("SHA-256"));
}

TEST_CASE("a broken lock is refused with the field that is wrong") {
    Model model;
    const auto detail = [&](const std::string& text) {
        model.write("weights.lock.json", text);
        const auto lock = read_lock(model.folder.path());
        REQUIRE(lock.has_error());
        CHECK(lock.error().code == network::Errc::malformed);
        CHECK_THAT(lock.error().detail, Catch::Contains("weights.lock.json"));
        return lock.error().detail;
    };
    using Catch::Contains;
    detail("");
    detail("[]");
    CHECK_THAT(detail("{}"), Contains("files"));
    CHECK_THAT(detail(R"({"files":[1]})"), Contains("files"));
    CHECK_THAT(detail(R"({"files":[{"path":"a"}]})"), Contains("source"));
    CHECK_THAT(detail(R"({"files":[{"path":"../a","source":"s","sha256":"0","size":1}]})"),
               Contains("elsewhere"));
}
