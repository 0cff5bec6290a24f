#include "generator/splat/ply_header.hpp"

#include "generator/errc.hpp"
#include "tests/generator/golden_files.hpp"

#include <catch2/catch.hpp>

using generator::Errc;
using generator::PlyType;

namespace {

auto parse(const std::string& text) {
    return generator::parse_ply_header(
        {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

const std::string kBegin = "ply\nformat binary_little_endian 1.0\n";

}  // namespace

TEST_CASE("offsets follow from the types") {
    const auto header =
        parse(kBegin +
              "element vertex 2\nproperty uchar a\nproperty double b\nproperty short c\n"
              "property float d\nend_header\n" +
              std::string(30, 'x'));
    REQUIRE(header.has_value());
    CHECK(header->rows == 2);
    CHECK(header->row_bytes == 15);
    CHECK(header->find("a")->offset == 0);
    CHECK(header->find("b")->offset == 1);
    CHECK(header->find("c")->offset == 9);
    CHECK(header->find("d")->offset == 11);
    CHECK(header->find("d")->type == PlyType::f32);
    CHECK(header->find("e") == nullptr);
}

TEST_CASE("a header that cannot be trusted is refused") {
    const std::string vertex = "element vertex 1\nproperty float x\n", end = "end_header\n0123";
    const std::pair<std::string, std::string> cases[] = {
        {"", "does not begin"},
        {"obj\n", "does not begin"},
        {"ply\nformat ascii 1.0\n" + vertex + end, "little_endian"},
        {"ply\nformat binary_big_endian 1.0\n" + vertex + end, "little_endian"},
        {"ply\n" + vertex + end, "no format"},
        {kBegin + end, "vertex"},
        {kBegin + "element face 0\nproperty float x\n" + end, "vertex"},
        {kBegin + "element face 1\nproperty list uchar int i\n" + vertex + end, "list"},
        {kBegin + "element vertex 1\nproperty list uchar int i\n" + end, "list"},
        {kBegin + "element vertex -1\nproperty float x\n" + end, "no count"},
        {kBegin + "element vertex 1e3\nproperty float x\n" + end, "no count"},
        {kBegin + "element vertex 99999999999999999999\nproperty float x\n" + end, "no count"},
        {kBegin + "element vertex 18446744073709551615\nproperty float x\n" + end, "cut short"},
        {kBegin + "element vertex 4611686018427387905\nproperty float x\n" + end, "cut short"},
        {kBegin + "element vertex 2\nproperty float x\n" + end, "cut short"},
        {kBegin + "element vertex 0\nproperty float x\n" + end, "no vertices"},
        {kBegin + "element vertex 1\n" + end, "no vertices"},
        {kBegin + "element vertex\nproperty float x\n" + end, "without name"},
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
