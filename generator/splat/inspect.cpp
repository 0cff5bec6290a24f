#include "generator/splat/inspect.hpp"

#include "config/escape.hpp"
#include "generator/errc.hpp"
#include "generator/splat/glb.hpp"
#include "generator/splat/splat_file.hpp"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>

#include <boost/json.hpp>

namespace generator {
namespace {

constexpr int kNameWidth = 22;

std::string number(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

std::string percent(double share) { return number(100 * share, 1) + " %"; }

std::string triple(const std::array<double, 3>& v) {
    return number(v[0], 4) + " " + number(v[1], 4) + " " + number(v[2], 4);
}

class Lines {
public:
    void add(std::string_view name, const std::string& value) {
        text_ += name;
        text_.append(name.size() < kNameWidth ? kNameWidth - name.size() : 1, ' ');
        text_ += value + "\n";
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

std::string title(const Inspection& i) {
    if (i.format == "ply") return i.trellis_layout ? "PLY, TRELLIS's layout" : "PLY";
    if (i.format == "glb") return "glTF with KHR_gaussian_splatting";
    const std::string version = "version " + std::to_string(*i.version);
    if (i.format == "spz-404") return "SPZ of the subnet (404), " + version;
    return "SPZ of Niantic, " + version + (i.format == "spz-niantic" ? ", gzip" : "");
}

// JSON has no infinity and no NaN.
boost::json::value finite(double value) {
    return std::isfinite(value) ? boost::json::value(value) : boost::json::value(nullptr);
}

boost::json::array finite(const std::array<double, 3>& v) {
    return {finite(v[0]), finite(v[1]), finite(v[2])};
}

// What the files of a format mean by up, whatever the shape looks like.
std::string convention(const Inspection& i) {
    if (i.told_up) return "the file says that " + std::string(words(*i.told_up)) + " is up";
    if (i.trellis_layout) {
        return "TRELLIS's own files have -y up, which a validator shows upside down";
    }
    if (i.format == "spz-niantic-v4" || (i.format == "spz-niantic" && *i.version >= 3)) {
        return "Niantic's files have +y up by definition";
    }
    if (i.format == "glb") return "a glTF has +y up by definition";
    return "a validator has +y up";
}

config::Result<StoredSplats> read(std::span<const std::uint8_t> bytes, Inspection& out) {
    if (bytes.size() >= 3 && std::memcmp(bytes.data(), "ply", 3) == 0) {
        out.format = "ply";
        out.trellis_layout = has_trellis_layout(bytes);
        auto file = read_ply_file(bytes);
        if (!file) return file.error();
        out.decodes = !file->flat && !file->rgb;
        out.told_up = file->up;
        return std::move(file->splats);
    }
    if (is_glb(bytes)) {
        out.format = "glb";
        return read_glb(bytes);
    }
    auto file = read_spz(bytes);
    if (!file) return file.error();
    switch (file->family) {
        case SpzFamily::subnet:
            out.format = "spz-404";
            break;
        case SpzFamily::niantic_gzip:
            out.format = "spz-niantic";
            break;
        case SpzFamily::niantic_v4:
            out.format = "spz-niantic-v4";
            break;
    }
    out.version = file->version;
    out.fraction_bits = file->fraction_bits;
    out.antialiased = file->antialiased;
    out.told_up = file->up;
    out.decodes = file->family == SpzFamily::subnet;
    return std::move(file->splats);
}

}  // namespace

config::Result<Inspection> inspect(std::span<const std::uint8_t> bytes) try {
    Inspection out;
    out.bytes = std::int64_t(bytes.size());
    const auto splats = read(bytes, out);
    if (!splats) return splats.error();
    out.sh_degree = splats->sh_degree;
    out.health = measure(*splats);
    out.objections = validator_objections(*splats);
    out.normalised = normalise_as_validator(*splats);
    out.up = guess_up(*splats);
    out.up_note = convention(out);
    return out;
} catch (const std::bad_alloc&) {
    return config::fail(Errc::out_of_memory, "while reading splats");
}

std::string Inspection::to_text() const {
    Lines lines;
    lines.add("format", title(*this));
    lines.add("bytes", std::to_string(bytes));
    lines.add("gaussians", std::to_string(health.gaussians));
    lines.add("harmonics", "degree " + std::to_string(sh_degree));
    if (fraction_bits) lines.add("fraction bits", std::to_string(*fraction_bits));
    if (antialiased) lines.add("antialiased", "yes");
    lines.add("box", triple(health.extent));
    lines.add("opacity", "mean " + number(health.opacity_mean, 3) + ", spread " +
                             number(health.opacity_spread, 3) +
                             ", below 0.001: " + percent(health.invisible));
    lines.add("not finite", percent(health.non_finite) + ", of opacities " +
                                percent(health.infinite_opacities) + " (seen as 0 or 1)");
    lines.add("identity rotations", percent(health.identity_rotations));
    lines.add("up",
              (up == "unknown" ? "unknown from the shape" : up + " by the shape") + "; " + up_note);
    lines.add("validator's zoom", number(normalised.zoom, 4));
    lines.add("opacities after it", "mean " + number(normalised.opacity_mean_before, 3) + " -> " +
                                        number(normalised.opacity_mean_after, 3) + ", none above " +
                                        number(normalised.capped_at, 3));
    lines.add("off centre after it",
              number(normalised.off_centre, 4) + ", box about " + triple(normalised.box_centre));
    if (!decodes)
        lines.add("validator's decoder",
                  "reads the subnet's SPZ alone: miner convert FILE OUT.spz --spz subnet");
    lines.add("validator's checks", passes() ? "pass" : "score zero");
    for (const auto& objection : objections) lines.add("", objection);
    return lines.take();
}

std::string Inspection::to_json() const {
    boost::json::object json;
    json["format"] = format;
    json["bytes"] = bytes;
    json["version"] = version ? boost::json::value(*version) : nullptr;
    json["fraction_bits"] = fraction_bits ? boost::json::value(*fraction_bits) : nullptr;
    json["antialiased"] = antialiased;
    json["sh_degree"] = sh_degree;
    json["trellis_layout"] = trellis_layout;
    json["gaussians"] = health.gaussians;
    json["health"] = {{"invisible", finite(health.invisible)},
                      {"opacity_mean", finite(health.opacity_mean)},
                      {"opacity_spread", finite(health.opacity_spread)},
                      {"non_finite", finite(health.non_finite)},
                      {"infinite_opacities", finite(health.infinite_opacities)},
                      {"identity_rotations", finite(health.identity_rotations)},
                      {"extent", finite(health.extent)}};
    json["up"] = {{"guess", up}, {"note", up_note}};
    json["validator"] = {{"passes", passes()},
                         {"decodes", decodes},
                         {"objections", boost::json::value_from(objections)},
                         {"zoom", finite(normalised.zoom)},
                         {"offset", finite(normalised.offset)},
                         {"off_centre", finite(normalised.off_centre)},
                         {"box_centre", finite(normalised.box_centre)},
                         {"opacity_mean_before", finite(normalised.opacity_mean_before)},
                         {"opacity_mean_after", finite(normalised.opacity_mean_after)},
                         {"capped_at", finite(normalised.capped_at)}};
    return config::json_text(boost::json::serialize(json));
}

}  // namespace generator
