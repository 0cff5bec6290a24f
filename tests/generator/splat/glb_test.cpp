// Gaussians in a GLB: what glTF wants of it, and what is read of others' and of damaged ones.
#include "generator/splat/glb.hpp"
#include "generator/errc.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/support/catch.hpp"

#include <boost/json.hpp>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace {

namespace json = boost::json;
using Catch::Contains;
using Bytes = std::vector<std::uint8_t>;

generator::StoredSplats some(int degree = 0) { return tests::stored_cone(50, degree); }

std::uint32_t word(const Bytes& bytes, std::size_t at) {
    std::uint32_t value;
    std::memcpy(&value, bytes.data() + at, 4);
    return value;
}

json::object json_of(const Bytes& glb) {
    const std::string text(glb.begin() + 20, glb.begin() + 20 + word(glb, 12));
    return json::parse(text).as_object();
}

// A file with this JSON and, unless others are given, `glb`'s data.
Bytes with_json(const Bytes& glb, const json::value& root, const Bytes* data = nullptr) {
    auto text = json::serialize(root);
    text.resize((text.size() + 3) / 4 * 4, ' ');
    const Bytes own(glb.begin() + 28 + word(glb, 12), glb.end());
    const Bytes& content = data ? *data : own;
    Bytes file;
    const auto add = [&](std::uint32_t value) {
        for (int i = 0; i < 4; ++i) file.push_back(std::uint8_t(value >> (8 * i)));
    };
    for (const auto value : {0x46546C67U, 2U, std::uint32_t(28 + text.size() + content.size()),
                             std::uint32_t(text.size()), 0x4E4F534AU})
        add(value);
    file.insert(file.end(), text.begin(), text.end());
    add(std::uint32_t(content.size()));
    add(0x004E4942);
    file.insert(file.end(), content.begin(), content.end());
    return file;
}

std::string refusal(const Bytes& file) {
    const auto read = generator::read_glb(file);
    if (read) return "";
    CHECK(read.error().code == generator::Errc::bad_splats);
    return read.error().detail;
}

}  // namespace

TEST_CASE("a GLB is chunks of whole words, with all attributes of the extension") {
    const auto splats = some(1);
    const auto glb = generator::write_glb(splats).value();
    CHECK(word(glb, 4) == 2);
    CHECK(word(glb, 8) == glb.size());
    CHECK(word(glb, 12) % 4 == 0);
    CHECK(word(glb, 16) == 0x4E4F534A);
    const auto root = json_of(glb);
    CHECK(root.at("asset").at("version") == "2.0");
    CHECK(root.at("extensionsUsed") == json::array{"KHR_gaussian_splatting"});
    const auto& primitive = root.at("meshes").at(0).at("primitives").at(0);
    CHECK(primitive.at("mode") == 0);
    const auto& extension = primitive.at("extensions").at("KHR_gaussian_splatting");
    CHECK(extension.at("kernel") == "ellipse");
    CHECK(extension.at("colorSpace") == "srgb_rec709_display");
    const auto& attributes = primitive.at("attributes").as_object();
    CHECK(attributes.size() == 9);
    const auto accessor = [&](const char* name) -> const json::object& {
        return root.at("accessors").at(std::size_t(attributes.at(name).as_int64())).as_object();
    };
    CHECK(accessor("POSITION").at("type") == "VEC3");
    CHECK(accessor("KHR_gaussian_splatting:ROTATION").at("type") == "VEC4");
    CHECK(accessor("KHR_gaussian_splatting:OPACITY").at("type") == "SCALAR");
    CHECK(accessor("KHR_gaussian_splatting:SH_DEGREE_1_COEF_2").at("type") == "VEC3");
    CHECK(accessor("COLOR_0").at("componentType") == 5123);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        float low = 1e9F;
        for (const auto& position : splats.position) low = std::min(low, position[axis]);
        CHECK(float(accessor("POSITION").at("min").at(axis).to_number<double>()) == low);
    }
}

TEST_CASE("what a GLB holds is read again: places, colours and harmonics to the last bit") {
    const int degree = GENERATE(0, 1, 2, 3);
    const auto splats = some(degree);
    const auto read = generator::read_glb(generator::write_glb(splats).value()).value();
    REQUIRE(read.size() == splats.size());
    CHECK(read.sh_degree == degree);
    CHECK((read.position == splats.position));
    CHECK((read.colour == splats.colour));
    CHECK((read.harmonics == splats.harmonics));
    for (std::size_t i = 0; i < read.size(); ++i) {
        REQUIRE(read.logit[i] == Approx(splats.logit[i]).margin(2e-6));
        for (int c = 0; c < 3; ++c)
            REQUIRE(read.log_scale[i][c] == Approx(splats.log_scale[i][c]).margin(1e-6));
        for (int c = 0; c < 4; ++c)
            REQUIRE(read.rotation[i][c] == Approx(splats.rotation[i][c]).margin(1e-6));
    }
}

