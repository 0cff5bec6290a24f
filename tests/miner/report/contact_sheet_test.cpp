#include "miner/report/contact_sheet.hpp"
#include "miner/report/lettering.hpp"

#include "generator/splat/export.hpp"
#include "generator/splat/spz.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"

#include <cmath>
#include <set>

using miner::SheetCell;

namespace {

// A ball of blue Gaussians, as it is submitted.
std::vector<std::uint8_t> blue_ball() {
    generator::Splats splats;
    for (int i = 0; i < 4000; ++i) {
        const float a = float(i) * 2.399963f, z = 1 - 2 * (float(i) + 0.5f) / 4000;
        const float r = std::sqrt(1 - z * z);
        splats.position.push_back({0.4f * r * std::cos(a), 0.4f * r * std::sin(a), 0.4f * z});
        splats.colour.push_back({-1.7f, -1.7f, 1.5f});
        splats.scale.push_back({0.02f, 0.02f, 0.02f});
        splats.rotation.push_back({1, 0.1f, 0.2f, 0});
        splats.opacity.push_back(0.9f);
    }
    return generator::write_spz(
        generator::export_splats(splats, generator::export_options(config::Export{})), {});
}

// Pixels of a rectangle that fulfil something.
template <class Pick>
int count(const generator::Image& sheet, int left, int right, Pick pick) {
    int found = 0;
    for (int y = 0; y < sheet.height; ++y)
        for (int x = left; x < right; ++x) {
            const auto* p = &sheet.pixels[std::size_t(y) * sheet.row_bytes() + std::size_t(3 * x)];
            found += pick(p[0], p[1], p[2]) ? 1 : 0;
        }
    return found;
}

generator::Image one(const SheetCell& cell) {
    return miner::contact_sheet(
        1, [&](std::size_t) { return cell; }, "A rehearsal");
}

constexpr int kInputs = 24, kResults = 24 + 224 + 2, kEnd = kResults + 224;

}  // namespace

TEST_CASE("a cell shows the picture that went in and the splats that came out") {
    SheetCell cell{.name = "01_ball",
                   .picture = tests::small_png(),
                   .spz = blue_ball(),
                   .outcome = storage::Outcome::passed,
                   .attempts = 1,
                   .gaussians = 4000,
                   .chosen = true,
                   .score = 0.9,
                   .detail = {}};
    const auto sheet = one(cell);
    const auto blue = [](int r, int g, int b) { return b > 150 && r < 90 && g < 90; };
    const auto green = [](int r, int g, int b) { return g > 100 && r < 60 && b < 100; };
    CHECK(count(sheet, kResults, kEnd, blue) > 5000);
    CHECK(count(sheet, kInputs, kResults - 2, blue) == 0);
    CHECK(count(sheet, kInputs, kEnd, green) > 50);  // the verdict's letters
    CHECK(sheet.pixels.size() == sheet.row_bytes() * std::size_t(sheet.height));

    cell.outcome = storage::Outcome::rejected;
    cell.spz.clear();
    const auto rejected = one(cell);
    CHECK(count(rejected, kResults, kEnd, blue) == 0);
    CHECK(count(rejected, kInputs, kEnd, green) < 10);
}

TEST_CASE("a prompt is written where a picture would be, and what cannot be drawn is said") {
    SheetCell cell{.name = "a red chair", .picture = {}, .spz = {1, 2, 3}, .detail = {}};
    const auto dark = [](int r, int g, int b) { return r + g + b < 200; };
    const auto faint = [](int r, int g, int b) { return r > 100 && r < 160 && g < 160 && b < 170; };
    CHECK(count(one(cell), kInputs, kResults - 2, dark) > 100);
    CHECK(count(one(cell), kResults, kEnd, faint) > 100);
    cell.picture = {9, 9};
    CHECK(count(one(cell), kInputs, kResults - 2, faint) > 100);
}

TEST_CASE("a sheet has three columns at most and a limit of cells, asked for in order") {
    std::set<std::size_t> asked;
    const auto cell = [&](std::size_t index) {
        CHECK(index == asked.size());
        asked.insert(index);
        return SheetCell{.name = "x"};
    };
    const auto four = miner::contact_sheet(4, cell, "h");
    CHECK(asked.size() == 4);
    asked.clear();
    const auto many = miner::contact_sheet(1000, cell, "h");
    CHECK(asked.size() == miner::kMostCells);
    CHECK(many.width == four.width);
    CHECK(many.height > 10 * four.height);
    CHECK(miner::contact_sheet(0, cell, "h").height > 0);
}

TEST_CASE("letters are counted, cut and broken by code points") {
    CHECK(miner::letters_in("a\xc3\xa9\xf0\x9f\x98\x80z") == 4);
    CHECK(miner::shortened("chair", 5) == "chair");
    CHECK(miner::shortened("armchair", 5) == "ar...");
    CHECK(miner::shortened("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4) == "\xc3\xa9...");
    using Lines = std::vector<std::string>;
    CHECK(miner::wrapped("a gray airplane with wings", 10, 5) ==
          Lines{"a gray", "airplane", "with wings"});
    CHECK(miner::wrapped("incomprehensible word", 8, 5) == Lines{"incompre", "hensible", "word"});
    CHECK(miner::wrapped("one two three", 5, 2) == Lines{"one", "tw..."});
    CHECK(miner::wrapped("", 5, 2).empty());
    CHECK(miner::wrapped("   ", 2, 3).size() <= 2);
}

TEST_CASE("letters lie within their picture, whatever is written where") {
    generator::Image picture{
        .width = 20, .height = 10, .channels = 3, .pixels = std::vector<std::uint8_t>(600, 255)};
    const miner::Lettering letters;
    letters.draw(picture, -30, -8, "W\x01\xff\xc3\xa9 everything", {0, 0, 0});
    letters.draw(picture, 16, 3, "W", {0, 0, 0});
    CHECK(*std::min_element(picture.pixels.begin(), picture.pixels.end()) < 100);
}
