#include "generator/nano/embedded.hpp"

#include "generator/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <fstream>
#include <iterator>
#include <string>

TEST_CASE("every embedded file equals the one it was made from") {
    const std::string folder = tests::project_path("generator/nano/model/");
    const auto names = generator::embedded_names();
    CHECK(names.size() == 18);
    for (const auto name : names) {
        INFO(name);
        std::ifstream in(folder + std::string(name), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        REQUIRE_FALSE(text.empty());
        const auto data = generator::embedded_file(name);
        REQUIRE(data.has_value());
        CHECK(std::string_view(reinterpret_cast<const char*>(data->data()), data->size()) == text);
    }
}

TEST_CASE("a file that is not embedded is missing") {
    CHECK_FALSE(generator::embedded_file("ckpts/nothing.json").has_value());
    const auto files = generator::embedded_files();
    CHECK_FALSE(files->has("ckpts/nothing.json"));
    CHECK(files->open("ckpts/nothing.json").error().code == generator::Errc::missing_file);
}
