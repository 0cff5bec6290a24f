// What a model hub says of a repository's files: no path leaves the folder.
#include "tests/fuzz/input.hpp"
#include "weights/listing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto listing = weights::parse_listing(fuzz::text(data, size));
    if (!listing) return 0;
    fuzz::require(listing->commit.size() == 40);
    for (const auto& file : listing->files) {
        fuzz::require(weights::is_plain_path(file.path) && file.path.front() != '/');
        fuzz::require(file.size >= 0);
        fuzz::require(file.sha256.size() == 64 || file.git_sha1.size() == 40);
        fuzz::require(listing->find(file.path) != nullptr);
    }
    return 0;
}
