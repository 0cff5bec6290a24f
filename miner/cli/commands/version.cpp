// miner version: which miner this is, of what it was built, and which of its paths run here.
#include "config/version.hpp"
#include "config/escape.hpp"
#include "miner/cli/commands/commands.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

namespace miner {
namespace {

boost::json::value text_or_null(const std::string& text) {
    return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

boost::json::object to_json(const generator::About& about) {
    boost::json::object kernels;
    for (const auto& each : about.kernels) kernels[each.kernel] = each.path;
    return {{"version", config::version()},
            {"commit", config::commit()},
            {"libtorch", about.torch},
            {"cuda", text_or_null(about.cuda)},
            {"architectures", text_or_null(about.architectures)},
            {"kernels", std::move(kernels)}};
}

}  // namespace

ExitCode version_command(const CommandLine& line, const generator::About& about) {
    if (line.version.json) {
        fmt::print("{}\n", config::json_text(boost::json::serialize(to_json(about))));
        return ExitCode::ok;
    }
    fmt::print("miner {}\n", config::version_and_commit());
    fmt::print("libtorch {}\n", about.torch);
    fmt::print("CUDA {}\n", about.cuda.empty() ? "none" : about.cuda);
    fmt::print("GPU architectures {}\n",
               about.architectures.empty() ? "none" : about.architectures);
    for (const auto& each : about.kernels) fmt::print("{}: {}\n", each.kernel, each.path);
    return ExitCode::ok;
}

}  // namespace miner
