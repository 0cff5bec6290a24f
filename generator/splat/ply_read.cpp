// The body of a PLY file: rows as text or binary, with lists or without.
#include "generator/errc.hpp"
#include "generator/splat/ply.hpp"
#include "generator/splat/ply_header.hpp"
#include "generator/splat/scene.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

namespace generator {
namespace {

using Bytes = std::span<const std::uint8_t>;

static_assert(std::endian::native == std::endian::little);

config::Error bad(const std::string& what) {
    return config::fail(Errc::bad_splats, "PLY: " + what);
}

config::Error cut_short(const PlyElement& element, std::size_t left) {
    return bad("cut short: " + std::to_string(element.rows) + " rows of " +
               std::to_string(element.row_bytes) + " bytes in " + std::to_string(left));
}

template <class T>
double load_as(const std::uint8_t* from, bool swapped) {
    std::array<std::uint8_t, sizeof(T)> raw;
    std::memcpy(raw.data(), from, sizeof(T));
    if (swapped) std::reverse(raw.begin(), raw.end());
    return double(std::bit_cast<T>(raw));
}

double load(const std::uint8_t* from, PlyType type, bool swapped) {
    switch (type) {
        case PlyType::f32:
            return load_as<float>(from, swapped);
        case PlyType::f64:
            return load_as<double>(from, swapped);
        case PlyType::i8:
            return load_as<std::int8_t>(from, swapped);
        case PlyType::u8:
            return load_as<std::uint8_t>(from, swapped);
        case PlyType::i16:
            return load_as<std::int16_t>(from, swapped);
        case PlyType::u16:
            return load_as<std::uint16_t>(from, swapped);
        case PlyType::i32:
            return load_as<std::int32_t>(from, swapped);
        case PlyType::u32:
            return load_as<std::uint32_t>(from, swapped);
    }
    return 0;
}

// Reads rows one after the other; a list in a row is passed over. Reading fails where the bytes end
// or the text does not fit, and says why.
class Rows {
public:
    Rows(const PlyHeader& header, Bytes bytes)
        : format_(header.format), line_end_(header.line_end), rest_(bytes.subspan(header.body)) {}

    // That the bytes can hold the rows at all, so that memory may be asked for.
    std::optional<config::Error> expect(const PlyElement& element) const {
        const auto values = element.properties.size();
        if (values == 0) return std::nullopt;
        const bool text = format_ == PlyFormat::ascii;
        // A character and a blank for each value; behind the last one there may be nothing.
        const auto row = text ? 2 * values : element.row_bytes;
        const auto have = rest_.size() + (text ? 1 : 0);
        if (element.rows > have / row)
            return text ? bad("cut short: " + std::to_string(element.rows) + " lines of " +
                              std::to_string(values) + " values in " +
                              std::to_string(rest_.size()) + " bytes")
                        : cut_short(element, rest_.size());
        return std::nullopt;
    }

    // `values`: one for each property.
    std::optional<config::Error> read(const PlyElement& element, std::span<double> values) {
        return format_ == PlyFormat::ascii ? read_line(element, values)
                                           : read_bytes(element, values);
    }

    std::optional<config::Error> skip(const PlyElement& element) {
        if (auto error = expect(element)) return error;
        if (element.properties.empty()) return std::nullopt;
        if (format_ != PlyFormat::ascii && !element.has_list) {
            rest_ = rest_.subspan(element.rows * element.row_bytes);
            return std::nullopt;
        }
        std::vector<double> values(element.properties.size());
        for (std::uint64_t row = 0; row < element.rows; ++row)
            if (auto error = read(element, values)) return error;
        return std::nullopt;
    }

private:
    std::optional<config::Error> read_bytes(const PlyElement& element, std::span<double> values) {
        const bool swapped = format_ == PlyFormat::big_endian;
        const auto take = [&](std::size_t size) {
            const auto* from = rest_.data();
            rest_ = rest_.subspan(size);
            return from;
        };
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto& property = element.properties[i];
            const auto first = property.count.value_or(property.type);
            if (rest_.size() < std::size_t(size_of(first))) return cut_short(element, 0);
            values[i] = load(take(std::size_t(size_of(first))), first, swapped);
            if (!property.count) continue;
            const auto size = std::size_t(size_of(property.type));
            if (values[i] < 0 || values[i] > double(rest_.size() / size))
                return bad("a list that is longer than the file");
            take(std::size_t(values[i]) * size);
        }
        return std::nullopt;
    }

    std::optional<config::Error> read_line(const PlyElement& element, std::span<double> values) {
        if (rest_.empty())
            return bad("cut short: fewer than " + std::to_string(element.rows) + " lines");
        const std::string_view text(reinterpret_cast<const char*>(rest_.data()), rest_.size());
        auto line = text.substr(0, text.find(line_end_));
        rest_ = rest_.subspan(std::min(line.size() + 1, rest_.size()));
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto value = take_number(line);
            if (!value) return wrong_line(element, i);
            values[i] = *value;
            if (!element.properties[i].count) continue;
            for (double left = values[i]; left >= 1; --left)
                if (!take_number(line)) return wrong_line(element, i);
        }
        if (line.find_first_not_of(kBlanks) != line.npos)
            return bad("a line with more than " + std::to_string(values.size()) + " values");
        return std::nullopt;
    }

    static config::Error wrong_line(const PlyElement& element, std::size_t i) {
        return bad("a line without a number for '" + element.properties[i].name.substr(0, 40) +
                   "'");
    }

