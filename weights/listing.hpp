// What a repository of the model hub holds, as its API tells:
//     GET /api/models/OWNER/NAME/revision/REVISION?blobs=true
// Pure.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weights {

struct RemoteFile {
    std::string path;  // inside the repository; stays inside it
    std::int64_t size = 0;
    // 64 hex digits: SHA-256 of the content, for large files. Empty for small ones, which git keeps
    // itself:
    std::string sha256;
    std::string git_sha1;  // 40 hex digits: of "blob SIZE\0" and the content
};

struct Listing {
    std::string commit;  // 40 hex digits
    std::vector<RemoteFile> files;

    const RemoteFile* find(std::string_view path) const;  // null when there is none
};

// Fails with malformed, naming the field.
config::Result<Listing> parse_listing(std::string_view json);

// A relative path with plain names only: letters, digits, '.', '_', '-'; none of them "." or "..".
bool is_plain_path(std::string_view path);

}  // namespace weights
