#include "weights/listing.hpp"

#include "network/errc.hpp"
#include "network/json_fields.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace weights {
namespace {

constexpr std::size_t kMostFiles = 10'000;
constexpr std::int64_t kMostBytes = std::int64_t(1) << 42;

bool is_digest(std::string_view text, std::size_t digits) {
    return text.size() == digits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

config::Error malformed(const std::string& what) {
    return config::fail(network::Errc::malformed, "the hub's listing: " + what);
}

config::Result<RemoteFile> parse_file(const boost::json::object& object) {
    RemoteFile file;
    network::JsonFields fields(object, "siblings.");
    fields.read_text("rfilename", 1024, file.path);
    fields.read("size", file.size);
    if (const auto* lfs = fields.object("lfs")) {
        network::JsonFields large(*lfs, "siblings.lfs.");
        large.read_text("sha256", 64, file.sha256);
        large.read("size", file.size);
        fields.take(large);
    } else {
        fields.read_text("blobId", 40, file.git_sha1);
    }
    if (!fields.ok()) return malformed(fields.error().detail);
    const bool known =
        file.sha256.empty() ? is_digest(file.git_sha1, 40) : is_digest(file.sha256, 64);
    if (!known) return malformed("siblings: no digest of " + file.path.substr(0, 200));
    if (file.size < 0 || file.size > kMostBytes)
        return malformed("siblings: size of " + file.path.substr(0, 200));
    return file;
}

}  // namespace

const RemoteFile* Listing::find(std::string_view path) const {
    const auto found = std::find_if(files.begin(), files.end(),
                                    [&](const RemoteFile& file) { return file.path == path; });
    return found == files.end() ? nullptr : &*found;
}

bool is_plain_path(std::string_view path) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    if (path.empty() || path.size() > 512 || path.find_first_not_of(kPlain) != path.npos)
        return false;
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find('/', begin), path.size());
        const auto name = path.substr(begin, end - begin);
        if (name.empty() || name == "." || name == "..") return false;
        begin = end + 1;
    }
    return true;
}

config::Result<Listing> parse_listing(std::string_view json) {
    const auto message = network::JsonMessage::parse(json);
    if (!message) return malformed(message.error().detail);
    Listing listing;
    network::JsonFields fields(message->fields());
    fields.read_text("sha", 40, listing.commit);
    if (!fields.ok()) return malformed(fields.error().detail);
    if (!is_digest(listing.commit, 40)) return malformed("sha is no commit");
    const auto* siblings = message->fields().if_contains("siblings");
    if (!siblings || !siblings->is_array()) return malformed("siblings is no array");
    if (siblings->get_array().size() > kMostFiles) return malformed("too many files");
    for (const auto& sibling : siblings->get_array()) {
        if (!sibling.is_object()) return malformed("siblings holds no object");
        auto file = parse_file(sibling.get_object());
        if (!file) return file.error();
        // Names that we could not write safely are none that a checkpoint needs.
        if (is_plain_path(file->path)) listing.files.push_back(std::move(*file));
    }
    return listing;
}

}  // namespace weights
