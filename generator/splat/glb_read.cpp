#include "generator/errc.hpp"
#include "generator/splat/glb.hpp"
#include "generator/splat/glb_format.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace generator {
namespace {

namespace json = boost::json;

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kMostJson = 16 << 20;
constexpr std::size_t kDeepest = 32;  // arrays and objects in one another
constexpr int kHighestDegree = 3;

struct BadGlb : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[noreturn]] void refuse(const std::string& what) { throw BadGlb("glTF: " + what); }

std::uint32_t word(Bytes bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | bytes[at + i];
    return value;
}

// A member that must be an array, an object or an index; absent ones are null.
const json::value* find(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value && !value->is_null() ? value : nullptr;
}

const json::array& list(const json::object& object, std::string_view key) {
    const auto* value = find(object, key);
    if (!value || !value->is_array()) refuse("no list '" + std::string(key) + "'");
    return value->get_array();
}

std::uint64_t whole(const json::object& object, std::string_view key,
                    std::optional<std::uint64_t> absent = {}) {
    const auto* value = find(object, key);
    if (!value && absent) return *absent;
    constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
    const bool right =
        value && value->is_int64() && value->get_int64() >= 0 && value->get_int64() <= kMost;
    if (!right) refuse("'" + std::string(key) + "' is no size or number of this file");
    return std::uint64_t(value->get_int64());
}

const json::object& element(const json::object& root, std::string_view key, std::uint64_t index) {
    const auto& all = list(root, key);
    if (index >= all.size() || !all[index].is_object())
        refuse("there is no number " + std::to_string(index) + " in '" + std::string(key) + "'");
    return all[index].get_object();
}

std::string text(const json::object& object, std::string_view key) {
    const auto* value = find(object, key);
    return value && value->is_string() ? std::string(value->get_string().subview(0, 64)) : "";
}

struct Chunks {
    Bytes json, data;
};

Chunks chunks_of(Bytes bytes) {
    if (bytes.size() < kGlbHeader + kGlbChunkHeader) refuse("the file is cut short");
    if (word(bytes, 4) != kGlbVersion)
        refuse("version " + std::to_string(word(bytes, 4)) + ", not 2");
    const std::size_t size = word(bytes, 8);
    if (size > bytes.size() || size < kGlbHeader) refuse("the file is cut short");
    Chunks chunks;
    for (Bytes rest = bytes.subspan(kGlbHeader, size - kGlbHeader);
         rest.size() >= kGlbChunkHeader;) {
        const std::size_t length = word(rest, 0);
        const auto kind = word(rest, 4);
        rest = rest.subspan(kGlbChunkHeader);
        if (length > rest.size()) refuse("a chunk is cut short");
        const auto content = rest.first(length);
        if (kind == kGlbJson && chunks.json.empty()) chunks.json = content;
        if (kind == kGlbData && chunks.data.empty()) chunks.data = content;
        rest = rest.subspan(std::min(rest.size(), (length + 3) / 4 * 4));
    }
    if (chunks.json.empty()) refuse("it has no JSON");
    if (chunks.json.size() > kMostJson) refuse("JSON of more than 16 MiB");
    return chunks;
}

json::value parse(Bytes bytes) {
    boost::system::error_code failed;
    json::parse_options options;
    options.max_depth = kDeepest;
    auto root = json::parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, failed, {},
                            options);
    if (failed || !root.is_object()) refuse("its JSON cannot be read: " + failed.message());
    return root;
}

// The numbers of an attribute, one Gaussian after the other.
class Accessor {
public:
    Accessor(const json::object& root, Bytes data, const json::object& attributes,
             const std::string& name, std::size_t width)
        : name_(name), width_(width) {
        const auto& accessor = element(root, "accessors", whole(attributes, name));
        if (find(accessor, "sparse")) refuse(name + " is sparse, which is not read");
        type_ = int(whole(accessor, "componentType"));
        count_ = whole(accessor, "count");
        const auto expected = width == 1 ? std::string("SCALAR") : "VEC" + std::to_string(width);
        if (text(accessor, "type") != expected) refuse(name + " is not of type " + expected);
        const auto* normalized = accessor.if_contains("normalized");
        is_normalized_ = normalized && normalized->is_bool() && normalized->get_bool();
        const auto& view = element(root, "bufferViews", whole(accessor, "bufferView"));
        if (whole(view, "buffer") != 0) refuse(name + " lies in another file");
        const auto length = whole(view, "byteLength"), start = whole(view, "byteOffset", 0);
        if (start > data.size() || length > data.size() - start)
            refuse(name + " lies outside of the file");
        const auto within = data.subspan(start, length);
        const std::uint64_t offset = whole(accessor, "byteOffset", 0), size = width * component();
        stride_ = whole(view, "byteStride", size);
        if (count_ == 0) refuse(name + " has none, where glTF demands one");
        if (count_ > std::uint64_t(kMostGaussians))
            refuse(std::to_string(count_) + " Gaussians; the limit is " +
                   std::to_string(kMostGaussians));
        if (stride_ < size || offset > within.size() ||
            (count_ - 1) * stride_ + size > within.size() - offset)
            refuse(name + " lies outside of its part of the file");
        bytes_ = within.subspan(offset);
    }

