// miner convert's GLB and SPZ, read by libraries that somebody else wrote, and SPZ that these
// write.
#include "generator/splat/splat_file.hpp"
#include "tests/e2e/scene.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

using namespace tests;

namespace {

Outcome by_python(std::vector<std::string> words) {
    words.front() = project_path("tests/e2e/" + words.front());
    return run_to_end({.program = project_path(".venv/bin/python"), .arguments = words}, kPatience);
}

double opacity(float logit) { return 1 / (1 + std::exp(-double(logit))); }

// Two readings of the same SPZ.
void check_same(const generator::StoredSplats& ours, const generator::StoredSplats& theirs) {
    REQUIRE(ours.size() == theirs.size());
    double apart = 0, turned = 0, opaque = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        double dot = 0, a = 0, b = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            dot += double(ours.rotation[i][k]) * theirs.rotation[i][k];
            a += double(ours.rotation[i][k]) * ours.rotation[i][k];
            b += double(theirs.rotation[i][k]) * theirs.rotation[i][k];
        }
        turned = std::max(turned, 1 - std::abs(dot) / std::sqrt(a * b));
        opaque = std::max(opaque, std::abs(opacity(ours.logit[i]) - opacity(theirs.logit[i])));
        for (std::size_t k = 0; k < 3; ++k)
            apart = std::max({apart, std::abs(double(ours.position[i][k]) - theirs.position[i][k]),
                              std::abs(double(ours.log_scale[i][k]) - theirs.log_scale[i][k]),
                              std::abs(double(ours.colour[i][k]) - theirs.colour[i][k])});
    }
    CHECK(apart < 1e-5);
    CHECK(turned < 1e-6);
    CHECK(opaque < 0.5 / 255 + 1e-6);  // 0 and 1 have no finite logit: ours are moved inwards
}

}  // namespace

TEST_CASE("an SPZ is read by Niantic's library as by us, whoever wrote it and in every version") {
    Scene scene;
    const auto ply = project_path("tests/golden/gsplat/hamburger.ply");
    const auto spz = scene.home() / "a.spz";
    const auto [writer, version] = GENERATE(table<std::string, std::string>({{"ours", "niantic"},
                                                                             {"ours", "niantic-3"},
                                                                             {"theirs", "2"},
                                                                             {"theirs", "3"},
                                                                             {"theirs", "4"}}));
    CAPTURE(writer, version);
    const auto written = writer == "ours" ? scene.ask({"convert", ply, spz, "--spz", version})
                                          : by_python({"gaussforge_convert.py", ply, spz, version});
    INFO(written.err);
    REQUIRE(written.exit_status == ProcessExit{.code = 0});
    const auto ours = scene.home() / "ours.ply", theirs = scene.home() / "theirs.ply";
    // It takes the axes as they are.
    const auto by_us = scene.ask({"convert", spz, ours, "--axes", "keep"});
    INFO(by_us.err);
    REQUIRE(by_us.exit_status == ProcessExit{.code = 0});
    const auto by_them = by_python({"gaussforge_convert.py", spz, theirs});
    INFO(by_them.err);
    REQUIRE(by_them.exit_status == ProcessExit{.code = 0});
    const auto read = generator::read_splats(read_bytes(ours)).value();
    CHECK(read.size() == 52'709);
    check_same(read, generator::read_splats(read_bytes(theirs)).value());
}

TEST_CASE("a GLB is as its specifications ask, and holds what the PLY held, turned upright") {
    Scene scene;
    const auto ply = project_path("tests/golden/gsplat/hamburger.ply");
    const auto made = scene.ask({"convert", ply, "a.glb"});
    INFO(made.err);
    REQUIRE(made.exit_status == ProcessExit{.code = 0});
    const auto splats = generator::read_splats(read_bytes(ply)).value();
    const std::array<std::size_t, 3> some{0, splats.size() / 2, splats.size() - 1};
    std::vector<std::string> words{"read_glb.py", scene.home() / "a.glb"};
    for (const auto i : some) words.push_back(std::to_string(i));
    const auto read = by_python(words);
    INFO(read.err);
    REQUIRE(read.exit_status == ProcessExit{.code = 0});
    std::istringstream lines(read.out);
    std::string line;
    for (const auto i : some) {
        REQUIRE(std::getline(lines, line));
        const auto row = boost::json::parse(line);
        const auto number = [&](const char* what, std::size_t k) {
            return row.at(what).at(k).to_number<double>();
        };
        CHECK(row.at("count").as_int64() == std::int64_t(splats.size()));
        const std::array<float, 3> upright{splats.position[i][0], -splats.position[i][1],
                                           -splats.position[i][2]};
        double length = 0;
        for (const float part : splats.rotation[i]) length += double(part) * part;
        const auto& [w, x, y, z] = splats.rotation[i];
        // Half a turn about x before it, and the scalar last.
        const std::array<float, 4> turned{w, -z, y, -x};
        for (std::size_t k = 0; k < 3; ++k) {
            CHECK(float(number("position", k)) == upright[k]);
            CHECK(float(number("colour", k)) == splats.colour[i][k]);
            CHECK(number("scale", k) == Approx(std::exp(splats.log_scale[i][k])));
        }
        for (std::size_t k = 0; k < 4; ++k)
            CHECK(number("rotation", k) == Approx(turned[k] / std::sqrt(length)).margin(1e-6));
        CHECK(row.at("opacity").to_number<double>() ==
              Approx(opacity(splats.logit[i])).margin(1e-6));
    }
}
