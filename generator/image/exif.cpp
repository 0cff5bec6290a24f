#include "generator/image/exif.hpp"

#include "generator/image/formats.hpp"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Block = std::vector<std::uint8_t>;

constexpr std::string_view kExif("Exif\0\0", 6);
constexpr unsigned kOrientationTag = 0x0112;
constexpr std::size_t kMostInflated = 1 << 20;  // of a text in a PNG, as Pillow has it

bool begins(Bytes bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

std::uint32_t big(Bytes bytes, std::size_t at, int size) {
    std::uint32_t value = 0;
    for (int i = 0; i < size; ++i) value = value << 8 | bytes[at + i];
    return value;
}

std::uint32_t little(Bytes bytes, std::size_t at, int size) {
    std::uint32_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | bytes[at + i];
    return value;
}

Block copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

void append(Block& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// Takes text up to a zero, and the zero, from the front.
std::string_view take_text(Bytes& bytes) {
    const auto zero = std::find(bytes.begin(), bytes.end(), 0);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                                std::size_t(zero - bytes.begin()));
    bytes = bytes.subspan(std::min(text.size() + 1, bytes.size()));
    return text;
}

// Empty when it is no zlib stream, or too long.
Block inflated(const Block& deflated) {
    Block out(kMostInflated);
    uLongf size = out.size();
    if (uncompress(out.data(), &size, deflated.data(), deflated.size()) != Z_OK) return {};
    out.resize(size);
    return out;
}

// What a file says beside its pixels, as far as it tells which way up they are.
struct Notes {
    Block exif;         // a TIFF structure, perhaps behind "Exif" and two zeros
    Block raw_profile;  // EXIF in hexadecimal digits, as ImageMagick puts it into text
    Block xmp;
    bool raw_deflated = false, xmp_deflated = false;
};

// A marker segment is FF, its code, a length that counts itself; the picture begins with SOS.
// Several EXIF segments are one that was cut.
Notes notes_of_jpeg(Bytes file) {
    constexpr std::string_view kXmp("http://ns.adobe.com/xap/1.0/\0", 29);
    Notes notes;
    for (std::size_t at = 2; at + 4 <= file.size();) {
        if (file[at] != 0xFF) return notes;
        const int code = file[at + 1];
        if (code == 0xFF) {
            ++at;  // padding
            continue;
        }
        if (code == 0xDA || code == 0xD9) return notes;
        if (code == 0x01 || (code >= 0xD0 && code <= 0xD7)) {
            at += 2;
            continue;
        }
        const std::size_t length = big(file, at + 2, 2);
        if (length < 2 || length > file.size() - at - 2) return notes;
        const Bytes body = file.subspan(at + 4, length - 2);
        if (code == 0xE1 && begins(body, kExif)) append(notes.exif, body.subspan(kExif.size()));
        if (code == 0xE1 && begins(body, kXmp)) notes.xmp = copy(body.subspan(kXmp.size()));
        at += 2 + length;
    }
    return notes;
}

// The text of tEXt, zTXt and iTXt, if it is one of ours; of several with one keyword the last
// counts.
void read_png_text(Bytes body, std::string_view kind, Notes& notes) {
    const auto keyword = take_text(body);
    const bool raw = keyword == "Raw profile type exif", xmp = keyword == "XML:com.adobe.xmp";
    if (!raw && !xmp) return;
    bool deflated = false;
    if (kind == "zTXt") {
        if (body.empty() || body[0] != 0) return;
        deflated = true;
        body = body.subspan(1);
    } else if (kind == "iTXt") {
        if (body.size() < 2 || (body[0] != 0 && body[1] != 0)) return;
        deflated = body[0] != 0;
        body = body.subspan(2);
        take_text(body);  // the language, and the keyword in it
        take_text(body);
    }
    (raw ? notes.raw_profile : notes.xmp) = copy(body);
    (raw ? notes.raw_deflated : notes.xmp_deflated) = deflated;
}

// A chunk is length, name, body, checksum. Chunks behind the pixels count, too.
Notes notes_of_png(Bytes file) {
    Notes notes;
    for (std::size_t at = 8; at + 12 <= file.size();) {
        const std::size_t length = big(file, at, 4);
        if (length > file.size() - at - 12) break;
        const Bytes body = file.subspan(at + 8, length);
        const std::string_view name(reinterpret_cast<const char*>(&file[at + 4]), 4);
        if (name == "eXIf") notes.exif = copy(body);
        if (name == "tEXt" || name == "zTXt" || name == "iTXt") read_png_text(body, name, notes);
        if (name == "IEND") break;
        at += 12 + length;
    }
    if (notes.raw_deflated) notes.raw_profile = inflated(notes.raw_profile);
    if (notes.xmp_deflated) notes.xmp = inflated(notes.xmp);
    return notes;
}

// Only the extended container (VP8X) has metadata, and says so in flags. Chunks are padded to even
// length; of several the first counts.
Notes notes_of_webp(Bytes file) {
    constexpr int kExifFlag = 0x08, kXmpFlag = 0x04;
    Notes notes;
    if (file.size() < 30 || !begins(file.subspan(12), "VP8X")) return notes;
    bool want_exif = file[20] & kExifFlag, want_xmp = file[20] & kXmpFlag;
    for (std::size_t at = 12; at + 8 <= file.size() && (want_exif || want_xmp);) {
        const std::size_t length = little(file, at + 4, 4);
        if (length > file.size() - at - 8) break;
        const Bytes body = file.subspan(at + 8, length);
        if (want_exif && begins(file.subspan(at), "EXIF")) {
            notes.exif = copy(body);
            want_exif = false;
        } else if (want_xmp && begins(file.subspan(at), "XMP ")) {
            notes.xmp = copy(body);
            want_xmp = false;
        }
        at += 8 + length + (length & 1);
    }
    return notes;
}

// The first directory of a TIFF structure: byte order, 42, its offset; there a count and entries of
// 12 bytes. Values of four bytes at most stand in the entry itself.
class Directory {
public:
    static std::optional<Directory> of(Bytes tiff) {
        const bool is_little = begins(tiff, "II");
        const std::string_view forms[] = {{"II*\0", 4}, {"MM\0*", 4}, {"II\0*", 4}, {"MM*\0", 4}};
        const auto is_known = [&](std::string_view form) { return begins(tiff, form); };
        if (tiff.size() < 8 || std::none_of(std::begin(forms), std::end(forms), is_known))
            return std::nullopt;
        Directory directory(tiff, is_little ? little : big);
        const std::size_t at = directory.number_(tiff, 4, 4);
        if (at > tiff.size() || tiff.size() - at < 2) return std::nullopt;
        directory.first_ = at + 2;
        directory.entries_ =
            std::min<std::size_t>(directory.number_(tiff, at, 2), (tiff.size() - at - 2) / 12);
        return directory;
    }

    // The first whole number under `tag`; of several entries the last counts.
    std::optional<std::uint32_t> number(unsigned tag) const {
        constexpr int kBytesOf[] = {0, 0, 0, 2, 4, 0, 0, 0, 2, 4};  // short, long, and signed
        std::optional<std::uint32_t> found;
        for_each(tag, [&](unsigned type, std::size_t count, std::size_t entry) {
            const int bytes = type < std::size(kBytesOf) ? kBytesOf[type] : 0;
            if (bytes == 0 || count == 0) return;
            const auto at = place(entry, count * std::size_t(bytes));
            if (at) found = number_(tiff_, *at, bytes);
        });
        return found;
    }

    // The bytes under `tag`.
    Bytes bytes(unsigned tag) const {
        constexpr unsigned kByte = 1, kUndefined = 7;
        Bytes found;
        for_each(tag, [&](unsigned type, std::size_t count, std::size_t entry) {
            if (type != kByte && type != kUndefined) return;
            if (const auto at = place(entry, count)) found = tiff_.subspan(*at, count);
        });
        return found;
    }

private:
    Directory(Bytes tiff, std::uint32_t (*read)(Bytes, std::size_t, int))
        : tiff_(tiff), number_(read) {}

    template <class Read>
    void for_each(unsigned tag, Read read) const {
        for (std::size_t i = 0; i < entries_; ++i) {
            const std::size_t at = first_ + 12 * i;
            if (number_(tiff_, at, 2) == tag)
                read(number_(tiff_, at + 2, 2), number_(tiff_, at + 4, 4), at);
        }
    }

    std::optional<std::size_t> place(std::size_t entry, std::size_t size) const {
        const std::size_t at = size <= 4 ? entry + 8 : number_(tiff_, entry + 8, 4);
        if (at > tiff_.size() || size > tiff_.size() - at) return std::nullopt;
        return at;
    }

    Bytes tiff_;
    std::uint32_t (*number_)(Bytes, std::size_t, int);
    std::size_t first_ = 0, entries_ = 0;
};

std::optional<std::uint32_t> orientation_in_exif(Bytes exif) {
    for (int i = 0; i < 2 && begins(exif, kExif); ++i) exif = exif.subspan(kExif.size());
    const auto directory = Directory::of(exif);
    return directory ? directory->number(kOrientationTag) : std::nullopt;
}

// Three lines of heading (the first of them empty), then digits in lines.
Block exif_in_raw_profile(Bytes text) {
    std::size_t at = 0;
    for (int line = 0; line < 3; ++line) {
        while (at < text.size() && text[at] != '\n') ++at;
        if (at == text.size()) return {};
        ++at;
    }
    Block exif;
    int high = -1;
    for (; at < text.size(); ++at) {
        const int c = text[at];
        if (c == ' ' || (c >= '\t' && c <= '\r')) continue;
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return {};
        if (high >= 0) exif.push_back(std::uint8_t(high << 4 | digit));
        high = high < 0 ? digit : -1;
    }
    return exif;
}

// The first tiff:Orientation="6", or <tiff:Orientation>6, wherever it stands: as Pillow looks for
// it, which parses no XML here.
std::optional<std::uint32_t> orientation_in_xmp(Bytes xmp) {
    constexpr std::string_view kName = "tiff:Orientation";
    const std::string_view text(reinterpret_cast<const char*>(xmp.data()), xmp.size());
    for (auto at = text.find(kName); at != text.npos; at = text.find(kName, at + 1)) {
        auto rest = text.substr(at + kName.size());
        if (rest.starts_with("=\""))
            rest.remove_prefix(2);
        else if (rest.starts_with(">"))
            rest.remove_prefix(1);
        else
            continue;
        if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') return rest[0] - '0';
    }
    return std::nullopt;
}

std::optional<std::uint32_t> orientation_in_notes(const Notes& notes) {
    auto found = orientation_in_exif(notes.exif);
    if (!found && notes.exif.empty())
        found = orientation_in_exif(exif_in_raw_profile(notes.raw_profile));
    return found ? found : orientation_in_xmp(notes.xmp);
}

std::optional<std::uint32_t> orientation_in_tiff(Bytes file) {
    constexpr unsigned kXmpTag = 700;
    const auto directory = Directory::of(file);
    if (!directory) return std::nullopt;
    const auto found = directory->number(kOrientationTag);
    return found ? found : orientation_in_xmp(directory->bytes(kXmpTag));
}

}  // namespace

