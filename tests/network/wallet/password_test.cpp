#include "network/wallet/password.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <fcntl.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

using network::ask_password;
using network::Errc;

namespace {

class Variable {
public:
    Variable(std::string name, const std::string& value) : name_(std::move(name)) {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ~Variable() { ::unsetenv(name_.c_str()); }

private:
    std::string name_;
};

// The reading end of a pipe that holds `text` and then ends.
class Pipe {
public:
    explicit Pipe(std::string_view text) {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        REQUIRE(::write(ends[1], text.data(), text.size()) == ssize_t(text.size()));
        ::close(ends[1]);
        reading_ = ends[0];
    }
    ~Pipe() { ::close(reading_); }
    int reading() const { return reading_; }

private:
    int reading_;
};

struct Terminal {
    int master = -1, slave = -1;

    Terminal() { REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0); }
    ~Terminal() {
        ::close(master);
        ::close(slave);
    }

    bool echoes() const {
        termios state{};
        REQUIRE(::tcgetattr(slave, &state) == 0);
        return (state.c_lflag & ECHO) != 0;
    }

    std::string shown() const {
        std::string text(4096, '\0');
        text.resize(std::size_t(::read(master, text.data(), text.size())));
        return text;
    }

    // Types once the question is there, when the terminal no longer echoes.
    config::Result<network::SecretText> typed(std::string_view keys, std::string& screen) {
        std::thread typist([&] {
            screen = shown();
            (void)!::write(master, keys.data(), keys.size());
        });
        auto result = network::read_hidden(slave, "Password: ");
        typist.join();
        screen += shown();
        return result;
    }
};

const std::filesystem::path kFile = "/w/n/hotkeys/hk.1";

}  // namespace

TEST_CASE("the variable of a key file is named and read as btcli writes it") {
    for (const auto& entry : tests::vectors("keyfile.json").at("password_env").as_array()) {
        const auto name = tests::text(entry, "variable");
        CHECK(network::password_variable(tests::text(entry, "keyfile_path")) == name);
        if (tests::find(entry, "value") == nullptr) continue;
        CHECK(network::unveil_password(name, tests::text(entry, "value")).value().text() ==
              tests::text(entry, "password"));
    }
    CHECK(network::unveil_password("BT_PW_X", "not base64!").error().code == Errc::malformed);
}

TEST_CASE("the file's own variable goes before ours, and ours before the descriptor") {
    const Pipe pipe("from the pipe\n");
    {
        const Variable ours("MINER_WALLET_PASSWORD", "from ours");
        {
            const auto& entry = tests::vectors("keyfile.json").at("password_env").at(0);
            const Variable theirs(tests::text(entry, "variable"), tests::text(entry, "value"));
            const std::filesystem::path file = tests::text(entry, "keyfile_path");
            CHECK(ask_password(pipe.reading())(file, 0).value().text() ==
                  tests::text(entry, "password"));
        }
        CHECK(ask_password(pipe.reading())(kFile, 0).value().text() == "from ours");
    }
    CHECK(ask_password(pipe.reading())(kFile, 0).value().text() == "from the pipe");
}

TEST_CASE("each file takes a line of the descriptor, and the last line serves the rest") {
    const Pipe pipe("first \nsecond");
    const auto ask = ask_password(pipe.reading());
    CHECK(ask(kFile, 0).value().text() == "first ");
    CHECK(ask(kFile, 0).value().text() == "second");
    CHECK(ask(kFile, 0).value().text() == "second");
}

TEST_CASE("a wrong password from anywhere but a terminal is not tried again") {
    const Pipe pipe("one\ntwo\n");
    CHECK(ask_password(pipe.reading())(kFile, 1).error().code == Errc::wrong_password);
    const Variable ours("MINER_WALLET_PASSWORD", "wrong");
    const auto error = ask_password(-1)(kFile, 1).error();
    CHECK(error.code == Errc::wrong_password);
    CHECK_THAT(error.detail, Catch::Contains("MINER_WALLET_PASSWORD"));
    CHECK(error.detail.find("wrong,") == std::string::npos);
}

TEST_CASE("without a source and without a person there is no password") {
    CHECK(ask_password(-1, false)(kFile, 0).error().code == Errc::locked_key_file);
    CHECK(ask_password(-1, true)(kFile, 3).error().code == Errc::wrong_password);
}

TEST_CASE("a descriptor that cannot be read is named") {
    const auto error = ask_password(999'999)(kFile, 0).error();
    CHECK(error.code == Errc::locked_key_file);
    CHECK_THAT(error.detail, Catch::Contains("999999"));
}

TEST_CASE("a password longer than any is refused") {
    const Pipe pipe(std::string(1025, 'x'));
    CHECK_FALSE(ask_password(pipe.reading())(kFile, 0).has_value());
    const Pipe longest(std::string(1024, 'x'));
    CHECK(ask_password(longest.reading())(kFile, 0).value().text().size() == 1024);
}

TEST_CASE("what is typed is not shown, and the terminal shows again afterwards") {
    Terminal terminal;
    std::string screen;
    const auto password = terminal.typed("secret 1\n", screen);
    REQUIRE(password.has_value());
    CHECK(password->text() == "secret 1");
    CHECK_THAT(screen, Catch::StartsWith("Password: "));
    CHECK(screen.find("secret") == std::string::npos);
    CHECK(terminal.echoes());
}

TEST_CASE("typing can be corrected") {
    Terminal terminal;
    std::string screen;
    CHECK(terminal
              .typed("ab\x7f\x7f\x7f"
                     "c\xc3\xa4\x7f"
                     "d\n",
                     screen)
              .value()
              .text() == "cd");
    CHECK(terminal.typed("all wrong\x15right\r", screen).value().text() == "right");
}

TEST_CASE("Ctrl-C and Ctrl-D end the question, and the terminal shows again") {
    for (const char* keys : {"ab\x03", "\x04"}) {
        Terminal terminal;
        std::string screen;
        CHECK(terminal.typed(keys, screen).error().code == Errc::cancelled);
        CHECK(terminal.echoes());
    }
}

TEST_CASE("what is no terminal is not asked") {
    const Pipe pipe("x\n");
    CHECK(network::read_hidden(pipe.reading(), "?").error().code == Errc::io);
}
