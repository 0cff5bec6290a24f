// What the program loads when it starts: libtorch only for those who need it.
#include "tests/e2e/scene.hpp"
#include "tests/support/paths.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace tests;

namespace {

// The names of libraries that the loader made ready, one a line among much else.
std::string loaded(const Scene& scene, Scene::Words words, int code) {
    const auto outcome = scene.ask(std::move(words), {{"LD_DEBUG", "files"}});
    CHECK(outcome.exit_status == ProcessExit{.code = code});
    CHECK_THAT(outcome.err, contains("calling init: ") && contains("libsqlite3"));
    return outcome.err;
}

}  // namespace

TEST_CASE("what needs no network is loaded without libtorch") {
    Scene scene;
    for (const auto& [words, code] : std::vector<std::pair<Scene::Words, int>>{
             {{"--help"}, 0},
             {{"--version"}, 0},
             {{"stats"}, 74},  // no database yet
             {{"top"}, 74},
             {{"tune"}, 74},
             {{"backup", "copy.db"}, 74},
             {{"config", "--print"}, 0},
             {{"completion", "bash"}, 0},
             {{"wallet", "show", "--wallet.name", "cold", "--wallet.hotkey", "hot", "--wallet.path",
               "wallets"},
              0},
             {{"weights", "list"}, 0},
             {{"inspect", "none.spz"}, 65},
             {{"run", "--netuid", "x"}, 2}}) {
        INFO(words.front());
        const auto libraries = loaded(scene, words, code);
        CHECK_THAT(libraries,
                   !contains("libtorch") && !contains("libminer_networks") && !contains("libgomp"));
    }
    CHECK_THAT(loaded(scene, {"version"}, 0),
               contains("libtorch_cpu") && contains("libminer_networks"));
}

TEST_CASE("a program without its networks says so, and does what needs none") {
    Scene scene;
    const auto alone = scene.home() / "alone/miner";
    fs::create_directories(alone.parent_path());
    fs::copy_file(miner_binary(), alone);
    const auto ask = [&](Scene::Words words) {
        auto command = scene.miner(std::move(words));
        command.program = alone;
        return run_to_end(std::move(command), kPatience);
    };
    CHECK(ask({"--help"}).exit_status == ProcessExit{.code = 0});
    for (const auto* words : {"version", "rehearse"}) {
        const auto outcome = ask({words});
        CHECK(outcome.exit_status == ProcessExit{.code = 76});
        CHECK(outcome.out.empty());
        CHECK_THAT(outcome.err, contains("miner: the networks: file missing or unreadable: ") &&
                                    contains("libminer_networks.so") &&
                                    contains("install the package anew"));
    }
}
