// miner backup FILE, miner restore FILE: the database's way out and back.
#include "storage/backup.hpp"
#include "config/escape.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/instance_lock.hpp"

#include <fmt/format.h>

namespace miner {
namespace {

constexpr const char* kName = "miner.db";

}  // namespace

ExitCode backup_command(const CommandLine& line) {
    const auto from = config::storage_folder(line.loaded.settings) / kName;
    if (const auto done = storage::back_up(from, line.copy); !done) {
        complain("backup", done.error());
        return ExitCode::storage;
    }
    fmt::print("{} is now in {}\n", config::printable(from.string()), config::printable(line.copy));
    return ExitCode::ok;
}

ExitCode restore_command(const CommandLine& line) {
    const auto folder = config::storage_folder(line.loaded.settings);
    const auto lock = InstanceLock::take(folder);
    if (!lock) {
        const bool taken = lock.error().code == boost::system::errc::device_or_resource_busy;
        complain(taken ? "restore: stop the miner first" : "restore", lock.error());
        return taken ? ExitCode::another_instance : ExitCode::storage;
    }
    const auto was_there = storage::restore(line.copy, folder / kName);
    if (!was_there) {
        complain("restore", was_there.error());
        return ExitCode::storage;
    }
    fmt::print("{} is now as in {}; ", config::printable((folder / kName).string()),
               config::printable(line.copy));
    if (*was_there)
        fmt::print("what was there is beside it, {}.before-restore\n", kName);
    else
        fmt::print("nothing was there before\n");
    return ExitCode::ok;
}

}  // namespace miner
