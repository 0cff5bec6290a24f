#include "miner/report/contact_sheet.hpp"

#include "generator/image/decode.hpp"
#include "generator/image/resize.hpp"
#include "generator/render/picture.hpp"
#include "generator/splat/spz.hpp"
#include "miner/report/lettering.hpp"
#include "miner/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace miner {
namespace {

constexpr int kSide = 224;  // of a picture and of a rendering
constexpr int kGap = 20, kMargin = 24, kLine = Lettering::kHeight + 2;
constexpr int kCellWidth = 2 * kSide + 2, kCellHeight = kSide + 8 + 2 * kLine;
constexpr int kColumns = 3;
constexpr int kInset = 16;  // of words within a panel

constexpr Colour kPanel{240, 241, 243}, kInk{30, 33, 38}, kFaint{120, 126, 134}, kGood{16, 124, 65},
    kFair{176, 98, 0}, kBad{190, 30, 45};

void fill(generator::Image& picture, int x, int y, int width, int height, Colour colour) {
    for (int row = y; row < y + height; ++row)
        for (int column = x; column < x + width; ++column)
            std::copy(
                colour.begin(), colour.end(),
                &picture.pixels[std::size_t(row) * picture.row_bytes() + std::size_t(column) * 3]);
}

// RGB or RGBA, laid over what is there.
void paste(generator::Image& onto, int x, int y, const generator::Image& picture) {
    for (int row = 0; row < picture.height; ++row) {
        for (int column = 0; column < picture.width; ++column) {
            const auto* source = &picture.pixels[std::size_t(row) * picture.row_bytes() +
                                                 std::size_t(column * picture.channels)];
            auto* target = &onto.pixels[std::size_t(y + row) * onto.row_bytes() +
                                        std::size_t((x + column) * 3)];
            const int alpha = picture.channels == 4 ? source[3] : 255;
            for (int c = 0; c < 3; ++c)
                target[c] = std::uint8_t((source[c] * alpha + target[c] * (255 - alpha)) / 255);
        }
    }
}

// The whole picture within a panel's square, in its middle.
void paste_fitted(generator::Image& onto, int x, int y, const generator::Image& picture) {
    const double factor = double(kSide) / std::max(picture.width, picture.height);
    const int width = std::clamp(int(picture.width * factor + 0.5), 1, kSide);
    const int height = std::clamp(int(picture.height * factor + 0.5), 1, kSide);
    paste(onto, x + (kSide - width) / 2, y + (kSide - height) / 2,
          generator::resize(picture, width, height, generator::Filter::lanczos));
}

class Sheet {
public:
    Sheet(int width, int height) {
        sheet_ = {.width = width,
                  .height = height,
                  .channels = 3,
                  .pixels = std::vector<std::uint8_t>(std::size_t(width) * height * 3, 255)};
    }

    void heading(const std::string& words) { letters_.draw(sheet_, kMargin, kMargin, words, kInk); }

    void cell(int x, int y, const SheetCell& cell) {
        fill(sheet_, x, y, kSide, kSide, kPanel);
        fill(sheet_, x + kSide + 2, y, kSide, kSide, kPanel);
        input(x, y, cell);
        result(x + kSide + 2, y, cell);
        constexpr std::size_t kLetters = kCellWidth / Lettering::kWidth;
        letters_.draw(sheet_, x, y + kSide + 8, shortened(cell.name, kLetters), kInk);
        letters_.draw(sheet_, x, y + kSide + 8 + kLine, shortened(verdict(cell), kLetters),
                      tone(cell));
    }

    generator::Image take() { return std::move(sheet_); }

private:
    void input(int x, int y, const SheetCell& cell) {
        if (cell.picture.empty()) return say(x, y, "\"" + cell.name + "\"", kInk);
        const auto picture = generator::decode(cell.picture);
        if (picture)
            paste_fitted(sheet_, x, y, *picture);
        else
            say(x, y, picture.error().message(), kFaint);
    }

    void result(int x, int y, const SheetCell& cell) {
        if (cell.spz.empty())
            return say(x, y, cell.detail.empty() ? "the empty result" : cell.detail, kFaint);
        const auto seen = rendered(cell.spz);
        if (seen)
            paste(sheet_, x, y, *seen);
        else
            say(x, y, seen.error().message(), kFaint);
    }

    static config::Result<generator::Image> rendered(const std::vector<std::uint8_t>& spz) {
        const auto file = generator::read_spz(spz);
        if (!file) return file.error();
        const auto scene = generator::validator_scene(file->splats);
        auto orbit = generator::validator_orbit(generator::kPreviewView);
        orbit.width = orbit.height = kSide;
        const auto rendering = generator::rasterize(
            generator::gaussians(scene, file->splats.rotation), generator::orbit_camera(orbit));
        if (!rendering) return rendering.error();
        return generator::to_picture(*rendering);
    }

    // Words in the middle of a panel.
    void say(int x, int y, const std::string& words, Colour colour) {
        constexpr std::size_t kLetters = (kSide - 2 * kInset) / Lettering::kWidth;
        constexpr std::size_t kLines = (kSide - 2 * kInset) / kLine;
        const auto lines = wrapped(words, kLetters, kLines);
        int top = y + (kSide - int(lines.size()) * kLine) / 2;
        for (const auto& line : lines) {
            const int width = int(letters_in(line)) * Lettering::kWidth;
            letters_.draw(sheet_, x + (kSide - width) / 2, top, line, colour);
            top += kLine;
        }
    }

    static std::string verdict(const SheetCell& cell) {
        auto text = words(cell.outcome);
        if (cell.gaussians >= 0)
            text += fmt::format(", {} Gaussians{}", cell.gaussians, cell.chosen ? "" : " at first");
        if (cell.attempts > 0)
            text += fmt::format(", {} {}", cell.attempts, cell.attempts == 1 ? "try" : "tries");
        if (cell.score) text += ", " + score_words(*cell.score, cell.density_alone);
        return text;
    }

    static Colour tone(const SheetCell& cell) {
        using enum storage::Outcome;
        if (cell.outcome == passed || cell.outcome == retry_passed) return kGood;
        if (cell.outcome == retry_improved || cell.outcome == skipped) return kFair;
        return kBad;
    }

    generator::Image sheet_;
    Lettering letters_;
};

}  // namespace

generator::Image contact_sheet(std::size_t count, const std::function<SheetCell(std::size_t)>& cell,
                               const std::string& heading) {
    const int drawn = int(std::min(count, kMostCells));
    const int columns = std::clamp(drawn, 1, kColumns), rows = (drawn + columns - 1) / columns;
    const int top = kMargin + Lettering::kHeight + kGap;
    Sheet sheet(2 * kMargin + columns * kCellWidth + (columns - 1) * kGap,
                top + std::max(rows, 1) * (kCellHeight + kGap) - kGap + kMargin);
    sheet.heading(heading);
    for (int i = 0; i < drawn; ++i)
        sheet.cell(kMargin + i % columns * (kCellWidth + kGap),
                   top + i / columns * (kCellHeight + kGap), cell(std::size_t(i)));
    return sheet.take();
}

}  // namespace miner
