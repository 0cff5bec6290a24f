#include "network/wallet/password.hpp"

#include "config/descriptor.hpp"
#include "config/environment.hpp"
#include "network/base64.hpp"
#include "network/errc.hpp"
#include "network/wallet/key_text.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace network {
namespace {

constexpr int kTries = 3;
constexpr const char* kOurVariable = config::kWalletPassword.data();

config::Result<SecretText> text_of(std::string_view password) {
    SecretText text(kLongestPassword);
    if (!text.append(password))
        return config::fail(Errc::locked_key_file, "its password is longer than 1024 bytes");
    return text;
}

// The next byte; negative at the end (errno 0) or on failure.
int next_byte(int descriptor) {
    unsigned char byte = 0;
    ssize_t count = 0;
    do count = ::read(descriptor, &byte, 1);
    while (count < 0 && errno == EINTR);
    if (count == 0) errno = 0;  // the end is no failure
    return count == 1 ? byte : -1;
}

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return;  // nobody sees the question; the answer may still come
        text.remove_prefix(std::size_t(count));
    }
}

// A terminal that neither shows keys nor acts on them, until this dies: whatever ends the question,
// the terminal is as before.
class Hidden {
public:
    explicit Hidden(int terminal) : terminal_(terminal) {
        ok_ = ::tcgetattr(terminal, &before_) == 0;
        if (!ok_) return;
        auto now = before_;
        now.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG);
        now.c_iflag |= ICRNL;
        now.c_cc[VMIN] = 1;
        now.c_cc[VTIME] = 0;
        ok_ = ::tcsetattr(terminal, TCSAFLUSH, &now) == 0;
    }
    Hidden(const Hidden&) = delete;
    ~Hidden() {
        if (ok_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    bool ok() const { return ok_; }

private:
    int terminal_;
    termios before_{};
    bool ok_ = false;
};

// One character, however many bytes of UTF-8 it has.
void erase_last(SecretText& text) {
    auto size = text.text().size();
    while (size > 0 && (text.text()[size - 1] & 0xc0) == 0x80) --size;
    text.shrink(size > 0 ? size - 1 : 0);
}

config::Result<SecretText> ask_on_terminal(const std::filesystem::path& file, int wrong) {
    const auto terminal = config::open_file("/dev/tty", O_RDWR | O_NOCTTY);
    if (!terminal) {
        return config::fail(
            Errc::locked_key_file,
            "it has a password and there is no terminal to ask for it; give it in the variable " +
                std::string(kOurVariable) + " or " + password_variable(file) +
                ", or with --wallet.password_fd");
    }
    return read_hidden(terminal.get(), (wrong > 0 ? "Wrong password. " : "") +
                                           std::string("Password of ") + file.string() + ": ");
}

// The lines of a descriptor, one for each file.
class Lines {
public:
    explicit Lines(int descriptor) : descriptor_(descriptor) {}

    config::Result<SecretText> next() {
        SecretText line(kLongestPassword);
        bool any = false;
        for (int byte; !ended_;) {
            byte = next_byte(descriptor_);
            if (byte < 0 && errno != 0) {
                return config::fail(Errc::locked_key_file,
                                    "its password cannot be read from descriptor " +
                                        std::to_string(descriptor_) + ": " +
                                        std::generic_category().message(errno));
            }
            ended_ = byte < 0;
            any = any || !ended_;
            if (ended_ || byte == '\n') break;
            const char c = char(byte);
            if (!line.append({&c, 1}))
                return config::fail(Errc::locked_key_file,
                                    "its password is longer than 1024 bytes");
        }
        if (any) last_ = std::move(line);
        return text_of(last_.text());
    }

private:
    int descriptor_;
    bool ended_ = false;
    SecretText last_{kLongestPassword};
};

}  // namespace

std::string password_variable(const std::filesystem::path& file) {
    std::string name = "BT_PW_" + file.string();
    for (auto& c : name) {
        if (c == '/' || c == '.') c = '_';
        if (c >= 'a' && c <= 'z') c = char(c - 32);
    }
    return name;
}

config::Result<SecretText> unveil_password(const std::string& variable, std::string_view value) {
    auto bytes = base64_decode(value);
    if (!bytes || variable.empty())
        return config::fail(Errc::malformed, variable + " is not in the form that btcli writes");
    for (std::size_t i = 0; i < bytes->size(); ++i)
        (*bytes)[i] ^= std::uint8_t(variable[i % variable.size()]);
    auto text = text_of({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    wipe(bytes->data(), bytes->size());
    return text;
}

config::Result<SecretText> read_hidden(int terminal, std::string_view question) {
    constexpr int kCancel = 3, kEnd = 4, kBackspace = 8, kNewLine = 10, kReturn = 13, kClear = 21,
                  kDelete = 127;
    const Hidden hidden(terminal);
    if (!hidden.ok())
        return config::fail(Errc::io, "no password can be asked for: this is no terminal");
    write_all(terminal, question);
    SecretText text(kLongestPassword);
    for (;;) {
        const int byte = next_byte(terminal);
        if (byte == kNewLine || byte == kReturn) break;
        if (byte < 0 || byte == kCancel || byte == kEnd) {
            write_all(terminal, "\n");
            return config::fail(Errc::cancelled, "no password was given");
        }
        const char c = char(byte);
        if (byte == kBackspace || byte == kDelete)
            erase_last(text);
        else if (byte == kClear)
            text.shrink(0);
        else if (!text.append({&c, 1}))
            return config::fail(Errc::locked_key_file, "its password is longer than 1024 bytes");
    }
    write_all(terminal, "\n");
    return text;
}

AskPassword ask_password(int descriptor, bool may_prompt) {
    auto lines = descriptor < 0 ? nullptr : std::make_shared<Lines>(descriptor);
    return [lines, may_prompt](const std::filesystem::path& file,
                               int wrong) -> config::Result<SecretText> {
        const auto no_other = [wrong](const std::string& source) -> std::optional<config::Error> {
            if (wrong == 0) return std::nullopt;
            return config::fail(Errc::wrong_password, "the password from " + source +
                                                          " does not open it, or the file was cut "
                                                          "or changed");
        };
        const auto name = password_variable(file);
        if (const char* value = std::getenv(name.c_str())) {
            if (auto error = no_other(name)) return *error;
            return unveil_password(name, value);
        }
        if (const char* value = std::getenv(kOurVariable)) {
            if (auto error = no_other(kOurVariable)) return *error;
            return text_of(value);
        }
        if (lines) {
            if (auto error = no_other("--wallet.password_fd")) return *error;
            return lines->next();
        }
        if (!may_prompt)
            return config::fail(Errc::locked_key_file, "it has a password, and none was given");
        if (wrong >= kTries)
            return config::fail(Errc::wrong_password,
                                "none of the passwords opens it, or the file was cut or changed");
        return ask_on_terminal(file, wrong);
    };
}

}  // namespace network
