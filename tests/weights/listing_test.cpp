#include "weights/listing.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"

using weights::is_plain_path;
using weights::parse_listing;

namespace {

const std::string kCommit(40, 'a'), kSha1(40, 'b'), kSha256(64, 'c');

std::string listing_of(const std::string& siblings) {
    return R"({"id":"o/n","sha":")" + kCommit + R"(","siblings":[)" + siblings + "]}";
}

const std::string kSmall = R"({"rfilename":"pipeline.json","blobId":")" + kSha1 + R"(","size":12})";
const std::string kLarge = R"({"rfilename":"ckpts/a.safetensors","blobId":")" + kSha1 +
                           R"(","size":130,"lfs":{"sha256":")" + kSha256 +
                           R"(","size":1131577344,"pointerSize":135}})";

}  // namespace

TEST_CASE("a listing tells commit, sizes and digests") {
    const auto listing = parse_listing(listing_of(kSmall + "," + kLarge)).value();
    CHECK(listing.commit == kCommit);
    REQUIRE(listing.files.size() == 2);
    const auto* small = listing.find("pipeline.json");
    REQUIRE(small);
    CHECK(small->size == 12);
    CHECK(small->git_sha1 == kSha1);
    CHECK(small->sha256.empty());
    const auto* large = listing.find("ckpts/a.safetensors");
    REQUIRE(large);
    CHECK(large->size == 1'131'577'344);
    CHECK(large->sha256 == kSha256);
    CHECK_FALSE(listing.find("other"));
}

TEST_CASE("names that lead elsewhere are not listed") {
    const auto listing = parse_listing(listing_of(R"({"rfilename":"../../etc/passwd","blobId":")" +
                                                  kSha1 + R"(","size":1},)" + kSmall));
    CHECK(listing.value().files.size() == 1);
    for (const char* bad : {"", "/etc", "a/../b", "a//b", "./a", "a/", "a\\b", "a b", "a\nb"})
        CHECK_FALSE(is_plain_path(bad));
    for (const char* good : {"a", "ckpts/ss_flow-1.0.json", ".gitattributes", "a/b/c"})
        CHECK(is_plain_path(good));
}

TEST_CASE("a listing that is none says which field is wrong") {
    const auto detail = [](const std::string& json) {
        const auto listing = parse_listing(json);
        REQUIRE_FALSE(listing.has_value());
        CHECK(listing.error().code == network::Errc::malformed);
        return listing.error().detail;
    };
    using Catch::Contains;
    CHECK_THAT(detail("<html>"), Contains("listing"));
    CHECK_THAT(detail(R"({"siblings":[]})"), Contains("sha"));
    CHECK_THAT(detail(R"({"sha":")" + kCommit + R"("})"), Contains("siblings"));
    CHECK_THAT(detail(listing_of("3")), Contains("siblings"));
    CHECK_THAT(detail(listing_of(R"({"rfilename":"a","size":1})")), Contains("blobId"));
    CHECK_THAT(detail(listing_of(R"({"rfilename":"a","blobId":"zz","size":1})")),
               Contains("digest of a"));
    CHECK_THAT(detail(listing_of(R"({"rfilename":"a","blobId":")" + kSha1 + R"(","size":-1})")),
               Contains("size of a"));
}
