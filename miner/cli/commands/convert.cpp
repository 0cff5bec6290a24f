// miner convert: splats from one kind of file to another.
#include "config/escape.hpp"
#include "generator/splat/health.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/report/complaint.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <string>

namespace miner {
namespace {

constexpr std::size_t kMaxBytes = std::size_t(4) << 30;

const char* up_of(generator::SplatFormat format) {
    return generator::has_y_up(format) ? "+y" : "-y";
}

}  // namespace

ExitCode convert_command(const CommandLine& line) {
    const auto& options = line.convert;
    const auto in = read_file(options.in, kMaxBytes);
    if (!in) return ExitCode::bad_input;
    auto splats = generator::read_splats(*in);
    if (!splats) {
        complain(options.in, splats.error());
        return ExitCode::bad_input;
    }
    // What could be read is one of them.
    const auto from = generator::format_of(*in).value_or(generator::SplatFormat::spz_subnet);
    const bool turned =
        !options.keep_axes && generator::has_y_up(from) != generator::has_y_up(options.format);
    if (turned) generator::turn_half(*splats);
    const auto& settings = line.loaded.settings.export_;
    const auto bytes = generator::write_splats(
        *splats, options.format,
        {.fraction_bits = settings.fraction_bits, .zstd_level = settings.zstd_level});
    if (!bytes) {
        complain(options.out, bytes.error());
        return ExitCode::bad_input;
    }
    if (!write_file(options.out, *bytes)) return ExitCode::storage;
    const auto looks = generator::guess_up(*splats);
    if (options.json) {
        fmt::print("{}\n", boost::json::serialize(
                               boost::json::object{{"path", options.out},
                                                   {"format", generator::words(options.format)},
                                                   {"bytes", bytes->size()},
                                                   {"gaussians", splats->size()},
                                                   {"turned", turned},
                                                   {"up_by_the_shape", looks}}));
        return ExitCode::ok;
    }
    fmt::print("{}: {}, {} Gaussians, {:.2f} MB\n", config::printable(options.out),
               generator::words(options.format), splats->size(), double(bytes->size()) / 1e6);
    if (turned)
        fmt::print("axes: half a turn about x, from {} up to {} up", up_of(from),
                   up_of(options.format));
    else
        fmt::print("axes: as they were");
    fmt::print("; by the shape up is {}\n", looks);
    return ExitCode::ok;
}

}  // namespace miner
