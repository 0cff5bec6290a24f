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

// Hands out the lines of the head, which end in LF or CR LF.
class Lines {
public:
    explicit Lines(Bytes bytes)
        : text_(reinterpret_cast<const char*>(bytes.data()),
                std::min(bytes.size(), kLongestHeader)) {}

    std::optional<std::string_view> next() {
        const std::size_t end = text_.find('\n', at_);
        if (end == text_.npos) return std::nullopt;
        const auto line = text_.substr(at_, end - at_);
        at_ = end + 1;
        return line;
    }
    std::size_t read() const { return at_; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

// One element as declared: so many rows of so many bytes.
struct Element {
    bool is_vertex = false;
    bool has_list = false;
    PlyHeader head;
};

config::Result<Element> begin_element(const std::vector<std::string_view>& line) {
    if (line.size() != 3) return bad("an element without name and count");
    const auto rows = number(line[2]);
    if (!rows) return bad("'" + std::string(line[2]) + "' is no count");
    Element element;
    element.is_vertex = line[1] == "vertex";
    element.head.rows = *rows;
    return element;
}

std::optional<config::Error> add_property(Element& element,
                                          const std::vector<std::string_view>& line) {
    if (line.size() == 5 && line[1] == "list") {
        if (element.is_vertex) return bad("a vertex with a list");
        element.has_list = true;
        return std::nullopt;
    }
    if (line.size() != 3) return bad("a property without type and name");
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const TypeName& t) { return t.name == line[1]; });
    if (type == std::end(kTypes)) return bad("no type '" + std::string(line[1]) + "'");
    auto& head = element.head;
    if (head.properties.size() >= kMostProperties) return bad("too many properties");
    if (head.find(line[2])) return bad("property " + std::string(line[2]) + " twice");
    head.properties.push_back({std::string(line[2]), type->type, head.row_bytes});
    head.row_bytes += std::size_t(size_of(type->type));
    return std::nullopt;
}

config::Result<std::vector<Element>> parse_elements(Lines& lines) {
    constexpr std::size_t kMostElements = 64;
    std::vector<Element> elements;
    bool has_format = false;
    while (const auto text = lines.next()) {
        const auto line = words(*text);
        if (line.empty() || line[0] == "comment" || line[0] == "obj_info") continue;
        if (line[0] == "end_header") {
            if (!has_format) return bad("no format line");
            return elements;
        }
        if (line[0] == "format") {
            if (line.size() < 2 || line[1] != "binary_little_endian") {
                return bad("only binary_little_endian is read");
            }
            has_format = true;
        } else if (line[0] == "element") {
            if (elements.size() >= kMostElements) return bad("too many elements");
            auto element = begin_element(line);
            if (!element) return element.error();
            elements.push_back(std::move(*element));
        } else if (line[0] == "property") {
            if (elements.empty()) return bad("a property before any element");
            if (auto error = add_property(elements.back(), line)) return *error;
        } else {
            return bad("no such line in a header: '" + std::string(line[0].substr(0, 40)) + "'");
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

const PlyProperty* PlyHeader::find(std::string_view name) const {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const PlyProperty& p) { return p.name == name; });
    return found == properties.end() ? nullptr : &*found;
}

config::Result<PlyHeader> parse_ply_header(std::span<const std::uint8_t> bytes) {
    Lines lines(bytes);
    const auto first = lines.next();
    if (!first || words(*first) != std::vector<std::string_view>{"ply"}) {
        return bad("does not begin with 'ply'");
    }
    auto elements = parse_elements(lines);
    if (!elements) return elements.error();
    std::size_t at = lines.read();
    for (auto& element : *elements) {
        auto& head = element.head;
        const std::size_t left = bytes.size() - at;
        if (element.has_list) return bad("lists before the vertices");
        if (head.row_bytes > 0 && head.rows > left / head.row_bytes) {
            return bad("cut short: " + std::to_string(head.rows) + " rows of " +
                       std::to_string(head.row_bytes) + " bytes in " + std::to_string(left));
        }
        if (element.is_vertex) {
            if (head.rows == 0 || head.row_bytes == 0) return bad("no vertices");
            head.body = at;
            return std::move(head);
        }
        at += head.rows * head.row_bytes;
    }
    return bad("no element 'vertex'");
}

}  // namespace generator
