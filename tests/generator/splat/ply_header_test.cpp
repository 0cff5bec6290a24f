#include "generator/splat/ply_header.hpp"

#include "generator/errc.hpp"
#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"

using generator::Errc;
using generator::PlyFormat;
using generator::PlyType;

namespace {

auto parse(const std::string& text) {
    return generator::parse_ply_header(
        {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

const std::string kBegin = "ply\nformat binary_little_endian 1.0\n";

}  // namespace

TEST_CASE("elements and properties are those of the file, in its order") {
    const auto header = parse(
        "ply\nformat binary_big_endian 1.0\nelement face 3\nproperty list uchar int i\n"
        "element vertex 2\nproperty uchar a\nproperty double b\nproperty short c\n"
        "property float d\nend_header\n" +
        std::string(30, 'x'));
    REQUIRE(header.has_value());
    CHECK(header->format == PlyFormat::big_endian);
    REQUIRE(header->vertex() == 1);
    const auto& face = header->elements[0];
    CHECK(face.rows == 3);
    CHECK(face.has_list);
    CHECK(face.row_bytes == 1);
    CHECK(face.properties[0].count == PlyType::u8);
    CHECK(face.properties[0].type == PlyType::i32);
    const auto& vertex = header->elements[1];
    CHECK(vertex.rows == 2);
    CHECK_FALSE(vertex.has_list);
    CHECK(vertex.row_bytes == 15);
    CHECK(vertex.find("a") == 0);
    CHECK(vertex.find("d") == 3);
    CHECK(vertex.properties[3].type == PlyType::f32);
    CHECK(vertex.find("e") == std::nullopt);
}

TEST_CASE("a header that cannot be trusted is refused") {
    const std::string vertex = "element vertex 1\nproperty float x\n", end = "end_header\n0123";
    const std::pair<std::string, std::string> cases[] = {
        {"", "empty"},
        {"obj\n", "does not begin"},
        {"ply\n" + vertex + end, "no format"},
        {kBegin + "element vertex -1\nproperty float x\n" + end, "no count"},
        {kBegin + "element vertex 1e3\nproperty float x\n" + end, "no count"},
        {kBegin + "element vertex 99999999999999999999\nproperty float x\n" + end, "no count"},
        {kBegin + "element vertex\nproperty float x\n" + end, "without name"},
        {"ply\nformat pdp_endian 1.0\n" + vertex + end, "no format 'pdp_endian'"},
        {"ply\nformat\n" + vertex + end, "without a format"},
        {kBegin + "element vertex 1\nproperty list float int i\n" + end, "counts nothing"},
        {kBegin + "element vertex 1\nproperty list uchar half i\n" + end, "no type"},
        {kBegin + "property float x\n" + vertex + end, "before any element"},
        {kBegin + "element vertex 1\nproperty half x\n" + end, "no type"},
        {kBegin + vertex + "property float x\n" + end, "twice"},
        {kBegin + vertex + "nonsense\n" + end, "no such line"},
        {kBegin + vertex, "does not end"},
        {kBegin + vertex + "comment " + std::string(100'000, 'c') + "\n" + end, "does not end"},
    };
    for (const auto& [text, why] : cases) {
        INFO(text.substr(0, 200));
        const auto header = parse(text);
        REQUIRE_FALSE(header.has_value());
        CHECK(header.error().code == Errc::bad_splats);
        CHECK(header.error().detail.find(why) != std::string::npos);
    }
    std::string many = kBegin + "element vertex 1\n";
    for (int i = 0; i < 1100; ++i) many += "property char p" + std::to_string(i) + "\n";
    CHECK(parse(many + end).error().detail.find("too many") != std::string::npos);
}