TEST_CASE("opacities beyond what fits between 0 and 1 stay finite, and their signs right") {
    auto splats = some();
    splats.logit[0] = 100;
    splats.logit[1] = -1000;
    const auto read = generator::read_glb(generator::write_glb(splats).value()).value();
    CHECK(std::isfinite(read.logit[0]));
    CHECK(read.logit[0] > 15);
    CHECK(std::isfinite(read.logit[1]));
    CHECK(read.logit[1] < -15);
}

TEST_CASE("what a glTF cannot hold is refused with the number of Gaussians that it concerns") {
    auto splats = some();
    splats.position[3][1] = std::numeric_limits<float>::quiet_NaN();
    splats.log_scale[4][0] = 1000;
    splats.rotation[5] = {0, 0, 0, 0};
    const auto refused = generator::write_glb(splats);
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().detail, Contains("3 of 50 Gaussians"));
    CHECK_FALSE(generator::write_glb({}).has_value());
}

TEST_CASE("numbers in fewer bits are read as the extension has them") {
    auto root = json_of(generator::write_glb(some()).value());
    // One Gaussian: rotation in normalized bytes, opacity in one, scale in shorts, between others.
    const float where[] = {1, 2, 3}, colour[] = {0.5F, -0.5F, 0};
    const std::int16_t scale[] = {2, 4, 8};
    Bytes data(64);
    std::memcpy(data.data(), where, 12);
    std::memcpy(data.data() + 12, colour, 12);
    data[24] = data[25] = data[26] = 0;
    data[27] = 127;
    data[28] = 51;
    std::memcpy(data.data() + 32, scale, 6);
    const auto view = [](int offset, int length) {
        return json::object{{"buffer", 0}, {"byteOffset", offset}, {"byteLength", length}};
    };
    root["bufferViews"] =
        json::array{view(0, 12), view(12, 12), view(24, 4), view(28, 1), view(32, 6)};
    const auto accessor = [](int where_it_is, int type, const char* shape, bool normalized) {
        return json::object{{"bufferView", where_it_is},
                            {"componentType", type},
                            {"count", 1},
                            {"type", shape},
                            {"normalized", normalized}};
    };
    root["accessors"] =
        json::array{accessor(0, 5126, "VEC3", false), accessor(1, 5126, "VEC3", false),
                    accessor(2, 5120, "VEC4", true), accessor(3, 5121, "SCALAR", true),
                    accessor(4, 5122, "VEC3", false)};
    root["meshes"].at(0).at("primitives").at(0).as_object()["attributes"] =
        json::object{{"POSITION", 0},
                     {"KHR_gaussian_splatting:SH_DEGREE_0_COEF_0", 1},
                     {"KHR_gaussian_splatting:ROTATION", 2},
                     {"KHR_gaussian_splatting:OPACITY", 3},
                     {"KHR_gaussian_splatting:SCALE", 4}};
    const auto read =
        generator::read_glb(with_json(generator::write_glb(some()).value(), root, &data)).value();
    REQUIRE(read.size() == 1);
    CHECK((read.rotation[0] == std::array<float, 4>{1, 0, 0, 0}));
    CHECK(read.logit[0] == Approx(std::log(0.2 / 0.8)));
    CHECK(read.log_scale[0][2] == Approx(std::log(8.0)));
    CHECK((read.position[0] == std::array<float, 3>{1, 2, 3}));
}

