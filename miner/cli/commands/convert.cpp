// miner convert: splats from one kind of file to another.
#include "config/escape.hpp"
#include "generator/splat/health.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/report/complaint.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace miner {
namespace {

constexpr std::size_t kMaxBytes = std::size_t(4) << 30;
constexpr int kMostTurnedBits = 22;  // as generator::exchange_spz writes them

// A file's content, and in how many fraction bits its places are, where it is an SPZ.
struct Made {
    std::vector<std::uint8_t> bytes;
    std::optional<int> fraction_bits;
};

// `in` as it was read; `file` is turned by so many quarters since.
config::Result<Made> make(std::span<const std::uint8_t> in, const generator::SplatFile& file,
                          int quarters, generator::SplatFormat format,
                          const config::Export& settings) {
    generator::SpzOptions options{.fraction_bits = settings.fraction_bits,
                                  .zstd_level = settings.zstd_level};
    const bool exchanged = generator::is_spz(file.format) && generator::is_spz(format);
    Made made;
    if (exchanged && file.fraction_bits) {
        made.fraction_bits = file.fraction_bits;
        // At the very end of their reach places have room below 0 alone, and a turn may bring them
        // above.
        if (quarters != 0) {
            const int most = std::min(*file.fraction_bits, kMostTurnedBits);
            const auto bits = generator::fitting_fraction_bits(file.splats, most);
            if (!bits) return bits.error();
            made.fraction_bits = *bits;
        }
    } else if (generator::is_spz(format)) {
        const auto bits = generator::fitting_fraction_bits(file.splats, settings.fraction_bits);
        if (!bits) return bits.error();
        made.fraction_bits = options.fraction_bits = *bits;
    }
    auto bytes = exchanged ? generator::exchange_spz(in, format, options, {}, quarters)
                           : generator::write_splats(file.splats, format, options);
    if (!bytes) return bytes.error();
    made.bytes = std::move(*bytes);
    return made;
}

// Whether what was written is read as having that axis up.
bool tells(const Made& made, generator::UpAxis up) {
    const auto again = generator::read_splat_file(made.bytes);
    return again && again->up == up;
}

}  // namespace

ExitCode convert_command(const CommandLine& line) {
    const auto& options = line.convert;
    const auto in = read_file(options.in, kMaxBytes);
    if (!in) return ExitCode::bad_input;
    auto file = generator::read_splat_file(*in);
    if (!file) {
        complain(options.in, file.error());
        return ExitCode::bad_input;
    }
    const auto up = generator::up_axis(options.format);
    const int quarters = options.keep_axes ? 0 : generator::quarter_turns(file->up, up);
    generator::turn_about_x(file->splats, quarters);
    const auto& settings = line.loaded.settings.export_;
    const auto made = make(*in, *file, quarters, options.format, settings);
    if (!made) {
        complain(options.out, made.error());
        return ExitCode::bad_input;
    }
    if (!write_file(options.out, made->bytes)) return ExitCode::storage;
    const auto looks = generator::guess_up(file->splats);
    if (options.json) {
        boost::json::object told{{"path", options.out},
                                 {"format", generator::words(options.format)},
                                 {"bytes", made->bytes.size()},
                                 {"gaussians", file->splats.size()},
                                 {"turned", quarters != 0},
                                 {"quarter_turns", quarters},
                                 {"remarks", boost::json::value_from(file->remarks)},
                                 {"up_by_the_shape", looks}};
        if (made->fraction_bits) told["fraction_bits"] = *made->fraction_bits;
        fmt::print("{}\n", config::json_text(boost::json::serialize(told)));
        return ExitCode::ok;
    }
    fmt::print("{}: {}, {} Gaussians, {:.2f} MB\n", config::printable(options.out),
               generator::words(options.format), file->splats.size(),
               double(made->bytes.size()) / 1e6);
    if (made->fraction_bits.value_or(settings.fraction_bits) < settings.fraction_bits)
        fmt::print("places: in steps of 2^-{}, {}\n", *made->fraction_bits,
                   file->fraction_bits == made->fraction_bits ? std::string("as they were")
                   : file->fraction_bits
                       ? fmt::format("as some have no room with the {} bits of before",
                                     *file->fraction_bits)
                       : fmt::format("as some have no room with export.fraction_bits = {}",
                                     settings.fraction_bits));
    for (const auto& remark : file->remarks)
        fmt::print("{}: {}\n", config::printable(options.in), remark);
    if (quarters != 0)
        fmt::print("axes: {} about x, from {} up to {} up",
                   std::abs(quarters) == 2 ? "half a turn" : "a quarter turn",
                   generator::words(file->up), generator::words(up));
    else if (file->up != up && !tells(*made, file->up))
        fmt::print("axes: as they were, {} up, which the file does not say",
                   generator::words(file->up));
    else
        fmt::print("axes: as they were");
    fmt::print("; by the shape up is {}\n", looks);
    return ExitCode::ok;
}

}  // namespace miner