    std::size_t count() const { return count_; }

    void read(std::size_t i, float* to) const {
        const auto* from = bytes_.data() + i * stride_;
        for (std::size_t k = 0; k < width_; ++k) to[k] = value(from + k * component());
    }

private:
    std::size_t component() const {
        switch (type_) {
            case kGlbFloat:
                return 4;
            case kGlbShort:
            case kGlbUnsignedShort:
                return 2;
            case kGlbByte:
            case kGlbUnsignedByte:
                return 1;
            default:
                refuse(name_ + " is of component type " + std::to_string(type_));
        }
    }

    template <class T>
    static T as(const std::uint8_t* from) {
        T value;
        std::memcpy(&value, from, sizeof value);
        return value;
    }

    // glTF 2.0, 3.6.2.2.
    template <class T>
    float integer(const std::uint8_t* from) const {
        const float number = as<T>(from);
        return is_normalized_ ? std::max(number / float(std::numeric_limits<T>::max()), -1.F)
                              : number;
    }

    float value(const std::uint8_t* from) const {
        switch (type_) {
            case kGlbByte:
                return integer<std::int8_t>(from);
            case kGlbUnsignedByte:
                return integer<std::uint8_t>(from);
            case kGlbShort:
                return integer<std::int16_t>(from);
            case kGlbUnsignedShort:
                return integer<std::uint16_t>(from);
            default:
                return as<float>(from);
        }
    }

    std::string name_;
    std::size_t width_;
    int type_ = 0;
    bool is_normalized_ = false;
    std::size_t count_ = 0, stride_ = 0;
    Bytes bytes_;
};

// The object of that name; null: there is none.
const json::object* member(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value ? value->if_object() : nullptr;
}

// Kernels, colour spaces, projections and compressions come as further extensions. Colours that are
// linear light are blended as such: no single Gaussian's colour in sRGB looks the same among
// others.
void refuse_unknown(const json::object& gaussians) {
    const auto only = [&](const char* what, const std::string& read, const std::string& absent) {
        const bool given = find(gaussians, what);
        if (const auto is = given ? text(gaussians, what) : absent; is != read)
            refuse("Gaussians of the " + std::string(what) + " '" + is + "'; '" + read +
                   "' is read");
    };
    only("kernel", "ellipse", "");
    only("colorSpace", kGlbColorSpace, "");
    only("projection", "perspective", "perspective");
    if (const auto* more = member(gaussians, "extensions"); more && !more->empty())
        refuse("Gaussians by " + std::string(more->begin()->key().substr(0, 64)) +
               ", which are not read");
}

// The one primitive that holds Gaussians.
struct Gaussians {
    std::uint64_t mesh;  // its number
    const json::object& attributes;
};

Gaussians find_gaussians(const json::object& root) {
    const json::object* found = nullptr;
    std::uint64_t place = 0, number = 0;
    for (const auto& mesh : list(root, "meshes")) {
        if (!mesh.is_object()) refuse("a mesh that is none");
        for (const auto& primitive : list(mesh.get_object(), "primitives")) {
            const auto* object = primitive.if_object();
            const auto* extensions = object ? member(*object, "extensions") : nullptr;
            const auto* gaussians = extensions ? member(*extensions, kGlbExtension) : nullptr;
            if (!gaussians) continue;
            if (found) refuse("several sets of Gaussians, of which one alone is read");
            refuse_unknown(*gaussians);
            found = member(*object, "attributes");
            if (!found) refuse("Gaussians without attributes");
            place = number;
        }
        ++number;
    }
    if (!found) refuse("it holds no Gaussians (KHR_gaussian_splatting)");
    return {place, *found};
}

// Whether the node's transform of that name is there and changes anything.
bool is_moved(const json::object& node, const char* how, std::span<const double> identity) {
    const auto* value = find(node, how);
    if (!value) return false;
    const auto* numbers = value->if_array();
    const auto same = [](const json::value& number, double is) {
        return number.is_number() && number.to_number<double>() == is;
    };
    return !numbers ||
           !std::equal(numbers->begin(), numbers->end(), identity.begin(), identity.end(), same);
}

