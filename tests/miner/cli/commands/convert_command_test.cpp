// miner convert from the command line to its file and its words.
#include "generator/splat/export.hpp"
#include "generator/splat/health.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_scorer.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using Bytes = std::vector<std::uint8_t>;
using generator::SplatFormat;

tests::Outcome convert(std::vector<std::string> words) {
    words.insert(words.begin(), "convert");
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line(words);
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        return line ? int(miner::convert_command(*line)) : 64;
    });
}

tests::Outcome render(const fs::path& file, const fs::path& picture) {
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line({"render", file, "-o", picture, "--size", "16"});
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        return line ? int(miner::render_command(*line, tests::make_cpu_rasterizer())) : 64;
    });
}

void write(const fs::path& path, const Bytes& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}

Bytes read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// As TRELLIS leaves them: -y up.
generator::StoredSplats upside_down() {
    return generator::export_splats(tests::cone(3'000), {.up = generator::Up::trellis});
}

}  // namespace

TEST_CASE("a PLY becomes a GLB that stands on its feet, and says so") {
    const tests::TemporaryFolder folder;
    const auto ply = folder.path() / "a.ply", glb = folder.path() / "a.glb";
    write(ply, generator::write_ply(upside_down()));
    const auto outcome = convert({ply, glb});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.out, Contains("a.glb: glTF with KHR_gaussian_splatting, 3000 Gaussians"));
    CHECK_THAT(outcome.out,
               Contains("half a turn about x, from -y up to +y up; by the shape up is y"));
    const auto made = generator::read_splats(read(glb)).value();
    CHECK(generator::guess_up(made) == "y");
    CHECK(made.position[7][1] == -upside_down().position[7][1]);

    // And back, to the last bit of all places.
    const auto back = folder.path() / "b.ply";
    REQUIRE(convert({glb, back}).exit_status.code == 0);
    CHECK((generator::read_splats(read(back)).value().position == upside_down().position));
}

