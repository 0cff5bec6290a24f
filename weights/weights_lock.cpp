#include "weights/weights_lock.hpp"

#include "config/durable_file.hpp"
#include "config/whole_file.hpp"
#include "network/errc.hpp"
#include "network/json_fields.hpp"
#include "weights/digest.hpp"
#include "weights/listing.hpp"
#include "weights/part_file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace weights {
namespace {

namespace fs = std::filesystem;

constexpr auto kName = "weights.lock.json";
constexpr std::size_t kMostBytes = 4 << 20;

config::Error malformed(const fs::path& file, const std::string& what) {
    return config::fail(network::Errc::malformed,
                        file.string() + ": " + what + "; `miner weights fetch` makes it anew");
}

// A lock that is none is as good as a damaged one; another that cannot be read may be right.
config::Error unreadable(const fs::path& file, const boost::system::error_code& code) {
    namespace errc = boost::system::errc;
    for (const auto kind : {errc::is_a_directory, errc::invalid_argument, errc::file_too_large})
        if (code == kind) return malformed(file, code.message());
    auto error = read_failure(file, code.value());
    if (error.code == network::Errc::disk_failed)
        error.detail += "; where it stays so, move it away and run `miner weights fetch` again";
    return error;
}

config::Result<LockedFile> parse_file(const boost::json::value& value, const fs::path& where) {
    if (!value.is_object()) return malformed(where, "files holds no object");
    LockedFile file;
    network::JsonFields fields(value.get_object(), "files.");
    fields.read_text("path", 1024, file.path);
    fields.read_text("source", 2048, file.source);
    fields.read_text("sha256", 64, file.sha256);
    fields.read("size", file.size);
    fields.read("verified_mtime_ns", file.verified_mtime_ns);
    if (!fields.ok()) return malformed(where, fields.error().detail);
    if (!is_plain_path(file.path)) return malformed(where, "files.path leads elsewhere");
    return file;
}

// `read` is set where the content was looked at.
Verified look_at(const LockedFile& locked, const fs::path& file, Verify what, bool& read) {
    const auto verdict = [&](std::string fault, bool may_pass = false) {
        return Verified{locked.path, std::move(fault), may_pass};
    };
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (error == std::errc::no_such_file_or_directory) return verdict("missing");
    if (error) return verdict(error.message(), !config::is_lasting(error.value()));
    if (std::int64_t(size) != locked.size)
        return verdict("is " + std::to_string(size) + " bytes long, not " +
                       std::to_string(locked.size));
    if (what == Verify::changed && mtime_ns(file) == locked.verified_mtime_ns) return verdict("");
    read = true;
    const auto digest = sha256_of(file);
    if (!digest)
        return verdict(digest.error().message(), digest.error().code == network::Errc::disk_failed);
    return verdict(
        *digest == locked.sha256 ? "" : "its SHA-256 is " + *digest + ", not " + locked.sha256);
}

}  // namespace

std::int64_t mtime_ns(const fs::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return 0;
    return std::int64_t(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
}

LockedFile* WeightsLock::find(const std::string& path) {
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const LockedFile& file) { return file.path == path; });
    return found == files.end() ? nullptr : &*found;
}

config::Result<std::optional<WeightsLock>> read_lock(const fs::path& folder) {
    const auto file = folder / kName;
    const auto text = config::read_whole_file(file, kMostBytes);
    if (!text) {
        namespace errc = boost::system::errc;
        const auto& code = text.error().code;
        if (code == errc::no_such_file_or_directory || code == errc::not_a_directory)
            return std::optional<WeightsLock>();
        return unreadable(file, code);
    }
    const auto message = network::JsonMessage::parse(*text);
    if (!message) return malformed(file, message.error().detail);
    const auto* files = message->fields().if_contains("files");
    if (!files || !files->is_array()) return malformed(file, "files is no array");
    WeightsLock lock;
    for (const auto& value : files->get_array()) {
        auto locked = parse_file(value, file);
        if (!locked) return locked.error();
        lock.files.push_back(std::move(*locked));
    }
    return std::optional(std::move(lock));
}

config::Result<void> write_lock(const fs::path& folder, const WeightsLock& lock) {
    boost::json::array files;
    for (const auto& file : lock.files)
        files.push_back({{"path", file.path},
                         {"source", file.source},
                         {"size", file.size},
                         {"sha256", file.sha256},
                         {"verified_mtime_ns", file.verified_mtime_ns}});
    const auto text = boost::json::serialize(boost::json::object{{"files", files}}) + '\n';
    const auto written = config::write_durably(
        folder / kName, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (!written) return system_failure(folder / kName, written.error().code.value());
    return {};
}

config::Result<std::vector<Verified>> verify(const fs::path& folder, Verify what,
                                             const std::function<void(const LockedFile&)>& seen) {
    auto lock = read_lock(folder);
    if (!lock) return lock.error();
    std::vector<Verified> verdicts;
    if (!*lock) return verdicts;
    bool any_read = false;
    for (auto& file : (**lock).files) {
        if (seen) seen(file);
        const auto path = folder / file.path;
        const auto time =
            mtime_ns(path);  // before reading: a change while it is read is seen later
        bool read = false;
        verdicts.push_back(look_at(file, path, what, read));
        if (!read || !verdicts.back().fault.empty()) continue;
        any_read = true;
        file.verified_mtime_ns = time;
    }
    if (any_read) {
        const auto noted = write_lock(folder, **lock);
        static_cast<void>(noted.has_value());  // a read-only folder is verified anew each time
    }
    return verdicts;
}

}  // namespace weights
