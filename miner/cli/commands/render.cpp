// miner render: a PLY or SPZ as pictures, put through the validator's normalisation and seen from
// where it looks.
#include "config/escape.hpp"
#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "generator/render/picture.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/generation/no_model.hpp"
#include "miner/report/complaint.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace miner {
namespace {

constexpr int kTurntableFrames = 48, kFrameMs = 80;

// From TRELLIS's own (x, -z, y) to +y up: half a turn about the first axis.
void turn_upright(generator::StoredSplats& splats) {
    for (auto& p : splats.position) p = {p[0], -p[1], -p[2]};
    for (auto& q : splats.rotation) q = {-q[1], q[0], -q[3], q[2]};
}

// Of what was to be drawn on that device. Where main memory runs out the file is too large for it.
ExitCode code_of(const config::Error& error, const std::string& device) {
    if (error.code == generator::Errc::bad_device) return ExitCode::usage;
    const auto code = exit_code_without_model(error, device);
    return code == ExitCode::device_lost ? code : ExitCode::bad_input;
}

class Renderer {
public:
    Renderer(const generator::StoredSplats& splats, int side, generator::Rasterizer rasterize)
        : splats_(splats),
          scene_(generator::validator_scene(splats)),
          side_(side),
          rasterize_(std::move(rasterize)) {}

    config::Result<generator::Image> look(generator::Orbit orbit) {
        orbit.width = orbit.height = side_;
        auto rendering = rasterize_(generator::gaussians(scene_, splats_.rotation),
                                    generator::orbit_camera(orbit));
        if (!rendering) return rendering.error();
        not_numbers_ = rendering->not_numbers;
        most_drawn_ = std::max(most_drawn_, rendering->drawn);
        return generator::to_picture(*rendering);
    }

    config::Result<std::vector<std::uint8_t>> picture(int views) {
        std::vector<int> indices(std::size_t(views), generator::kPreviewView);
        if (views == 4) indices.assign(generator::kDuelViews.begin(), generator::kDuelViews.end());
        if (views == generator::kValidatorViews)
            for (int i = 0; i < views; ++i) indices[std::size_t(i)] = i;
        std::vector<generator::Image> pictures;
        for (const int index : indices) {
            auto image = look(generator::validator_orbit(index));
            if (!image) return image.error();
            pictures.push_back(std::move(*image));
        }
        const int columns = views == 1 ? 1 : views == 4 ? 2 : 4;
        return generator::encode_png(generator::contact_sheet(pictures, columns));
    }

    config::Result<std::vector<std::uint8_t>> turntable() {
        generator::Animation animation(side_, side_, kFrameMs);
        for (int i = 0; i < kTurntableFrames; ++i) {
            const auto image = look({.azimuth_degrees = 360.0 * i / kTurntableFrames});
            if (!image) return image.error();
            if (const auto added = animation.add(*image); !added) return added.error();
        }
        return animation.finish();
    }

    std::int64_t not_numbers() const { return not_numbers_; }
    std::int64_t most_drawn() const { return most_drawn_; }

private:
    const generator::StoredSplats& splats_;
    const generator::Scene scene_;
    const int side_;
    const generator::Rasterizer rasterize_;
    std::int64_t not_numbers_ = 0, most_drawn_ = 0;
};

}  // namespace

ExitCode render_command(const CommandLine& line, const MakeRasterizer& make_rasterizer) {
    constexpr std::size_t kMaxBytes = std::size_t(1) << 30;
    const RenderOptions& options = line.render;
    const auto bytes = read_file(options.file, kMaxBytes);
    if (!bytes) return ExitCode::bad_input;
    auto file = generator::read_splat_file(*bytes);
    if (!file) {
        complain(options.file, file.error());
        return ExitCode::bad_input;
    }
    auto& splats = file->splats;
    for (const auto& remark : file->remarks)
        fmt::print(stderr, "miner: {}: {}\n", config::printable(options.file), remark);
    // A file that says +y stands already, also where others of its kind do not.
    if (!options.from_trellis && file->up != generator::up_axis(file->format) &&
        file->up != generator::UpAxis::plus_y)
        fmt::print(stderr,
                   "miner: {}: is drawn as it lies, as a validator knows of no axis that a file "
                   "names; `miner convert IN OUT.spz` stands it up\n",
                   config::printable(options.file));
    if (options.from_trellis) turn_upright(splats);

    // A GPU only when it is named: it may be mining, and takes longer to wake than a picture does.
    const auto& named = line.loaded.settings.generator.device;
    const std::string device = named.starts_with("cuda") ? named : "cpu";
    auto rasterizer = make_rasterizer(device);
    if (!rasterizer) {
        complain("--device", rasterizer.error());
        return code_of(rasterizer.error(), device);
    }
    Renderer renderer(splats, options.side, std::move(*rasterizer));
    const auto write = [&](const std::string& path, const auto& made) {
        if (path.empty()) return ExitCode::ok;
        const auto picture = made();
        if (!picture) {
            complain(options.file, picture.error());
            return code_of(picture.error(), device);
        }
        return write_file(path, *picture) ? ExitCode::ok : ExitCode::storage;
    };
    const auto first = write(options.picture, [&] { return renderer.picture(options.views); });
    if (first != ExitCode::ok) return first;
    const auto second = write(options.turntable, [&] { return renderer.turntable(); });
    if (second != ExitCode::ok) return second;

    if (options.json) {
        const boost::json::object object{{"gaussians", splats.size()},
                                         {"drawn", renderer.most_drawn()},
                                         {"not_finite", renderer.not_numbers()}};
        fmt::print("{}\n", config::json_text(boost::json::serialize(object)));
    } else {
        fmt::print("{} Gaussians, {} drawn, {} left out as they are not finite\n", splats.size(),
                   renderer.most_drawn(), renderer.not_numbers());
    }
    if (renderer.most_drawn() == 0)
        fmt::print(stderr, "miner: {}: nothing of it can be seen\n",
                   config::printable(options.file));
    return ExitCode::ok;
}

}  // namespace miner