TEST_CASE("axes are kept where both kinds agree, and where that is asked for") {
    const tests::TemporaryFolder folder;
    const auto ply = folder.path() / "a.ply", spz = folder.path() / "a.spz",
               glb = folder.path() / "a.glb";
    write(ply, generator::write_ply(upside_down()));
    const auto kept = convert({ply, glb, "--axes", "keep", "--json"});
    const auto told = boost::json::parse(kept.out);
    CHECK(told.at("turned") == false);
    CHECK(told.at("up_by_the_shape") == "-y");
    CHECK(told.at("gaussians").as_int64() == 3'000);
    CHECK_THAT(convert({glb, spz, "--spz", "subnet"}).out, Contains("axes: as they were"));
    CHECK(generator::format_of(read(spz)) == SplatFormat::spz_subnet);
    REQUIRE(convert({glb, spz}).exit_status.code == 0);
    CHECK(generator::format_of(read(spz)) == SplatFormat::spz_niantic);
}

TEST_CASE("a PLY that says +z is up is turned a quarter, and what it lacks is said") {
    const tests::TemporaryFolder folder;
    const auto in = folder.path() / "a.ply", glb = folder.path() / "a.glb",
               out = folder.path() / "b.ply";
    // As nerfstudio writes it.
    auto standing = generator::store(tests::cone(3'000));
    auto bytes = generator::write_ply(standing);
    const std::string format = "format binary_little_endian 1.0\n",
                      says = "comment Vertical Axis: z\n";
    const auto at = std::search(bytes.begin(), bytes.end(), format.begin(), format.end());
    bytes.insert(at + std::ptrdiff_t(format.size()), says.begin(), says.end());
    write(in, bytes);
    const auto outcome = convert({in, glb});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.out, Contains("it says that +z is up"));
    CHECK_THAT(outcome.out,
               Contains("a quarter turn about x, from +z up to +y up; by the shape up is y"));
    const auto told = boost::json::parse(convert({in, out, "--json"}).out);
    CHECK(told.at("quarter_turns") == 1);
    CHECK(told.at("up_by_the_shape") == "-y");
    CHECK(told.at("remarks").as_array().size() == 1);
    CHECK_THAT(
        convert({in, glb, "--axes", "keep"}).out,
        Contains("axes: as they were, +z up, which the file does not say; by the shape up is z"));
    const auto drawn = render(in, folder.path() / "a.png");
    CHECK(drawn.exit_status.code == 0);
    CHECK_THAT(drawn.err, Contains("it says that +z is up") && Contains("is drawn as it lies"));
    CHECK(render(glb, folder.path() / "a.png").err.empty());

    std::string flat(bytes.begin(), bytes.end());
    flat.replace(flat.find("scale_2"), 7, "other_2");
    write(in, {flat.begin(), flat.end()});
    CHECK_THAT(convert({in, out}).out, Contains("its Gaussians are flat (2DGS)"));
}

TEST_CASE("from SPZ to SPZ every byte stays, whatever the settings ask of new ones") {
    const tests::TemporaryFolder folder;
    const auto payload = tests::fine_payload(3'000, 1);
    const auto subnet = folder.path() / "a.spz", niantic = folder.path() / "b.spz",
               back = folder.path() / "c.spz";
    write(subnet, tests::zstd(payload));
    const auto outcome = convert({subnet, niantic, "--export.fraction_bits", "20"});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.out, Contains("places: in steps of 2^-14, as they were"));
    CHECK(tests::gunzip(read(niantic)) == payload);
    const auto told = convert({niantic, back, "--spz", "subnet", "--json"});
    CHECK(boost::json::parse(told.out).at("fraction_bits").as_int64() == 14);
    CHECK(tests::unzstd(read(back)) == payload);
}

TEST_CASE("places beyond what the bits asked for reach are kept, and in which steps is said") {
    const tests::TemporaryFolder folder;
    const auto ply = folder.path() / "a.ply", spz = folder.path() / "a.spz";
    auto splats = upside_down();
    splats.position[3] = {600, 0.25F, -700};
    write(ply, generator::write_ply(splats));
    const auto outcome = convert({ply, spz});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.out, Contains("places: in steps of 2^-13"));
    CHECK((generator::read_splats(read(spz)).value().position[3] ==
           std::array<float, 3>{600, -0.25F, 700}));
    const auto told = boost::json::parse(convert({ply, spz, "--json"}).out);
    CHECK(told.at("fraction_bits").as_int64() == 13);
    fs::remove(spz);

    splats.position[4][0] = std::numeric_limits<float>::quiet_NaN();
    write(ply, generator::write_ply(splats));
    const auto refused = convert({ply, spz});
    CHECK(refused.exit_status.code == int(miner::ExitCode::bad_input));
    CHECK_THAT(refused.err, Contains("1 of 3000 Gaussians"));
    CHECK_FALSE(fs::exists(spz));
}

TEST_CASE("a place that a turn takes out of reach is kept, and in which steps is said") {
    const tests::TemporaryFolder folder;
    const auto in = folder.path() / "a.spz", out = folder.path() / "b.spz";
    auto payload = tests::fine_payload(500, 1);
    // The lowest y, which has no opposite; and that -y is up.
    payload[19] = payload[20] = 0;
    payload[21] = 0x80;
    payload[14] |= 2;
    for (const std::uint8_t byte : {0x03, 0x00, 0xBE, 0xAD, 4, 0, 0, 0, 6, 0, 0, 0})
        payload.push_back(byte);
    write(in, tests::gzip(payload));
    const auto outcome = convert({in, out});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.out, Contains("steps of 2^-13, as some have no room with the 14 bits"));
    CHECK(generator::read_splat_file(read(out)).value().fraction_bits == 13);
    const auto told = boost::json::parse(convert({in, out, "--json"}).out);
    CHECK(told.at("fraction_bits").as_int64() == 13);
}

TEST_CASE("a name that is not UTF-8 leaves the JSON whole") {
    const tests::TemporaryFolder folder;
    const auto in = folder.path() / "a.ply", out = folder.path() / "b\xff\x9b.glb";
    write(in, generator::write_ply(upside_down()));
    const auto outcome = convert({in, out, "--json"});
    INFO(outcome.err);
    REQUIRE(outcome.exit_status.code == 0);
    CHECK_THAT(std::string(boost::json::parse(outcome.out).at("path").as_string()),
               Contains("b\xef\xbf\xbd\xef\xbf\xbd.glb"));
}

TEST_CASE("what cannot be converted leaves no file, and is named") {
    const tests::TemporaryFolder folder;
    const auto in = folder.path() / "a.ply", out = folder.path() / "a.glb";
    write(in, {'p', 'l', 'y'});
    const auto damaged = convert({in, out});
    CHECK(damaged.exit_status.code == int(miner::ExitCode::bad_input));
    CHECK_THAT(damaged.err, Contains("a.ply"));
    auto splats = upside_down();
    splats.rotation[0] = {0, 0, 0, 0};
    write(in, generator::write_ply(splats));
    const auto refused = convert({in, out});
    CHECK(refused.exit_status.code == int(miner::ExitCode::bad_input));
    CHECK_THAT(refused.err, Contains("1 of 3000 Gaussians"));
    CHECK_FALSE(fs::exists(out));
    CHECK(convert({in, folder.path() / "a.obj"}).exit_status.code == 64);
    CHECK(convert({in}).exit_status.code == 64);
}
