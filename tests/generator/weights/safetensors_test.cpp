#include "generator/weights/safetensors.hpp"

#include "generator/errc.hpp"
#include "tests/support/catch.hpp"

#include <cstring>
#include <memory>
#include <string>

using generator::Errc;
using generator::Safetensors;

namespace {

std::string length(std::uint64_t n) {
    std::string bytes(8, '\0');
    for (int i = 0; i < 8; ++i) bytes[std::size_t(i)] = char(n >> (8 * i));
    return bytes;
}

std::string file(const std::string& header, std::size_t data_bytes) {
    return length(header.size()) + header + std::string(data_bytes, '\7');
}

config::Result<Safetensors> parse(const std::string& content) {
    // Exactly as large as the content, so that a sanitizer sees a read beyond it.
    std::shared_ptr<std::byte[]> copy(new std::byte[content.size()]);
    std::memcpy(copy.get(), content.data(), content.size());
    return Safetensors::parse({{copy.get(), content.size()}, copy}, "weights.safetensors");
}

std::string fault(const std::string& content) {
    const auto result = parse(content);
    if (result) return "none";
    CHECK(result.error().code == Errc::bad_checkpoint);
    CHECK(result.error().detail.starts_with("weights.safetensors: "));
    return result.error().detail;
}

const std::string kA = R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})";

}  // namespace

TEST_CASE("tensors, metadata and padding are read") {
    const auto result =
        parse(file(R"({"__metadata__":{"format":"pt"},)" + kA +
                       R"(,"b.c":{"shape":[],"dtype":"F16","data_offsets":[24,26]},)"
                       R"("none":{"dtype":"U8","shape":[0,5],"data_offsets":[26,26]}}   )",
                   26));
    REQUIRE(result.has_value());
    CHECK(result->tensors().size() == 3);
    const auto* a = result->find("a");
    REQUIRE(a != nullptr);
    CHECK(a->dtype == generator::Dtype::f32);
    CHECK(a->shape == std::vector<std::int64_t>{2, 3});
    CHECK(a->data.size() == 24);
    CHECK(result->find("b.c")->data.size() == 2);
    CHECK(result->find("none")->data.empty());
    CHECK(result->find("__metadata__") == nullptr);
}

TEST_CASE("a file without tensors is whole") { CHECK(parse(file("{}", 0)).has_value()); }

TEST_CASE("a file cut short anywhere is refused") {
    const auto whole = file("{" + kA + "}", 24);
    REQUIRE(parse(whole).has_value());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO(size);
        CHECK_FALSE(parse(whole.substr(0, size)).has_value());
    }
}

TEST_CASE("a lying length of the header is refused before anything is read by it") {
    CHECK(fault(length(~0ULL) + "{}").find("header") != std::string::npos);
    CHECK(fault(length(3) + "{}").find("cut short") != std::string::npos);
    CHECK(fault(length(99'000'000) + "{}").find("cut short") != std::string::npos);
}

TEST_CASE("every lie about a tensor names it") {
    const auto one = [](const std::string& entry, std::size_t bytes) {
        return fault(file("{\"t\":" + entry + "}", bytes));
    };
    const auto says = [](const std::string& text, const char* what) {
        INFO(text);
        return text.find("tensor t") != std::string::npos && text.find(what) != std::string::npos;
    };
    CHECK(says(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,16]})", 8), "outside the file"));
    CHECK(says(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", 8), "outside the file"));
    CHECK(says(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", 8),
               "shape needs 12 bytes"));
    CHECK(says(one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]})", 8),
               "overflows"));
    CHECK(says(one(R"({"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]})", 0),
               "overflows"));
    CHECK(says(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", 8), "negative"));
    CHECK(says(one(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})", 8),
               "beyond 2^63"));
    CHECK(says(one(R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})", 8), "fraction"));
    CHECK(says(one(R"({"dtype":"F32","shape":["2"],"data_offsets":[0,8]})", 8), "text where none"));
    CHECK(
        says(one(R"({"dtype":"F33","shape":[2],"data_offsets":[0,8]})", 8), "unknown type 'F33'"));
    CHECK(says(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", 8), "not two numbers"));
    CHECK(says(one(R"({"dtype":"F32","shape":[2]})", 8), "lacks"));
    CHECK(
        says(one(R"({"dtype":"F32","shape":[[2]],"data_offsets":[0,8]})", 8), "array where none"));
    CHECK(says(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})", 8),
               "unknown field 'x'"));
    CHECK(says(one(R"({"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]})", 8),
               "'shape' twice"));
    CHECK(says(one("null", 0), "null"));
    CHECK(says(one("[1]", 0), "array where none"));
}

TEST_CASE("bytes that two tensors share, or none claims, are refused") {
    const auto b = [](int begin, int end) {
        return R"("b":{"dtype":"U8","shape":[)" + std::to_string(end - begin) +
               R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
    };
    CHECK(fault(file("{" + kA + "," + b(20, 28) + "}", 28)).find("tensor b shares bytes") !=
          std::string::npos);
    CHECK(fault(file("{" + kA + "," + b(0, 24) + "}", 24)).find("shares bytes") !=
          std::string::npos);
    CHECK(fault(file("{" + kA + "," + b(25, 28) + "}", 28)).find("before tensor b") !=
          std::string::npos);
    CHECK(fault(file("{" + kA + "}", 25)).find("after the last tensor") != std::string::npos);
}

TEST_CASE("a name that comes twice is refused") {
    CHECK(fault(file("{" + kA + "," + kA + "}", 24)).find("tensor a: named twice") !=
          std::string::npos);
}

TEST_CASE("headers that are no such JSON are refused") {
    for (const char* header : {"", "[]", "3", "null", "{", "{\"a\"}", "{} {}",
                               "{\"a\":{\"b\":{\"c\":{}}}}", "\xff\xfe"}) {
        INFO(header);
        CHECK(fault(file(header, 0)) != "none");
    }
    CHECK(fault(file(std::string(100'000, '['), 0)) != "none");
    CHECK(fault(file("{\"" + std::string(5000, 'n') + "\":{}}", 0)) != "none");
}
