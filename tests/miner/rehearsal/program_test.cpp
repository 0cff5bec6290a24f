#include "miner/rehearsal/program.hpp"
#include "generator/image/decode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <set>

using miner::JudgedBy;
using miner::make_program;

namespace {

config::Settings settings(int tasks, double text_share) {
    config::Settings settings;
    settings.rehearse.tasks = tasks;
    settings.rehearse.text_share = text_share;
    return settings;
}

// By what the tasks of each kind are judged.
std::set<JudgedBy> judges(const miner::Program& program, network::TaskKind kind) {
    std::set<JudgedBy> found;
    for (const auto& task : program.tasks)
        if (task.kind == kind) found.insert(program.names.at(task.id).judged_by);
    return found;
}

void write_picture(const std::filesystem::path& file, std::uint8_t alpha_of_a_corner) {
    generator::Image image{8, 8, 4, std::vector<std::uint8_t>(256, 255)};
    image.pixels[3] = alpha_of_a_corner;
    const auto png = generator::encode_png(image);
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(png.data()), std::streamsize(png.size()));
}

}  // namespace

TEST_CASE("a rehearsal of the embedded model knows the truth of every task") {
    const auto program = make_program(settings(60, 0.5));
    REQUIRE(program.has_value());
    REQUIRE(program->tasks.size() == 60);
    REQUIRE(program->names.size() == 60);
    CHECK(judges(*program, network::TaskKind::text) == std::set{JudgedBy::truth});
    CHECK(judges(*program, network::TaskKind::image) == std::set{JudgedBy::truth});
    for (const auto& task : program->tasks) CHECK_FALSE(program->objects.at(task.id).empty());
}

TEST_CASE("what another model makes is not measured by the embedded one's world") {
    auto other = settings(10, 0.5);
    other.generator.model = "/srv/models/trellis-image-large";
    const auto program = make_program(other);
    REQUIRE(program.has_value());
    CHECK(judges(*program, network::TaskKind::text) == std::set{JudgedBy::density});
    CHECK(judges(*program, network::TaskKind::image) == std::set{JudgedBy::likeness});
    for (const auto& task : program->tasks) CHECK(program->objects.at(task.id).empty());
}

TEST_CASE("pictures of one's own fall back on likeness, and on density without a silhouette") {
    const tests::TemporaryFolder folder;
    write_picture(folder.path() / "a_cut_out.png", 0);
    write_picture(folder.path() / "b_opaque.png", 255);
    auto own = settings(4, 0);
    own.rehearse.pictures = folder.path().string();
    const auto program = make_program(own);
    REQUIRE(program.has_value());
    REQUIRE(program->tasks.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        const auto& id = program->tasks[i].id;
        CHECK(program->names.at(id).text == (i % 2 == 0 ? "a_cut_out" : "b_opaque"));
        CHECK(program->names.at(id).judged_by ==
              (i % 2 == 0 ? JudgedBy::likeness : JudgedBy::density));
        CHECK(program->objects.at(id).empty());
    }
    own.rehearse.pictures = (folder.path() / "nowhere").string();
    CHECK_FALSE(make_program(own).has_value());
}
