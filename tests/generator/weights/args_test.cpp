#include "generator/weights/args.hpp"

#include "generator/errc.hpp"
#include "generator/weights/files.hpp"
#include "generator/weights/refused.hpp"
#include "tests/support/catch.hpp"

#include <functional>
#include <string>

using namespace generator;

namespace {

Args args(const std::string& text) {
    return Args::parse({std::as_bytes(std::span(text)), nullptr}, "m.json");
}

std::string refusal(const std::function<void()>& act) {
    try {
        act();
    } catch (const Refused& refused) {
        CHECK(refused.error().code == Errc::bad_checkpoint);
        return refused.error().detail;
    }
    return "none";
}

}  // namespace

TEST_CASE("values are read, absent ones take their default") {
    const auto a = args(
        R"({"n": 3, "x": 2, "y": 0.5, "on": true, "s": "ape", "l": [1, 2], "none": null, "o": {"k": 1}})");
    CHECK(a.integer("n", 1, 3) == 3);
    CHECK(a.integer_or("none", 7, 1, 9) == 7);
    CHECK(a.number("x", 0, 10) == 2);
    CHECK(a.number_or("z", 1.5, 0, 10) == 1.5);
    CHECK(a.flag_or("on", false));
    CHECK(a.flag_or("off", false) == false);
    CHECK(a.integers("l", 2, 0, 9) == std::vector<std::int64_t>{1, 2});
    CHECK(a.numbers("l", 2, 0, 9) == std::vector<double>{1, 2});
    CHECK(a.object("o").integer("k", 0, 1) == 1);
    a.expect("s", {"ape"});
    a.expect("absent", {"ape"});
    a.expect("on", true);
}

TEST_CASE("a value out of range or of another kind names file and key") {
    const auto a = args(
        R"({"n": 1e300, "big": 9999999999999999999, "s": "rope", "f": 2.5, "l": [1, "x"], "o": 3})");
    CHECK(refusal([&] { a.integer("gone", 0, 1); }) == "m.json: 'gone' is missing");
    CHECK(refusal([&] {
              a.integer("big", 0, 10);
          }).starts_with("m.json: 'big' is 9999999999999999999"));
    CHECK(refusal([&] { a.integer("f", 0, 10); }).starts_with("m.json: 'f' is 2.5E0"));
    CHECK(refusal([&] { a.number("n", 0, 10); }).find("between 0 and 10") != std::string::npos);
    CHECK(refusal([&] { a.text("f"); }).starts_with("m.json: 'f'"));
    CHECK(refusal([&] { a.flag_or("s", true); }).find("neither true nor false") !=
          std::string::npos);
    CHECK(refusal([&] { a.integers("l", 5, 0, 9); }).starts_with("m.json: 'l' holds \"x\""));
    CHECK(refusal([&] { a.integers("l", 1, 0, 9); }).find("at most 1") != std::string::npos);
    CHECK(refusal([&] { a.expect("s", {"ape"}); }) ==
          "m.json: 's' is 'rope', which is not supported");
    CHECK(refusal([&] { a.object("o"); }) == "m.json: 'o' is no object");
}

TEST_CASE("a key that nobody knows is refused where all must be known") {
    const auto a = args(R"({"n": 3, "use_fp16": true, "rope": 1, "nothing": null, "o": {"k": 1}})");
    a.integer("n", 1, 3);
    a.object("o");
    const auto others = [&] { a.expect_no_others({"use_fp16"}); };
    CHECK(refusal(others) ==
          "m.json: 'rope' is not known here: the network would be another than its file says");
    a.has("rope");
    CHECK(refusal(others) == "none");
}

TEST_CASE("what is no JSON object, too large or too deep is refused") {
    CHECK(refusal([] { args("[1]"); }) == "m.json: no JSON object");
    CHECK(refusal([] { args("{"); }).starts_with("m.json: no JSON"));
    CHECK(refusal([] { args(""); }).starts_with("m.json: no JSON"));
    CHECK(refusal([] { args(std::string(2 << 20, ' ')); }) == "m.json: larger than 1 MiB");
    CHECK(refusal([] {
              args("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}");
          }).starts_with("m.json: no JSON"));
}
