#include "generator/splat/inspect.hpp"

#include "generator/errc.hpp"
#include "generator/splat/export.hpp"
#include "generator/splat/splat_file.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <limits>

using generator::Errc;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a result of ours passes, upright, with its opacities kept") {
    const auto stored = generator::export_splats(tests::cone(8000));
    const auto report = generator::inspect(generator::write_spz(stored, {.fraction_bits = 14}));
    REQUIRE(report.has_value());
    CHECK(report->format == "spz-404");
    CHECK(report->version == 2);
    CHECK(report->fraction_bits == 14);
    CHECK(report->passes());
    CHECK(report->up == "y");
    CHECK(report->normalised.capped_at == Approx(1).margin(1e-4));
    const auto text = report->to_text();
    CHECK(contains(text, "SPZ of the subnet (404), version 2"));
    CHECK(contains(text, "validator's checks    pass"));
    const auto json = boost::json::parse(report->to_json());
    CHECK(json.at("gaussians").as_int64() == 8000);
    CHECK(json.at("validator").at("passes").as_bool());
    CHECK(json.at("up").at("guess").as_string() == "y");
    CHECK(json.at("health").at("extent").as_array().size() == 3);
}

TEST_CASE("TRELLIS's own PLY is told by its layout, and that it is seen upside down") {
    generator::ExportOptions own{.up = generator::Up::trellis, .size = 0};
    const auto report =
        generator::inspect(generator::write_ply(generator::export_splats(tests::cone(8000), own)));
    REQUIRE(report.has_value());
    CHECK(report->format == "ply");
    CHECK(report->trellis_layout);
    CHECK(report->up == "-y");
    CHECK_FALSE(report->version.has_value());
    CHECK(contains(report->to_text(), "upside down"));
    CHECK(report->normalised.capped_at < 0.7);
    CHECK(boost::json::parse(report->to_json()).at("version").is_null());
}

TEST_CASE("the subnet's asset without normals is a plain PLY") {
    const auto report = generator::inspect(tests::golden("gsplat/hamburger.ply"));
    REQUIRE(report.has_value());
    CHECK_FALSE(report->trellis_layout);
    CHECK(report->passes());
    CHECK(report->up == "y");
    CHECK(report->bytes == 2'952'065);
}

TEST_CASE("a sparse result is reported with the reason") {
    const auto report = generator::inspect(tests::golden("spz/g1000.spz"));
    REQUIRE(report.has_value());
    CHECK_FALSE(report->passes());
    CHECK(contains(report->to_text(), "score zero"));
    CHECK(contains(report->to_text(), "at least 7000"));
}

TEST_CASE("infinite opacities are counted, and JSON stays JSON") {
    const auto report = generator::inspect(tests::golden("spz/extreme.spz"));
    REQUIRE(report.has_value());
    CHECK(report->health.non_finite > 0);
    CHECK_NOTHROW(boost::json::parse(report->to_json()));

    auto broken = generator::export_splats(tests::cone(8000));
    broken.position[7][0] = std::numeric_limits<float>::quiet_NaN();
    const auto nan = generator::inspect(generator::write_ply(broken));
    REQUIRE(nan.has_value());
    CHECK_FALSE(nan->passes());
    CHECK(boost::json::parse(nan->to_json()).at("validator").at("offset").is_null());
}

TEST_CASE("Niantic's file is read, and that a validator does not is said") {
    const auto report = generator::inspect(tests::gzip(tests::golden("spz/g1000.packed")));
    REQUIRE(report.has_value());
    CHECK(report->format == "spz-niantic");
    CHECK_FALSE(report->decodes);
    CHECK(contains(report->to_text(), "SPZ of Niantic, version 2, gzip"));
    CHECK(contains(report->to_text(), "validator's decoder   reads the subnet's SPZ alone"));
}

TEST_CASE("a GLB is inspected as the splats that it holds") {
    const auto glb = generator::write_splats(generator::export_splats(tests::cone(8000)),
                                             generator::SplatFormat::glb)
                         .value();
    const auto report = generator::inspect(glb).value();
    CHECK(report.format == "glb");
    CHECK(report.health.gaussians == 8000);
    CHECK(report.up == "y");
    CHECK(report.passes());
    CHECK_FALSE(report.decodes);
    CHECK(contains(report.to_text(), "glTF with KHR_gaussian_splatting"));
}

TEST_CASE("what is in the place of splats is named") {
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"", "the file is empty"},
             {"ply", "does not begin with 'ply'"},
             {"PK\x03\x04 and so on", "zip archive"},
             {"glTF and so on", "glTF"},
             {"version https://git-lfs.github.com/spec/v1\n", "git-lfs pointer"},
             {"<!DOCTYPE html>", "HTML page"}}) {
        const auto inspection = generator::inspect(tests::Bytes(text.begin(), text.end()));
        REQUIRE_FALSE(inspection.has_value());
        CHECK(inspection.error().code == Errc::bad_splats);
        CHECK_THAT(inspection.error().message(), Catch::Contains(word));
    }
}

TEST_CASE("what is neither PLY nor SPZ is refused") {
    CHECK(generator::inspect({}).error().code == Errc::bad_splats);
    const tests::Bytes text = {'h', 'e', 'l', 'l', 'o'};
    CHECK(generator::inspect(text).error().code == Errc::bad_splats);
    CHECK(generator::inspect(tests::golden("pillow/tiny.png")).error().code == Errc::bad_splats);
}