void refuse_moved(const json::object& node) {
    constexpr std::array<double, 16> kMatrix{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    constexpr std::array<double, 4> kRotation{0, 0, 0, 1};
    constexpr std::array<double, 3> kScale{1, 1, 1}, kTranslation{0, 0, 0};
    const std::pair<const char*, std::span<const double>> transforms[] = {
        {"matrix", kMatrix},
        {"rotation", kRotation},
        {"scale", kScale},
        {"translation", kTranslation}};
    for (const auto& [how, identity] : transforms)
        if (is_moved(node, how, identity))
            refuse("a node above the Gaussians has a " + std::string(how) +
                   ", which is not undone: apply it first");
}

// No transform is undone here; what does not stand above the Gaussians' mesh may have any.
void refuse_moved(const json::object& root, std::uint64_t mesh) {
    const auto* all = find(root, "nodes");
    if (!all || !all->is_array()) return;
    const auto& nodes = all->get_array();
    std::vector<std::optional<std::size_t>> above(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto* node = nodes[i].if_object();
        const auto* children = node ? find(*node, "children") : nullptr;
        if (!children || !children->is_array()) continue;
        for (const auto& child : children->get_array())
            if (child.is_int64() && std::uint64_t(child.get_int64()) < nodes.size())
                above[std::size_t(child.get_int64())] = i;
    }
    std::vector<bool> seen(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto* shows = nodes[i].is_object() ? find(nodes[i].get_object(), "mesh") : nullptr;
        if (!shows || !shows->is_int64() || std::uint64_t(shows->get_int64()) != mesh) continue;
        for (std::optional<std::size_t> at = i; at && !seen[*at]; at = above[*at]) {
            seen[*at] = true;
            if (const auto* node = nodes[*at].if_object()) refuse_moved(*node);
        }
    }
}

int degree_of(const json::object& attributes) {
    int degree = 0;
    while (degree < kHighestDegree && attributes.contains(glb_harmonic(degree + 1, 0))) ++degree;
    return degree;
}

// Finite for all opacities: 1 - 2^-25 and what is nearest to 0 stand for what lies beyond.
float logit(float opacity) {
    const double p = std::clamp(double(opacity), 1e-30, 1 - 3e-8);
    return float(std::log(p / (1 - p)));
}

StoredSplats read(Bytes bytes) {
    const auto chunks = chunks_of(bytes);
    const auto parsed = parse(chunks.json);
    const auto& root = parsed.get_object();
    const auto gaussians = find_gaussians(root);
    const auto& attributes = gaussians.attributes;
    refuse_moved(root, gaussians.mesh);
    std::optional<std::size_t> count;
    const auto attribute = [&](const std::string& name, std::size_t width) {
        Accessor accessor(root, chunks.data, attributes, name, width);
        if (accessor.count() != count.value_or(accessor.count()))
            refuse(name + " is of another number");
        count = accessor.count();
        return accessor;
    };
    const auto position = attribute("POSITION", 3), rotation = attribute(kGlbRotation, 4),
               scale = attribute(kGlbScale, 3), opacity = attribute(kGlbOpacity, 1),
               colour = attribute(glb_harmonic(0, 0), 3);
    std::vector<Accessor> harmonics;
    StoredSplats splats;
    splats.sh_degree = degree_of(attributes);
    for (int l = 1; l <= splats.sh_degree; ++l)
        for (int n = 0; n <= 2 * l; ++n) harmonics.push_back(attribute(glb_harmonic(l, n), 3));
    splats.resize(*count);
    const std::size_t each = 3 * harmonics.size();
    for (std::size_t i = 0; i < *count; ++i) {
        std::array<float, 4> q;
        position.read(i, splats.position[i].data());
        colour.read(i, splats.colour[i].data());
        rotation.read(i, q.data());
        splats.rotation[i] = {q[3], q[0], q[1], q[2]};
        scale.read(i, splats.log_scale[i].data());
        for (float& value : splats.log_scale[i]) value = std::log(value);
        opacity.read(i, &splats.logit[i]);
        splats.logit[i] = logit(splats.logit[i]);
        for (std::size_t k = 0; k < harmonics.size(); ++k) {
            std::array<float, 3> rgb;
            harmonics[k].read(i, rgb.data());
            for (std::size_t c = 0; c < 3; ++c)
                splats.harmonics[i * each + c * harmonics.size() + k] = rgb[c];
        }
    }
    return splats;
}

}  // namespace

bool is_glb(Bytes bytes) { return bytes.size() >= 4 && word(bytes, 0) == kGlbMagic; }

config::Result<StoredSplats> read_glb(Bytes bytes) try {
    if (!is_glb(bytes)) refuse("the file does not begin as a GLB");
    return read(bytes);
} catch (const BadGlb& bad) {
    return config::fail(Errc::bad_splats, bad.what());
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while reading a glTF");
}

}  // namespace generator