int orientation_of(std::span<const std::uint8_t> file) {
    std::optional<std::uint32_t> found;
    if (looks_like_jpeg(file)) found = orientation_in_notes(notes_of_jpeg(file));
    if (looks_like_png(file)) found = orientation_in_notes(notes_of_png(file));
    if (looks_like_webp(file)) found = orientation_in_notes(notes_of_webp(file));
    if (looks_like_tiff(file)) found = orientation_in_tiff(file);
    return found && *found >= 1 && *found <= 8 ? int(*found) : 1;
}

Image apply_orientation(Image rgba, int orientation) {
    assert(rgba.channels == 4);
    if (orientation <= 1 || orientation > 8) return rgba;
    const std::ptrdiff_t w = rgba.width, h = rgba.height;
    // Where the turned picture's first pixel lies in the stored one, and the steps to its right and
    // lower neighbour.
    struct Walk {
        std::ptrdiff_t origin, right, down;
    };
    const Walk walks[9] = {{},
                           {},
                           {w - 1, -1, w},
                           {w * h - 1, -1, -w},
                           {(h - 1) * w, 1, -w},
                           {0, w, 1},
                           {(h - 1) * w, -w, 1},
                           {w * h - 1, -w, -1},
                           {w - 1, w, -1}};
    const Walk walk = walks[orientation];
    Image out{rgba.width, rgba.height, 4, std::vector<std::uint8_t>(rgba.pixels.size())};
    if (orientation >= 5) std::swap(out.width, out.height);
    std::uint8_t* to = out.pixels.data();
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x, to += 4) {
            std::memcpy(to, &rgba.pixels[4 * (walk.origin + x * walk.right + y * walk.down)], 4);
        }
    }
    return out;
}

}  // namespace generator