    // As Python's float has it: nan, inf and a plus sign too; beyond a double it is infinite.
    static std::optional<double> take_number(std::string_view& line) {
        const auto begin = line.find_first_not_of(kBlanks);
        if (begin == line.npos) return std::nullopt;
        auto word = line.substr(begin, line.find_first_of(kBlanks, begin) - begin);
        line.remove_prefix(begin + word.size());
        if (word.starts_with('+') && !word.starts_with("+-")) word.remove_prefix(1);
        double value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (end != word.data() + word.size()) return std::nullopt;
        if (error == std::errc::result_out_of_range) {
            const bool tiny = word.find("e-") != word.npos || word.find("E-") != word.npos;
            const double far = tiny ? 0 : std::numeric_limits<double>::infinity();
            return word.starts_with('-') ? -far : far;
        }
        if (error != std::errc()) return std::nullopt;
        return value;
    }

    static constexpr std::string_view kBlanks = " \t\r\n\v\f";

    PlyFormat format_;
    char line_end_;
    Bytes rest_;
};

// Where in a row the values of a Gaussian are.
struct Columns {
    std::vector<std::size_t> needed;  // position, colour, opacity, scale, rotation
    std::vector<std::size_t> harmonics;
    int degree = 0;
    bool flat = false, rgb = false;  // as in PlyFile
};

constexpr std::array kRgb{"red", "green", "blue"};

config::Error without(const PlyElement& vertex, const std::string& name) {
    if (vertex.find("packed_position"))
        return bad(
            "this is a compressed PLY (of PlayCanvas, packed_position): unpack it first, as in "
            "`splat-transform IN.ply OUT.ply`");
    if (vertex.find("red") && !vertex.find("f_dc_0") && !vertex.find("opacity"))
        return bad("no property '" + name + "': these are points with colours, no Gaussians");
    return bad("no property '" + name + "'");
}

config::Result<Columns> find_columns(const PlyElement& vertex) {
    const auto scalar = [&](const std::string& name) {
        const auto found = vertex.find(name);
        return found && !vertex.properties[*found].count ? found : std::nullopt;
    };
    const auto byte = [&](const char* name) {
        const auto found = scalar(name);
        return found && vertex.properties[*found].type == PlyType::u8;
    };
    Columns columns;
    columns.flat = scalar("scale_1") && !vertex.find("scale_2");
    columns.rgb =
        !vertex.find("f_dc_0") && scalar("opacity") && std::all_of(kRgb.begin(), kRgb.end(), byte);
    for (const std::string& name : ply_names(false, 0)) {
        if (columns.flat && name == "scale_2") continue;
        const bool by_rgb = columns.rgb && name.starts_with("f_dc_");
        const auto found = scalar(by_rgb ? kRgb[std::size_t(name.back() - '0')] : name);
        if (!found) return without(vertex, name);
        columns.needed.push_back(*found);
    }
    while (const auto found = scalar("f_rest_" + std::to_string(columns.harmonics.size())))
        columns.harmonics.push_back(*found);
    const int count = int(columns.harmonics.size());
    while (columns.degree < 4 && harmonics_per_gaussian(columns.degree) < count) ++columns.degree;
    if (harmonics_per_gaussian(columns.degree) != count) {
        return bad(std::to_string(count) + " harmonics fit no degree from 0 to 4");
    }
    return columns;
}

// From a byte.
float harmonic_of(float colour) { return float((double(colour) / 255 - 0.5) / kHarmonic); }

config::Result<PlyFile> read_vertices(const PlyElement& vertex, Rows& rows,
                                      std::int64_t max_gaussians) {
    static const float kFlat = std::log(1e-6F);
    const auto columns = find_columns(vertex);
    if (!columns) return columns.error();
    if (vertex.rows == 0) return bad("no Gaussians: it has 0 vertices");
    if (auto error = rows.expect(vertex)) return *error;
    if (vertex.rows > std::uint64_t(max_gaussians))
        return bad(std::to_string(vertex.rows) + " Gaussians; the limit is " +
                   std::to_string(max_gaussians));
    PlyFile file{.splats = {}, .flat = columns->flat, .rgb = columns->rgb};
    auto& splats = file.splats;
    splats.sh_degree = columns->degree;
    splats.resize(vertex.rows);
    const std::size_t harmonics = columns->harmonics.size();
    std::vector<double> values(vertex.properties.size());
    for (std::size_t i = 0; i < splats.size(); ++i) {
        if (auto error = rows.read(vertex, values)) return *error;
        const auto* column = columns->needed.data();
        const auto next = [&] { return float(values[*column++]); };
        for (auto& value : splats.position[i]) value = next();
        for (auto& value : splats.colour[i]) value = file.rgb ? harmonic_of(next()) : next();
        splats.logit[i] = next();
        splats.log_scale[i] = {next(), next(), file.flat ? kFlat : next()};
        for (auto& value : splats.rotation[i]) value = next();
        for (std::size_t j = 0; j < harmonics; ++j)
            splats.harmonics[i * harmonics + j] = float(values[columns->harmonics[j]]);
    }
    return file;
}

}  // namespace

config::Result<PlyFile> read_ply_file(std::span<const std::uint8_t> bytes,
                                      std::int64_t max_gaussians) try {
    const auto header = parse_ply_header(bytes);
    if (!header) return header.error();
    const auto vertex = header->vertex();
    if (!vertex) return bad("no element 'vertex'");
    Rows rows(*header, bytes);
    for (std::size_t i = 0; i < *vertex; ++i)
        if (auto error = rows.skip(header->elements[i])) return *error;
    auto file = read_vertices(header->elements[*vertex], rows, max_gaussians);
    if (file) file->up = header->up;
    return file;
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while reading PLY");
}

config::Result<StoredSplats> read_ply(std::span<const std::uint8_t> bytes) {
    auto file = read_ply_file(bytes);
    if (!file) return file.error();
    return std::move(file->splats);
}

}  // namespace generator
