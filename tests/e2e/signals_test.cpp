// Signals and closed ends, as terminals, services, shells and limits bring them.
#include "tests/e2e/scene.hpp"
#include "tests/support/paths.hpp"

#include <csignal>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

using namespace tests;
using namespace std::chrono_literals;

namespace {

// The command in a session of its own: without a terminal, or with the one of that name.
Command in_session(Command command, const std::string& terminal = {}) {
    std::string script = "exec /usr/bin/setsid ";
    if (!terminal.empty()) script += "--ctty ";
    script += "\"$@\"";
    if (!terminal.empty()) script += " < " + terminal;
    Scene::Words words{"-c", script, "sh", command.program};
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    command.program = "/bin/sh";
    command.arguments = std::move(words);
    return command;
}

// A terminal that goes with the object.
class Terminal {
public:
    Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        REQUIRE(master_ >= 0);
        REQUIRE(::grantpt(master_) == 0);
        REQUIRE(::unlockpt(master_) == 0);
    }
    ~Terminal() { go(); }
    std::string name() const { return ::ptsname(master_); }
    void go() {
        if (master_ >= 0) ::close(master_);
        master_ = -1;
    }

private:
    int master_;
};

Command printing(const Scene& scene, const std::string& script) {
    auto command = scene.miner({"-c", script});
    command.program = "/bin/sh";
    return command;
}

}  // namespace

TEST_CASE("a terminal that goes ends the miner in order") {
    Scene scene;
    scene.add_validator({});
    Terminal terminal;
    Process miner(in_session(scene.mining(), terminal.name()));
    REQUIRE(miner.await_text(" model ready ", kPatience));
    terminal.go();
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    CHECK_THAT(scene.log(), contains(" stopping signal=1 "));
    scene.check_clean();
}

TEST_CASE("a service opens its log anew at SIGHUP, and goes on") {
    Scene scene;
    scene.add_validator({});
    Process miner(in_session(scene.mining()));
    REQUIRE(miner.await_text(" model ready ", kPatience));
    fs::rename(scene.storage() / "miner.log", scene.storage() / "old.log");
    miner.signal(SIGHUP);
    REQUIRE(miner.await_text(" log opened anew ", kPatience));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    // Only now: the file gets each line after standard error.
    CHECK_THAT(scene.log(), contains(" log opened anew "));
    CHECK_THAT(scene.log(), contains(" stopped"));
    scene.check_clean();
}

TEST_CASE("a signal that comes before the model is there ends the miner in order") {
    const int number = GENERATE(SIGINT, SIGTERM);
    Scene scene;
    scene.add_validator({});
    Process miner(scene.mining());
    REQUIRE(miner.await_text(" starting ", kPatience));
    miner.signal(number);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    INFO(miner.err());
    CHECK_THAT(miner.err(), contains(" stopping "));
    scene.check_clean();
}

TEST_CASE("a server and a rehearsal end in order before their model is there, too") {
    Scene scene;
    const bool serves = GENERATE(true, false);
    Process miner(scene.miner(serves ? Scene::Words{"serve", "--http.listen", "127.0.0.1:0"}
                                     : Scene::Words{"rehearse"}));
    REQUIRE(miner.await_text(serves ? " starting " : "Rehearsal: ", kPatience));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = serves ? 0 : 1});
    CHECK_THAT(miner.err() + read_text(scene.home() / "data/miner/rehearsal/miner.log"),
               contains(" stopping "));
}

