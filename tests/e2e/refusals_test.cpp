// Every wrong thing that miner generate and miner inspect may be given: refused before a model is
// loaded.
#include "tests/e2e/scene.hpp"

#include <zlib.h>

using namespace tests;

namespace {

// A PNG that says it has other sides than it has, with a checksum that fits.
std::string lying_png(std::uint32_t width, std::uint32_t height) {
    auto png = read_text(quick_picture());
    const auto put = [&](std::size_t at, std::uint32_t value) {
        for (int i = 0; i < 4; ++i) png[at + std::size_t(i)] = char(value >> (24 - 8 * i));
    };
    put(16, width);
    put(20, height);
    put(29, std::uint32_t(::crc32(0, reinterpret_cast<const Bytef*>(png.data()) + 12, 17)));
    return png;
}

}  // namespace

TEST_CASE("what is no picture is refused by name, with exit code 65") {
    Scene scene;
    const auto good = read_text(quick_picture());
    write_text(scene.home() / "text.png", "this is not a picture");
    write_text(scene.home() / "empty.png", "");
    write_text(scene.home() / "cut.png", std::string_view(good).substr(0, good.size() / 2));
    write_text(scene.home() / "bomb.png", lying_png(60'000, 60'000));
    write_text(scene.home() / "nothing.png", lying_png(0, 16));
    write_text(scene.home() / "huge.png", good + std::string(21 << 20, 'x'));
    fs::create_directory(scene.home() / "folder.png");

    const auto [name, word] =
        GENERATE(table<std::string, std::string>({{"text.png", "not a picture"},
                                                  {"empty.png", "not a picture"},
                                                  {"cut.png", "cut short"},
                                                  {"bomb.png", "larger than allowed"},
                                                  {"nothing.png", "nothing to see"},
                                                  {"huge.png", "larger than 20 MiB"},
                                                  {"folder.png", "folder"},
                                                  {"missing.png", "No such file"}}));
    const auto outcome = scene.ask({"generate", name, "-o", "out.spz"});
    INFO(name << ": " << outcome.out << outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 65});
    CHECK_THAT(outcome.err, contains("miner: " + name + ": "));
    CHECK_THAT(outcome.err, contains(word));
    CHECK_FALSE(fs::exists(scene.home() / "out.spz"));
    CHECK(outcome.exit_status.peak_kb < 2 << 20);
}

TEST_CASE("nothing on standard input is no picture either") {
    Scene scene;
    const auto outcome = scene.ask({"generate", "-", "-o", "out.spz"});
    CHECK(outcome.exit_status == ProcessExit{.code = 65});
    CHECK_THAT(outcome.err, contains("not a picture"));
}

TEST_CASE("a generation without a model says which one is missing") {
    Scene scene;
    const auto outcome = scene.ask({"generate", quick_picture().string(), "-o", "out.spz",
                                    "--generator.model", "/nowhere/trellis"});
    CHECK(outcome.exit_status == ProcessExit{.code = 76});
    CHECK_THAT(outcome.err, contains("/nowhere/trellis"));
}

TEST_CASE("what holds no splats is refused by name, with exit code 65") {
    Scene scene;
    write_text(scene.home() / "text.spz", "this is not a splat file");
    write_text(scene.home() / "empty.spz", "");
    write_text(scene.home() / "zstd.spz",
               std::string("\x28\xb5\x2f\xfd") + std::string(64, '\x7f'));
    write_text(scene.home() / "gzip.spz", std::string("\x1f\x8b\x08") + std::string(64, '\x7f'));
    write_text(scene.home() / "head.ply",
               "ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\n"
               "property float x\nproperty float y\nproperty float z\nend_header\n");
    fs::create_directory(scene.home() / "folder.spz");
    const std::string name = GENERATE("text.spz", "empty.spz", "zstd.spz", "gzip.spz", "head.ply",
                                      "folder.spz", "missing.spz");
    const auto outcome = scene.ask({"inspect", name});
    INFO(outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 65});
    CHECK_THAT(outcome.err, contains("miner: " + name + ": "));
    CHECK(outcome.out.empty());
    CHECK(outcome.exit_status.peak_kb < 1 << 20);
}
