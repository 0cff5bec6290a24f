#include "generator/errc.hpp"
#include "generator/splat/glb.hpp"
#include "generator/splat/glb_format.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <string>

namespace generator {
namespace {

namespace json = boost::json;

constexpr int kHighestDegree = 3;
constexpr double kDegree0 = 0.28209479177387814;  // 1/2 sqrt(1/pi), the harmonic of degree 0

// IEC 61966-2-1, the way to light.
double linear(double srgb) {
    return srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4);
}

std::uint16_t sixteen_bits(double part) {
    return std::uint16_t(std::lround(std::clamp(part, 0.0, 1.0) * 65535));
}

float opacity(float logit) { return float(1 / (1 + std::exp(-double(logit)))); }

double length(const std::array<float, 4>& q) {
    return std::sqrt(double(q[0]) * q[0] + double(q[1]) * q[1] + double(q[2]) * q[2] +
                     double(q[3]) * q[3]);
}

// Whether all that is written of it is finite.
bool can_be_written(const StoredSplats& splats, std::size_t i, int harmonics) {
    const auto finite = [](const auto& values) {
        return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
    };
    const auto& scale = splats.log_scale[i];
    const double rotation = length(splats.rotation[i]);
    bool good =
        finite(splats.position[i]) && finite(splats.colour[i]) && !std::isnan(splats.logit[i]);
    good = good && std::all_of(scale.begin(), scale.end(),
                               [](float s) { return std::isfinite(std::exp(s)); });
    good = good && std::isfinite(rotation) && rotation > 0;
    const auto first = splats.harmonics.begin() + std::ptrdiff_t(i * std::size_t(harmonics));
    return good && std::all_of(first, first + harmonics, [](float v) { return std::isfinite(v); });
}

// The file's JSON and its data, attribute by attribute.
class Glb {
public:
    explicit Glb(std::size_t count) : count_(count) {}

    // `width` numbers of type T for each Gaussian, as fill(i, to) puts them there.
    template <class T, class Fill>
    void add(const std::string& name, std::size_t width, Fill fill) {
        const std::size_t offset = data_.size(), bytes = count_ * width * sizeof(T);
        data_.resize(offset + bytes);
        std::vector<T> row(width);
        for (std::size_t i = 0; i < count_; ++i) {
            fill(i, row.data());
            std::memcpy(data_.data() + offset + i * width * sizeof(T), row.data(),
                        width * sizeof(T));
        }
        constexpr bool kFloat = std::is_same_v<T, float>;
        json::object accessor{{"bufferView", views_.size()},
                              {"componentType", kFloat ? kGlbFloat : kGlbUnsignedShort},
                              {"count", count_},
                              {"type", width == 1 ? "SCALAR" : "VEC" + std::to_string(width)}};
        if (!kFloat) accessor["normalized"] = true;
        attributes_[name] = accessors_.size();
        accessors_.push_back(std::move(accessor));
        constexpr int kArrayBuffer = 34962;
        views_.push_back({{"buffer", 0},
                          {"byteOffset", offset},
                          {"byteLength", bytes},
                          {"target", kArrayBuffer}});
    }

    // Of what was added last.
    void set_bounds(json::array low, json::array high) {
        auto& accessor = accessors_.back().as_object();
        accessor["min"] = std::move(low);
        accessor["max"] = std::move(high);
    }

