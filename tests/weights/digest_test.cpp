#include "weights/digest.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>

TEST_CASE("a file's digests are those of sha256sum and of git hash-object") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "f";
    std::ofstream(file) << "hello\n";
    CHECK(weights::sha256_of(file).value() ==
          "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
    CHECK(weights::git_blob_sha1_of(file).value() == "ce013625030ba8dba906f756967f9e9ca394464a");
    std::ofstream{file};
    CHECK(weights::sha256_of(file).value() ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(weights::git_blob_sha1_of(file).value() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST_CASE("a file that is not there has no digest") {
    const auto digest = weights::sha256_of("/nowhere/f");
    REQUIRE_FALSE(digest.has_value());
    CHECK(digest.error().code == network::Errc::io);
    CHECK(weights::git_blob_sha1_of("/nowhere/f").has_error());
}