TEST_CASE("a GLB that is damaged, or holds something else, is refused by what is wrong") {
    const auto glb = generator::write_glb(some()).value();
    const auto changed = [&](const std::function<void(json::object&)>& change) {
        auto root = json_of(glb);
        change(root);
        return refusal(with_json(glb, root));
    };
    const auto primitive = [](json::object& root) -> json::object& {
        return root.at("meshes").at(0).at("primitives").at(0).as_object();
    };
    CHECK_THAT(refusal(Bytes(glb.begin(), glb.begin() + 40)), Contains("cut short"));
    CHECK_THAT(changed([&](auto& root) { primitive(root).erase("extensions"); }),
               Contains("no Gaussians"));
    const auto kind_of = [&](json::object& root) -> json::object& {
        return primitive(root)["extensions"].as_object()["KHR_gaussian_splatting"].as_object();
    };
    CHECK_THAT(changed([&](auto& root) { kind_of(root)["kernel"] = "cube"; }), Contains("'cube'"));
    CHECK_THAT(changed([&](auto& root) { kind_of(root)["colorSpace"] = "lin_rec709_display"; }),
               Contains("colorSpace 'lin_rec709_display'"));
    CHECK_THAT(changed([&](auto& root) { kind_of(root).erase("colorSpace"); }),
               Contains("colorSpace ''"));
    CHECK_THAT(changed([&](auto& root) { kind_of(root)["projection"] = "fisheye"; }),
               Contains("projection 'fisheye'"));
    CHECK(changed([&](auto& root) { kind_of(root)["projection"] = "perspective"; }).empty());
    CHECK_THAT(changed([&](auto& root) {
                   kind_of(root)["extensions"] =
                       json::object{{"KHR_gaussian_splatting_compression_spz_2", json::object{}}};
               }),
               Contains("compression_spz_2"));
    CHECK_THAT(changed([&](auto& root) {
                   auto& all = root["meshes"].at(0).as_object()["primitives"].as_array();
                   all.push_back(all.at(0));
               }),
               Contains("several"));
    CHECK_THAT(changed([&](auto& root) { root["accessors"].at(0).as_object()["count"] = 51; }),
               Contains("lies outside"));
    CHECK_THAT(changed([&](auto& root) {
                   for (auto& each : root["accessors"].as_array()) each.as_object()["count"] = 0;
               }),
               Contains("has none"));
    CHECK_THAT(changed([&](auto& root) { root["accessors"].at(0).as_object()["count"] = 49; }),
               Contains("another number"));
    CHECK_THAT(
        changed([&](auto& root) { root["accessors"].at(0).as_object()["count"] = 10'000'001; }),
        Contains("10000001 Gaussians; the limit is 10000000"));
    CHECK_THAT(changed([&](auto& root) { root["accessors"].at(0).as_object()["count"] = -1; }),
               Contains("'count'"));
    CHECK_THAT(changed([&](auto& root) { root["accessors"].at(0).as_object()["bufferView"] = 99; }),
               Contains("no number 99"));
    CHECK_THAT(changed([&](auto& root) {
                   root["bufferViews"].at(0).as_object()["byteLength"] = 4'000'000'000;
               }),
               Contains("outside of the file"));
    CHECK_THAT(
        changed([&](auto& root) { root["bufferViews"].at(0).as_object()["byteStride"] = 0; }),
        Contains("lies outside"));
    CHECK_THAT(changed([&](auto& root) { root["accessors"] = 7; }),
               Contains("no list 'accessors'"));
}

TEST_CASE("a node that moves the Gaussians is refused, one that moves others or nothing is not") {
    const auto glb = generator::write_glb(some()).value();
    const auto with_nodes = [&](const char* nodes) {
        auto root = json_of(glb);
        root["nodes"] = json::parse(nodes);
        root["meshes"].as_array().push_back(json::object{{"primitives", json::array{}}});
        return refusal(with_json(glb, root));
    };
    CHECK(with_nodes(R"([{"mesh": 0, "rotation": [0, 0, 0, 1], "scale": [1, 1.0, 1],
                          "translation": [0, -0.0, 0]}])")
              .empty());
    CHECK(with_nodes(R"([{"mesh": 0, "matrix": [1,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1]}])").empty());
    // A camera, another mesh, and what stands beside or below the Gaussians.
    CHECK(with_nodes(R"([{"camera": 0, "translation": [0, 0, 5]},
                         {"mesh": 1, "scale": [2, 2, 2]},
                         {"children": [0, 1, 3]},
                         {"mesh": 0, "children": [4]},
                         {"matrix": [2,0,0,0, 0,1,0,0, 0,0,1,0, 0,0,0,1]}])")
              .empty());
    CHECK_THAT(with_nodes(R"([{"mesh": 0, "scale": [1, 1, 2]}])"), Contains("has a scale"));
    CHECK_THAT(with_nodes(R"([{"mesh": 0, "scale": [1, 1]}])"), Contains("has a scale"));
    CHECK_THAT(with_nodes(R"([{"mesh": 0, "translation": "far"}])"), Contains("a translation"));
    CHECK_THAT(with_nodes(R"([{"mesh": 0}, {"children": [0]},
                              {"rotation": [1, 0, 0, 0], "children": [1]}])"),
               Contains("has a rotation"));
    // Nodes above one another come to an end.
    CHECK(
        with_nodes(R"([{"mesh": 0, "children": [1]}, {"children": [0, -1, 9, "x"]}, 7])").empty());
}
