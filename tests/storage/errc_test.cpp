#include "storage/errc.hpp"

#include "tests/support/catch.hpp"

#include <set>
#include <string>

TEST_CASE("each failure of storage has words of its own") {
    std::set<std::string> words;
    constexpr int kLast = int(storage::Errc::out_of_order);
    for (int code = 1; code <= kLast; ++code) {
        const boost::system::error_code error = make_error_code(storage::Errc(code));
        CHECK(std::string(error.category().name()) == "storage");
        CHECK(words.insert(error.message()).second);
        CHECK(error.message() != "unknown storage error");
    }
    CHECK(make_error_code(storage::Errc(kLast + 1)).message() == "unknown storage error");
}
