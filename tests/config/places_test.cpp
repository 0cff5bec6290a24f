#include "config/places.hpp"

#include "config/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/no_descriptors.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace config;
namespace fs = std::filesystem;

namespace {

// A folder that is gone with the test.
struct Folder {
    Folder() {
        std::string name = (fs::temp_directory_path() / "miner-places-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path = name;
    }
    ~Folder() { fs::remove_all(path); }

    fs::path path;
};

void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("the settings file is the one asked for, else the variable's, else the usual one") {
    const Folder folder;
    write(folder.path / "asked.toml", "asked");
    write(folder.path / "named.toml", "named");
    write(folder.path / "xdg/miner/miner.toml", "xdg");
    write(folder.path / ".config/miner/miner.toml", "home");
    Environment environment{{"HOME", folder.path.string()}};
    const auto text = [&](std::optional<std::string> asked) {
        const auto file = read_settings_file(asked, environment);
        REQUIRE(file.has_value());
        return *file ? (*file)->text : "none";
    };
    CHECK(text({}) == "home");
    environment["XDG_CONFIG_HOME"] = (folder.path / "xdg").string();
    CHECK(text({}) == "xdg");
    environment["XDG_CONFIG_HOME"] = (folder.path / "empty").string();
    CHECK(text({}) == "none");
    environment["MINER_CONFIG"] = "~/named.toml";
    CHECK(text({}) == "named");
    CHECK(text((folder.path / "asked.toml").string()) == "asked");
}

TEST_CASE("a settings file that was asked for must be there, be a file and be small") {
    const Folder folder;
    write(folder.path / "large.toml", std::string((1 << 20) + 1, '#'));
    write(folder.path / "fits.toml", std::string(1 << 20, '#'));
    const auto detail = [&](const fs::path& path) {
        const auto file = read_settings_file(path.string(), {});
        REQUIRE(file.has_error());
        CHECK(file.error().code == make_error_code(Errc::cannot_read));
        return file.error().message();
    };
    CHECK(detail(folder.path / "none.toml").find("no such file") != std::string::npos);
    CHECK(detail(folder.path).find("not a file") != std::string::npos);
    CHECK(detail(folder.path / "large.toml").find("larger than 1 MiB") != std::string::npos);
    CHECK(read_settings_file((folder.path / "fits.toml").string(), {}).has_value());
    CHECK(read_settings_file({}, {{"MINER_CONFIG", (folder.path / "none.toml").string()}})
              .has_error());
}

TEST_CASE("a settings file that cannot be looked at is not taken for none") {
    const Folder folder;
    const auto usual = folder.path / ".config/miner/miner.toml";
    fs::create_directories(usual.parent_path());
    fs::create_symlink(usual, usual);  // which nobody, not even root, can follow
    const Environment environment{{"HOME", folder.path.string()}};
    const auto file = read_settings_file({}, environment);
    REQUIRE(file.has_error());
    CHECK(file.error().code == make_error_code(Errc::cannot_read));
    CHECK(file.error().detail.find("levels of symbolic links") != std::string::npos);
    fs::remove(usual);
    CHECK(read_settings_file({}, environment).has_value());
    fs::remove(usual.parent_path());
    write(usual.parent_path(), "no folder");
    CHECK(read_settings_file({}, environment).has_value());
}

TEST_CASE(
    "a settings file that cannot be opened just now is the machine's failure, which may pass") {
    const Folder folder;
    const auto file = folder.path / "miner.toml";
    write(file, "netuid = 17");
    const auto found = [&] {
        const tests::NoDescriptors none;
        return read_settings_file(file.string(), {});
    }();
    REQUIRE(found.has_error());
    CHECK(found.error().code == make_error_code(Errc::disk_failed));
    CHECK(found.error().detail == file.string() + ": Too many open files");
}

TEST_CASE("data lives where XDG or the setting says") {
    Settings settings;
    CHECK(storage_folder(settings, {{"HOME", "/home/ann"}}) == "/home/ann/.local/share/miner");
    CHECK(storage_folder(settings, {{"HOME", "/home/ann"}, {"XDG_DATA_HOME", "/data"}}) ==
          "/data/miner");
    // The specification wants a relative path ignored.
    CHECK(storage_folder(settings, {{"HOME", "/home/ann"}, {"XDG_DATA_HOME", "data"}}) ==
          "/home/ann/.local/share/miner");
    settings.storage.path = "~/mine";
    CHECK(storage_folder(settings, {{"HOME", "/home/ann"}, {"XDG_DATA_HOME", "/data"}}) ==
          "/home/ann/mine");
}

TEST_CASE("only a leading ~ of one's own stands for the home folder") {
    const Environment environment{{"HOME", "/home/ann"}};
    CHECK(expand_home("~", environment) == "/home/ann");
    CHECK(expand_home("~/a", environment) == "/home/ann/a");
    CHECK(expand_home("~bob/a", environment) == "~bob/a");
    CHECK(expand_home("a~/b", environment) == "a~/b");
    CHECK(expand_home("~/a", {}) == "~/a");
}

TEST_CASE("a network's name stands for its URL") {
    CHECK(chain_url({"finney", ""}) == "wss://entrypoint-finney.opentensor.ai:443");
    CHECK(chain_url({"test", ""}) == "wss://test.finney.opentensor.ai:443");
    CHECK(chain_url({"archive", ""}) == "wss://archive.chain.opentensor.ai:443");
    CHECK(chain_url({"latent-lite", ""}) == "wss://lite.sub.latent.to:443");
    CHECK(chain_url({"local", ""}) == "ws://127.0.0.1:9944");
    CHECK(chain_url({"ws://node:1", ""}) == "ws://node:1");
    CHECK(chain_url({"finney", "ws://node:1"}) == "ws://node:1");
}

TEST_CASE("a model goes by the name under which it was fetched, or by its folder") {
    const Folder folder;
    const Environment none;
    Settings settings;
    settings.storage.path = folder.path.string();
    CHECK(weights_folder(settings, none) == folder.path / "models");
    CHECK(model_folder(settings, none).empty());
    settings.generator.model = "trellis";
    CHECK(model_folder(settings, none) == "trellis");
    fs::create_directories(folder.path / "models" / "trellis");
    CHECK(model_folder(settings, none) == (folder.path / "models" / "trellis").string());
    settings.score.model = "validator-scorer";
    CHECK(scorer_folder(settings, none) == "validator-scorer");
    fs::create_directories(folder.path / "models" / "validator-scorer");
    CHECK(scorer_folder(settings, none) == (folder.path / "models" / "validator-scorer").string());
    settings.score.model.clear();
    CHECK(scorer_folder(settings, none).empty());
    settings.generator.model = "./trellis";
    CHECK(model_folder(settings, none) == "./trellis");
    settings.weights.path = (folder.path / "elsewhere").string();
    CHECK(weights_folder(settings, none) == folder.path / "elsewhere");
}
