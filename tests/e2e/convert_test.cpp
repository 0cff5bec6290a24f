// miner convert's GLB, read by a library that somebody else wrote.
#include "generator/splat/splat_file.hpp"
#include "tests/e2e/scene.hpp"

#include <boost/json/array.hpp>

#include <array>
#include <cmath>
#include <sstream>

using namespace tests;

TEST_CASE("a GLB is as its specifications ask, and holds what the PLY held, turned upright") {
    Scene scene;
    const auto ply = project_path("tests/golden/gsplat/hamburger.ply");
    const auto made = scene.ask({"convert", ply, "a.glb"});
    INFO(made.err);
    REQUIRE(made.exit_status == ProcessExit{.code = 0});
    const auto splats = generator::read_splats(read_bytes(ply)).value();
    const std::array<std::size_t, 3> some{0, splats.size() / 2, splats.size() - 1};
    std::vector<std::string> words{project_path("tests/e2e/read_glb.py"), scene.home() / "a.glb"};
    for (const auto i : some) words.push_back(std::to_string(i));
    const auto read =
        run_to_end({.program = project_path(".venv/bin/python"), .arguments = words}, kPatience);
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
              Approx(1 / (1 + std::exp(-double(splats.logit[i])))).margin(1e-6));
    }
}
