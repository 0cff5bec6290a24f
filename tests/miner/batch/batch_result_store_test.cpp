// Whose the files in a batch's folder are.
#include "miner/batch/result_store.hpp"

#include "config/digest.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

namespace {

namespace fs = std::filesystem;
using miner::ManifestLine;
using miner::ResultStore;
using Names = std::vector<std::string>;

std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

struct Scene {
    tests::TemporaryFolder temporary;
    std::optional<miner::BatchFolder> folder =
        miner::BatchFolder::open(temporary.path() / "out").value();

    ResultStore open(const std::vector<ManifestLine>& lines, bool stay = true) const {
        return ResultStore::open(*folder, lines, stay).value();
    }
    fs::path path(const std::string& file) const { return folder->path() / file; }
    void write(const std::string& file, std::string_view content) const {
        std::ofstream(path(file), std::ios::binary) << content;
    }
    static ManifestLine line(const std::string& file, std::string_view content) {
        ManifestLine line;
        line.file = file;
        line.sha256 = config::sha256(content);
        return line;
    }
    static std::string put(ResultStore& store, const std::string& file, std::string_view content) {
        const std::vector<std::uint8_t> bytes(content.begin(), content.end());
        return store.put(line(file, content), bytes).value();
    }
};

}  // namespace

TEST_CASE("what no batch put there is foreign, and results are not") {
    const Scene scene;
    scene.write("chair.spz", "splats");
    scene.write("other.spz", "whatever");
    scene.write("Big.SPZ", "whatever");
    scene.write("notes.txt", "whatever");
    fs::create_directory(scene.path("folder.spz"));
    auto names = scene.open({Scene::line("chair.spz", "splats")}).foreign(".spz").value();
    std::sort(names.begin(), names.end());
    CHECK(names == Names{"Big.SPZ", "folder.spz", "other.spz"});
}

TEST_CASE("a result without a line is one all the same, until another file is in its place") {
    const Scene scene;
    {
        auto store = scene.open({});
        CHECK(Scene::put(store, "chair.spz", "splats").empty());
        CHECK(Scene::put(store, "table.spz", "splats").empty());
        store.recorded(Scene::line("table.spz", "splats"));
    }  // killed
    auto store = scene.open({Scene::line("table.spz", "splats")});
    CHECK(store.foreign(".spz").value().empty());
    CHECK(Scene::put(store, "chair.spz", "more splats").empty());
    CHECK(read(scene.path("chair.spz")) == "more splats");
    store.recorded(Scene::line("chair.spz", "more splats"));
    // From here on its line alone tells of it.
    CHECK(fs::file_size(scene.folder->notes()) == 0);
    CHECK(scene.open({}).foreign(".spz").value().size() == 2);
}

TEST_CASE("results that the manifest is begun without are the batch's own yet") {
    const Scene scene;
    scene.write("chair.spz", "splats");
    scene.open({Scene::line("chair.spz", "splats")}, false);
    auto store = scene.open({});
    CHECK(store.foreign(".spz").value().empty());
    CHECK(Scene::put(store, "chair.spz", "new").empty());
}

TEST_CASE("what is not as it was made is moved aside, and over nothing") {
    const Scene scene;
    auto store = scene.open({Scene::line("chair.spz", "splats")});
    scene.write("chair.spz", "edited");
    scene.write("chair.edited.spz", "edited before");
    CHECK(Scene::put(store, "chair.spz", "splats") == "chair.edited-2.spz");
    CHECK(read(scene.path("chair.spz")) == "splats");
    CHECK(read(scene.path("chair.edited.spz")) == "edited before");
    CHECK(read(scene.path("chair.edited-2.spz")) == "edited");

    // A link is somebody's, and what it leads to even more so.
    scene.write("elsewhere", "splats");
    fs::remove(scene.path("chair.spz"));
    fs::create_symlink("elsewhere", scene.path("chair.spz"));
    CHECK(Scene::put(store, "chair.spz", "new") == "chair.edited-3.spz");
    CHECK(read(scene.path("elsewhere")) == "splats");
    CHECK(fs::is_symlink(scene.path("chair.edited-3.spz")));
}

TEST_CASE("notes that are torn or lead elsewhere count for nothing") {
    const Scene scene;
    scene.write("chair.spz", "splats");
    const auto hash = config::sha256("splats");
    for (const auto& note : {hash + "  chair.spz", hash + "  ../chair.spz\n", hash + "\n",
                             std::string("chair.spz\n"), std::string("\n\n")}) {
        std::ofstream(scene.folder->notes()) << note;
        CHECK(scene.open({}).foreign(".spz").value() == Names{"chair.spz"});
    }
    std::ofstream(scene.folder->notes()) << hash + "  chair.spz\n";
    CHECK(scene.open({}).foreign(".spz").value().empty());
}
