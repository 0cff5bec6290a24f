#include "storage/kept_splats.hpp"

#include "config/descriptor.hpp"
#include "config/durable_file.hpp"
#include "storage/errc.hpp"
#include "storage/file.hpp"
#include "storage/guard.hpp"
#include "storage/sql.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".spz";
constexpr const char* kHalfWritten = "tmp";

std::string file_name(const KeptName& name) {
    return std::to_string(name.task) + '.' + std::to_string(name.attempt) + '.' +
           std::to_string(name.seed) + std::string(kEnding);
}

// A number and the point behind it.
template <class Number>
bool take(std::string_view& text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(std::size_t(end - text.data()));
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<KeptName> parse(const std::string& file) {
    std::string_view rest = file;
    KeptName name;
    const bool numbers = take(rest, name.task) && take(rest, name.attempt) && take(rest, name.seed);
    if (!numbers || file_name(name) != file) return std::nullopt;
    return name;
}

// Also where the database does not tell.
bool may_be_in(Database& database, const KeptName& name) {
    const auto found = guarded(database, [&]() -> config::Result<bool> {
        SQLite::Statement attempt(
            database.handle(), "SELECT 1 FROM attempts WHERE task = ? AND number = ? AND seed = ?");
        bind(attempt, {name.task, name.attempt, std::int64_t(name.seed)});
        return attempt.executeStep();
    });
    return !found || *found;
}

}  // namespace

KeptSplats::KeptSplats(fs::path folder, int tasks, Database* database)
    : folder_(std::move(folder)), tasks_(tasks) {
    std::error_code ignored;  // what an earlier run left does no harm
    fs::remove_all(folder_ / kHalfWritten, ignored);
    for (const auto& [name, path] : files())
        if (database && !may_be_in(*database, name)) fs::remove(path, ignored);
    prune();
}

config::Result<void> KeptSplats::put(const KeptName& name, std::span<const std::uint8_t> bytes) {
    if (tasks_ <= 0 || int(of(name.task).size()) >= kPerTask) return config::Result<void>();
    if (const auto made = config::make_folders(folder_ / kHalfWritten); !made)
        return failed(made.error(), folder_);
    std::error_code code;
    const auto room = fs::space(folder_, code);
    if (!code && room.available < kRoomLeft + bytes.size()) return failed(ENOSPC, folder_);
    const auto path = folder_ / file_name(name);
    if (const auto written = config::write_durably(path, bytes, folder_ / kHalfWritten); !written)
        return failed(written.error(), path);
    prune();
    return config::Result<void>();
}

std::vector<KeptName> KeptSplats::of(TaskRow task) const {
    std::vector<KeptName> names;
    for (const auto& [name, path] : files())
        if (name.task == task) names.push_back(name);
    return names;
}

config::Result<std::vector<std::uint8_t>> KeptSplats::get(const KeptName& name) const {
    const auto path = folder_ / file_name(name);
    const auto file = config::open_file(path, O_RDONLY);
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) return config::fail(Errc::missing, path.string());
        return failed(errno, path);
    }
    std::vector<std::uint8_t> bytes;
    if (const int error = read_all(file.get(), bytes)) return failed(error, path);
    return bytes;
}

KeptSplats::Files KeptSplats::files() const {
    Files files;
    std::error_code code;
    for (fs::directory_iterator entry(folder_, code), end; !code && entry != end;
         entry.increment(code))
        if (const auto name = parse(entry->path().filename().string()))
            files.emplace(*name, entry->path());
    return files;
}

void KeptSplats::prune() const {
    const auto files = this->files();
    std::set<TaskRow> newest;
    for (auto file = files.rbegin(); file != files.rend() && int(newest.size()) < tasks_; ++file)
        newest.insert(file->first.task);
    std::error_code ignored;  // the next one tries again
    for (const auto& [name, path] : files)
        if (!newest.count(name.task)) fs::remove(path, ignored);
}

}  // namespace storage
