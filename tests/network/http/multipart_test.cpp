#include "network/http/multipart.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"

using network::parse_multipart;

namespace {

const std::string kType = "multipart/form-data; boundary=XX";

std::string part(const std::string& disposition, const std::string& contents) {
    return "--XX\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + contents +
           "\r\n";
}

std::string why_not(const std::string& type, const std::string& body) {
    const auto parts = parse_multipart(type, body);
    REQUIRE_FALSE(parts.has_value());
    CHECK(parts.error().code == network::Errc::malformed);
    return parts.error().detail;
}

}  // namespace

TEST_CASE("fields and files come with their names and exact bytes") {
    const std::string bytes("\x89PNG\r\n--X\r\n\0--XX\r\n", 19);
    const auto body = part("name=\"seed\"", "-1") +
                      "--XX\r\nContent-Type: image/png\r\ncontent-disposition: form-data; "
                      "name=prompt_image_file; filename=\"a \\\"b\\\";.png\"\r\n\r\n" +
                      bytes + "\r\n" + part("name=\"empty\"", "") + "--XX--\r\nepilogue";
    const auto parts = parse_multipart(kType, body);
    REQUIRE(parts.has_value());
    REQUIRE(parts->size() == 3);
    CHECK((*parts)[0].name == "seed");
    CHECK((*parts)[0].contents == "-1");
    CHECK((*parts)[1].name == "prompt_image_file");
    CHECK((*parts)[1].filename == "a \"b\";.png");
    CHECK((*parts)[1].contents == bytes);
    CHECK((*parts)[2].contents == "");
}

TEST_CASE("a boundary may be quoted, and a preamble or blanks stand before parts") {
    const auto parts = parse_multipart("Multipart/Form-Data; charset=x; boundary=\"a b\"",
                                       "hello\r\n--a b  \r\nContent-Disposition: form-data; "
                                       "name=x\r\n\r\n1\r\n--a b--");
    REQUIRE(parts.has_value());
    CHECK(parts->at(0).contents == "1");
    CHECK(parse_multipart(kType, "--XX--").value().empty());
}

TEST_CASE("what is no form is refused with the reason") {
    const auto good = part("name=a", "1") + "--XX--";
    CHECK(why_not("application/json", good).find("content type") != std::string::npos);
    CHECK(why_not("multipart/form-data", good).find("boundary") != std::string::npos);
    CHECK(why_not("multipart/form-data; boundary=\"XX", good).find("boundary") !=
          std::string::npos);
    CHECK(why_not("multipart/form-data; boundary=" + std::string(71, 'x'), good).find("boundary") !=
          std::string::npos);
    CHECK(why_not(kType, "") == "form: the boundary is not in the body");
    CHECK(why_not(kType, "--XX") == "form: a boundary does not end its line");
    CHECK(why_not(kType, "--XXY\r\n") == "form: a boundary does not end its line");
    CHECK(why_not(kType, part("name=a", "1")).find("not in the body") == std::string::npos);
    CHECK(why_not(kType, "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n1") ==
          "form: the last part does not end");
    CHECK(why_not(kType, "--XX\r\nnonsense\r\n\r\n1\r\n--XX--") ==
          "form: a part has a line that is no header");
    CHECK(why_not(kType, part("x=a", "1") + "--XX--") == "form: a part has no name");
    CHECK(why_not(kType, "--XX\r\n\r\n1\r\n--XX--") == "form: a part has no name");
    CHECK(why_not(kType, "--XX\r\nX: " + std::string(5000, 'y') + "\r\n\r\n1\r\n--XX--") ==
          "form: the header of a part is too long or does not end");
}

TEST_CASE("parts are counted and bounded") {
    std::string body;
    for (int i = 0; i < 33; ++i) body += part("name=a", "1");
    CHECK(why_not(kType, body + "--XX--") == "form: more parts than are taken");
}

TEST_CASE("a form cut short anywhere is refused or has only whole parts") {
    const auto body = part("name=a", "one") + part("name=b; filename=c", "two") + "--XX--";
    for (std::size_t length = 0; length < body.size(); ++length) {
        const auto parts = parse_multipart(kType, std::string_view(body).substr(0, length));
        CHECK_FALSE(parts.has_value());
    }
}