TEST_CASE("a generation that has not begun ends at once, with the code of an interruption") {
    Scene scene;
    auto command = scene.miner({"generate", "-", "-o", "a.spz"});
    command.program = "/bin/sh";
    // Standard input that never ends: it waits for its picture.
    command.arguments = {
        "-c", "echo ready; exec '" + tests::miner_binary() + "' generate - -o a.spz < \"$PIPE\""};
    REQUIRE(::mkfifo((scene.home() / "pipe").c_str(), 0600) == 0);
    const int writer = ::open((scene.home() / "pipe").c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(writer >= 0);
    command.environment["PIPE"] = scene.home() / "pipe";
    command.environment["OMP_WAIT_POLICY"] = "passive";  // started once only
    Process miner(std::move(command));
    REQUIRE(miner.await_text("ready", kPatience));
    // Handlers are there once it catches the signal.
    const auto catches = [&] {
        const auto status = read_text("/proc/" + std::to_string(miner.pid()) + "/status");
        const auto at = status.find("SigCgt:");
        if (at == status.npos) return false;
        return (std::stoull(status.substr(at + 8, 17), nullptr, 16) >> (SIGTERM - 1) & 1) == 1;
    };
    REQUIRE(comes_true(catches));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 130});
    CHECK_THAT(miner.err(), contains("nothing was written"));
    ::close(writer);
}

TEST_CASE("OpenMP's threads sleep when they have nothing to do, unless the user says otherwise") {
    Scene scene;
    const auto spins = [&](std::map<std::string, std::string> environment) {
        environment["OMP_DISPLAY_ENV"] = "verbose";
        const auto outcome =
            scene.ask({"generate", "none.png", "-o", "a.spz"}, std::move(environment));
        CHECK(outcome.exit_status == ProcessExit{.code = 65});
        const std::string mark = "GOMP_SPINCOUNT = '";
        const auto at = outcome.err.rfind(mark);
        REQUIRE(at != outcome.err.npos);
        const auto value = outcome.err.substr(at + mark.size());
        return value.substr(0, value.find('\''));
    };
    CHECK(spins({}) == "0");
    CHECK(spins({{"OMP_WAIT_POLICY", "passive"}}) == "0");
    CHECK(spins({{"OMP_WAIT_POLICY", "active"}}) != "0");
    CHECK(spins({{"GOMP_SPINCOUNT", "5000"}}) == "5000");
}

TEST_CASE("what cannot be printed for lack of room is an error") {
    Scene scene;
    for (const auto* words : {"config --markdown", "version", "--help", "completion bash"}) {
        INFO(words);
        const auto outcome =
            run_to_end(printing(scene, "'" + tests::miner_binary() + "' " + words + " > /dev/full"),
                       kPatience);
        CHECK(outcome.exit_status == ProcessExit{.code = 74});
        CHECK_THAT(outcome.err, contains("standard output: No space left on device"));
    }
}

TEST_CASE("whoever closes the pipe early is no error, however little was to be printed") {
    Scene scene;
    for (const auto* words : {"config --markdown", "version", "--help"}) {
        INFO(words);
        // Nobody reads from the pipe from the start.
        const auto outcome = run_to_end(
            printing(scene, "mkfifo p; sleep 0 < p & exec 3> p; wait; '" + tests::miner_binary() +
                                "' " + words + " >&3; code=$?; rm p; exit $code"),
            kPatience);
        CHECK(outcome.exit_status == ProcessExit{.code = 0});
        CHECK(outcome.err.empty());
    }
}

TEST_CASE("results go where links lead, and into devices without replacing them") {
    Scene scene;
    const auto ply = fs::path(tests::project_path("tests/golden/gsplat/hamburger.ply"));
    const auto render = [&](const std::string& to) {
        return scene.ask({"render", ply, "-o", to, "--size", "16"});
    };
    fs::create_directory(scene.home() / "far");
    fs::create_symlink("far/picture.png", scene.home() / "link.png");
    const auto linked = render("link.png");
    INFO(linked.err);
    CHECK(linked.exit_status == ProcessExit{.code = 0});
    CHECK(fs::is_symlink(scene.home() / "link.png"));
    CHECK(fs::file_size(scene.home() / "far/picture.png") > 0);

    fs::create_symlink("/dev/full", scene.home() / "full.png");
    const auto full = render("full.png");
    CHECK(full.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(full.err, contains("full.png: No space left on device"));
    CHECK(fs::is_symlink(scene.home() / "full.png"));
    CHECK(fs::is_character_file("/dev/full"));
    const auto folder = render("none/picture.png");
    CHECK(folder.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(folder.err, contains("none/picture.png: No such file or directory"));
}
