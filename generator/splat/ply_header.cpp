#include "generator/splat/ply_header.hpp"

#include "generator/errc.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kLongestHeader = 64 << 10;
constexpr std::size_t kMostProperties = 1024;

struct TypeName {
    std::string_view name;
    PlyType type;
};
constexpr TypeName kTypes[] = {
    {"float", PlyType::f32},   {"float32", PlyType::f32}, {"double", PlyType::f64},
    {"float64", PlyType::f64}, {"char", PlyType::i8},     {"int8", PlyType::i8},
    {"uchar", PlyType::u8},    {"uint8", PlyType::u8},    {"short", PlyType::i16},
    {"int16", PlyType::i16},   {"ushort", PlyType::u16},  {"uint16", PlyType::u16},
    {"int", PlyType::i32},     {"int32", PlyType::i32},   {"uint", PlyType::u32},
    {"uint32", PlyType::u32},
};

config::Error bad(const std::string& what) {
    return config::fail(Errc::bad_splats, "PLY: " + what);
}

std::vector<std::string_view> words(std::string_view line) {
    constexpr std::string_view kBlank = " \t\r";
    std::vector<std::string_view> out;
    for (std::size_t at = line.find_first_not_of(kBlank); at != line.npos;) {
        const std::size_t end = std::min(line.find_first_of(kBlank, at), line.size());
        out.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(kBlank, end);
    }
    return out;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// What an untrusted file calls something, in a message.
std::string shown(std::string_view name) { return "'" + std::string(name.substr(0, 40)) + "'"; }

// Hands out the lines of the head. How the first one ends, LF, CR LF or CR alone, all do.
class Lines {
public:
    explicit Lines(Bytes bytes)
        : text_(reinterpret_cast<const char*>(bytes.data()),
                std::min(bytes.size(), kLongestHeader)) {
        const auto first = text_.find_first_of("\r\n");
        if (first != text_.npos && text_[first] == '\r' && text_.substr(first + 1, 1) != "\n")
            end_ = '\r';
    }

    std::optional<std::string_view> next() {
        const std::size_t end = text_.find(end_, at_);
        if (end == text_.npos) return std::nullopt;
        const auto line = text_.substr(at_, end - at_);
        at_ = end + 1;
        return line;
    }
    std::size_t read() const { return at_; }
    char end() const { return end_; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    char end_ = '\n';
};

config::Result<PlyFormat> parse_format(const std::vector<std::string_view>& line) {
    if (line.size() < 2) return bad("a format line without a format");
    if (line[1] == "ascii") return PlyFormat::ascii;
    if (line[1] == "binary_little_endian") return PlyFormat::little_endian;
    if (line[1] == "binary_big_endian") return PlyFormat::big_endian;
    return bad("no format " + shown(line[1]) +
               "; there are ascii, binary_little_endian and binary_big_endian");
}

config::Result<PlyElement> begin_element(const std::vector<std::string_view>& line) {
    if (line.size() != 3) return bad("an element without name and count");
    const auto rows = number(line[2]);
    if (!rows) return bad(shown(line[2]) + " is no count");
    PlyElement element;
    element.name = line[1];
    element.rows = *rows;
    return element;
}

std::optional<PlyType> type_of(std::string_view name) {
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const TypeName& t) { return t.name == name; });
    return type == std::end(kTypes) ? std::nullopt : std::optional(type->type);
}

std::optional<config::Error> add_property(PlyElement& element,
                                          const std::vector<std::string_view>& line) {
    const bool list = line.size() == 5 && line[1] == "list";
    if (line.size() != 3 && !list) return bad("a property without type and name");
    const auto name = line.back(), type_name = line[line.size() - 2];
    const auto type = type_of(type_name), count = list ? type_of(line[2]) : std::nullopt;
    if (!type) return bad("no type " + shown(type_name));
    if (list && (!count || *count == PlyType::f32 || *count == PlyType::f64))
        return bad(shown(line[2]) + " counts nothing");
    if (element.properties.size() >= kMostProperties) return bad("too many properties");
    if (element.find(name)) return bad("property " + shown(name) + " twice");
    element.properties.push_back({std::string(name), *type, count});
    element.row_bytes += std::size_t(size_of(list ? *count : *type));
    element.has_list = element.has_list || list;
    return std::nullopt;
}

// "comment Vertical Axis: z".
std::optional<UpAxis> up_by_comment(const std::vector<std::string_view>& line) {
    if (line.size() != 4 || line[1] != "Vertical" || line[2] != "Axis:") return std::nullopt;
    if (line[3] == "z" || line[3] == "Z") return UpAxis::plus_z;
    if (line[3] == "y" || line[3] == "Y") return UpAxis::plus_y;
    return std::nullopt;
}

std::optional<config::Error> parse_lines(Lines& lines, PlyHeader& header) {
    constexpr std::size_t kMostElements = 64;
    bool has_format = false;
    while (const auto text = lines.next()) {
        const auto line = words(*text);
        if (line.empty() || line[0] == "obj_info") continue;
        if (line[0] == "comment") {
            if (const auto up = up_by_comment(line)) header.up = up;
            continue;
        }
        if (line[0] == "end_header") {
            if (!has_format) return bad("no format line");
            return std::nullopt;
        }
        if (line[0] == "format") {
            const auto format = parse_format(line);
            if (!format) return format.error();
            header.format = *format;
            has_format = true;
        } else if (line[0] == "element") {
            if (header.elements.size() >= kMostElements) return bad("too many elements");
            auto element = begin_element(line);
            if (!element) return element.error();
            header.elements.push_back(std::move(*element));
        } else if (line[0] == "property") {
            if (header.elements.empty()) return bad("a property before any element");
            if (auto error = add_property(header.elements.back(), line)) return error;
        } else {
            return bad("no such line in a header: " + shown(line[0]));
        }
    }
    return bad("the header does not end");
}

}  // namespace

int size_of(PlyType type) {
    switch (type) {
        case PlyType::i8:
        case PlyType::u8:
            return 1;
        case PlyType::i16:
        case PlyType::u16:
            return 2;
        case PlyType::i32:
        case PlyType::u32:
        case PlyType::f32:
            return 4;
        case PlyType::f64:
            return 8;
    }
    return 0;
}

std::optional<std::size_t> PlyElement::find(std::string_view property) const {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const PlyProperty& p) { return p.name == property; });
    if (found == properties.end()) return std::nullopt;
    return std::size_t(found - properties.begin());
}

std::optional<std::size_t> PlyHeader::vertex() const {
    const auto found = std::find_if(elements.begin(), elements.end(),
                                    [](const PlyElement& e) { return e.name == "vertex"; });
    if (found == elements.end()) return std::nullopt;
    return std::size_t(found - elements.begin());
}

config::Result<PlyHeader> parse_ply_header(std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return bad("the file is empty");
    Lines lines(bytes);
    const auto first = lines.next();
    if (!first || words(*first) != std::vector<std::string_view>{"ply"}) {
        return bad("does not begin with 'ply'");
    }
    PlyHeader header;
    if (auto error = parse_lines(lines, header)) return *error;
    header.body = lines.read();
    header.line_end = lines.end();
    return header;
}

}  // namespace generator