    std::vector<std::uint8_t> finish() {
        const json::object ellipse{{"kernel", "ellipse"}, {"colorSpace", kGlbColorSpace}};
        constexpr int kPoints = 0;
        const json::object primitive{{"mode", kPoints},
                                     {"attributes", attributes_},
                                     {"extensions", {{kGlbExtension, ellipse}}}};
        const json::object asset{{"version", "2.0"}, {"generator", "miner"}};
        auto text = json::serialize(json::object{
            {"asset", asset},
            {"extensionsUsed", {kGlbExtension}},
            {"scene", 0},
            {"scenes", json::array{json::object{{"nodes", json::array{0}}}}},
            {"nodes", json::array{json::object{{"mesh", 0}}}},
            {"meshes", json::array{json::object{{"primitives", json::array{primitive}}}}},
            {"buffers", json::array{json::object{{"byteLength", data_.size()}}}},
            {"bufferViews", views_},
            {"accessors", accessors_}});
        text.resize((text.size() + 3) / 4 * 4, ' ');
        data_.resize((data_.size() + 3) / 4 * 4);
        const std::uint64_t bytes = kGlbHeader + 2 * kGlbChunkHeader + text.size() + data_.size();
        std::vector<std::uint8_t> file;
        file.reserve(bytes);
        const auto add = [&](std::uint32_t word) {
            for (int i = 0; i < 4; ++i) file.push_back(std::uint8_t(word >> (8 * i)));
        };
        for (const auto word : {kGlbMagic, kGlbVersion, std::uint32_t(bytes)}) add(word);
        add(std::uint32_t(text.size()));
        add(kGlbJson);
        file.insert(file.end(), text.begin(), text.end());
        add(std::uint32_t(data_.size()));
        add(kGlbData);
        file.insert(file.end(), data_.begin(), data_.end());
        return file;
    }

private:
    std::size_t count_;
    json::object attributes_;
    json::array accessors_, views_;
    std::vector<std::uint8_t> data_;
};

void add_positions(Glb& glb, const StoredSplats& splats) {
    glb.add<float>("POSITION", 3, [&](std::size_t i, float* to) {
        std::copy_n(splats.position[i].data(), 3, to);
    });
    json::array low, high;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto less = [axis](const auto& a, const auto& b) { return a[axis] < b[axis]; };
        const auto [least, most] =
            std::minmax_element(splats.position.begin(), splats.position.end(), less);
        low.emplace_back((*least)[axis]);
        high.emplace_back((*most)[axis]);
    }
    glb.set_bounds(std::move(low), std::move(high));
}

// From colour by colour to coefficient by coefficient.
void add_harmonics(Glb& glb, const StoredSplats& splats, int degree) {
    const std::size_t stored = std::size_t(harmonics_per_gaussian(splats.sh_degree));
    std::size_t coefficient = 0;
    for (int l = 1; l <= degree; ++l)
        for (int n = 0; n <= 2 * l; ++n, ++coefficient)
            glb.add<float>(glb_harmonic(l, n), 3, [&](std::size_t i, float* to) {
                for (std::size_t c = 0; c < 3; ++c)
                    to[c] = splats.harmonics[i * stored + c * stored / 3 + coefficient];
            });
}

}  // namespace

config::Result<std::vector<std::uint8_t>> write_glb(const StoredSplats& splats) try {
    const auto bad = [](const std::string& what) {
        return config::fail(Errc::bad_splats, "glTF: " + what);
    };
    const int harmonics = harmonics_per_gaussian(splats.sh_degree);
    const int degree = std::min(splats.sh_degree, kHighestDegree);
    if (splats.size() == 0) return bad("no Gaussians to write");
    std::size_t unfit = 0;
    for (std::size_t i = 0; i < splats.size(); ++i) unfit += !can_be_written(splats, i, harmonics);
    if (unfit > 0)
        return bad(
            std::to_string(unfit) + " of " + std::to_string(splats.size()) +
            " Gaussians have a number that is not finite, or no rotation, which it cannot hold");
    // Sizes of a GLB are 32 bits.
    const std::uint64_t each =
        4 * (3 + 4 + 3 + 1 + 3 + 2 + std::uint64_t(harmonics_per_gaussian(degree)));
    if (each * splats.size() > kGlbMostBytes) return bad("more Gaussians than 4 GB hold");

    Glb glb(splats.size());
    add_positions(glb, splats);
    glb.add<std::uint16_t>("COLOR_0", 4, [&](std::size_t i, std::uint16_t* to) {
        for (std::size_t c = 0; c < 3; ++c)
            to[c] = sixteen_bits(linear(0.5 + kDegree0 * splats.colour[i][c]));
        to[3] = sixteen_bits(opacity(splats.logit[i]));
    });
    glb.add<float>(kGlbRotation, 4, [&](std::size_t i, float* to) {
        const auto& q = splats.rotation[i];
        const double whole = length(q);
        for (std::size_t k = 0; k < 4; ++k) to[k] = float(q[(k + 1) % 4] / whole);
    });
    glb.add<float>(kGlbScale, 3, [&](std::size_t i, float* to) {
        for (std::size_t c = 0; c < 3; ++c) to[c] = std::exp(splats.log_scale[i][c]);
    });
    glb.add<float>(kGlbOpacity, 1,
                   [&](std::size_t i, float* to) { *to = opacity(splats.logit[i]); });
    glb.add<float>(glb_harmonic(0, 0), 3,
                   [&](std::size_t i, float* to) { std::copy_n(splats.colour[i].data(), 3, to); });
    add_harmonics(glb, splats, degree);
    return glb.finish();
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while writing a glTF");
}

}  // namespace generator
