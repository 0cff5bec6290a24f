#include "miner/terminal/screen.hpp"

#include "config/escape.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace miner {
namespace {

// The alternate screen, no cursor, no automatic line break; and back.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l\033[?7l\033[2J";
constexpr std::string_view kLeave = "\033[0m\033[?7h\033[?25h\033[?1049l";

constexpr std::array kTold{SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};
constexpr std::array kFatal{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// What signal handlers need. They may run at any moment: plain data, written before they are set.
struct {
    bool entered = false;
    termios before{};
    int news[2] = {-1, -1};  // a pipe: the number of a signal, or 0
    std::array<struct sigaction, kTold.size() + kFatal.size()> handlers{};
} terminal;

bool write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::write(STDOUT_FILENO, text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        text.remove_prefix(std::size_t(put));
    }
    return true;
}

// Async-signal-safe, as is leave().
bool enter() {
    termios raw = terminal.before;
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO);  // Ctrl-C and Ctrl-Z stay signals
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (::tcsetattr(STDOUT_FILENO, TCSANOW, &raw) != 0) return false;
    terminal.entered = true;
    return write_all(kEnter);
}

void leave() {
    if (!terminal.entered) return;
    terminal.entered = false;
    write_all(kLeave);
    ::tcsetattr(STDOUT_FILENO, TCSANOW, &terminal.before);
}

void tell(int number) {
    const int before = errno;
    const auto byte = static_cast<unsigned char>(number);
    // A full pipe is news enough.
    static_cast<void>(::write(terminal.news[1], &byte, 1) == 1);
    errno = before;
}

void die_in_peace(int number) {
    leave();
    ::raise(number);  // the handler is the system's again
}

void set_handlers() {
    std::size_t at = 0;
    const auto set = [&](int number, void (*handler)(int), int flags) {
        struct sigaction action {};
        action.sa_handler = handler;
        action.sa_flags = flags;
        ::sigemptyset(&action.sa_mask);
        ::sigaction(number, &action, &terminal.handlers[at++]);
    };
    for (const int number : kTold) set(number, tell, SA_RESTART);
    for (const int number : kFatal) set(number, die_in_peace, int(SA_RESETHAND | SA_NODEFER));
}

void restore_handlers() {
    std::size_t at = 0;
    for (const int number : kTold) ::sigaction(number, &terminal.handlers[at++], nullptr);
    for (const int number : kFatal) ::sigaction(number, &terminal.handlers[at++], nullptr);
}

// Of the character at the beginning.
std::size_t bytes_of_first(std::string_view text) {
    std::size_t bytes = 1;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
    return bytes;
}

// "\033[1;32m" at the beginning, or nothing.
std::string_view colour_at(std::string_view text) {
    if (!text.starts_with("\033[")) return {};
    const auto end = text.find_first_not_of("0123456789;", 2);
    return end != text.npos && text[end] == 'm' ? text.substr(0, end + 1) : std::string_view();
}

Key key_of(std::string_view sequence) {
    constexpr std::pair<std::string_view, Key> kKeys[] = {
        {"q", Key::quit},        {"Q", Key::quit},          {"k", Key::up},
        {"j", Key::down},        {" ", Key::page_down},     {"b", Key::page_up},
        {"g", Key::first},       {"G", Key::last},          {"\x03", Key::quit},
        {"\033[A", Key::up},     {"\033[B", Key::down},     {"\033OA", Key::up},
        {"\033OB", Key::down},   {"\033[5~", Key::page_up}, {"\033[6~", Key::page_down},
        {"\033[H", Key::first},  {"\033[F", Key::last},     {"\033OH", Key::first},
        {"\033OF", Key::last},   {"\033[1~", Key::first},   {"\033[4~", Key::last},
        {"\033[7~", Key::first}, {"\033[8~", Key::last}};
    for (const auto& [text, key] : kKeys)
        if (text == sequence) return key;
    return Key::none;
}

// How long the key at the beginning is; 0: not all of it has come.
std::size_t length_of_key(std::string_view typed) {
    if (typed[0] != '\033') return 1;
    if (typed.size() == 1) return 0;
    if (typed[1] == 'O') return typed.size() < 3 ? 0 : 3;
    if (typed[1] != '[') return 1;
    for (std::size_t at = 2; at < typed.size(); ++at)
        if (typed[at] >= 0x40 && typed[at] <= 0x7e) return at + 1;
    constexpr std::size_t kLongest = 32;
    return typed.size() > kLongest ? typed.size() : 0;
}

}  // namespace

bool is_screen() {
    const char* term = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && term && *term && std::strcmp(term, "dumb") != 0;
}

ScreenSize screen_size() { return screen_size(STDOUT_FILENO); }

ScreenSize screen_size(int descriptor) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return {};
    return {size.ws_col, size.ws_row};
}

Key take_key(std::string& typed) {
    while (!typed.empty()) {
        const auto length = length_of_key(typed);
        if (length == 0) return Key::none;
        const auto key = key_of(std::string_view(typed).substr(0, length));
        typed.erase(0, length);
        if (key != Key::none) return key;
    }
    return Key::none;
}

std::string cut_line(std::string_view line, int columns) {
    std::string cut;
    bool coloured = false;
    for (int left = columns; !line.empty();) {
        if (const auto colour = colour_at(line); !colour.empty()) {
            cut += colour;
            coloured = colour != "\033[0m";
            line.remove_prefix(colour.size());
            continue;
        }
        const auto bytes = bytes_of_first(line);
        const auto character = line.substr(0, bytes);
        line.remove_prefix(bytes);
        const auto byte = static_cast<unsigned char>(character[0]);
        if (byte < 0x20 || byte == 0x7f) continue;
        const int takes = int(config::columns(character));
        if (takes > left) break;
        left -= takes;
        cut += character;
    }
    return coloured ? cut + "\033[0m" : cut;
}

std::unique_ptr<Screen> Screen::open() {
    if (!is_screen() || terminal.entered) return nullptr;
    if (::tcgetattr(STDOUT_FILENO, &terminal.before) != 0) return nullptr;
    if (::pipe2(terminal.news, O_CLOEXEC | O_NONBLOCK) != 0) return nullptr;
    set_handlers();
    std::unique_ptr<Screen> screen(new Screen);
    if (!enter()) return nullptr;
    return screen;
}

Screen::Screen()
    : keys_(::isatty(STDIN_FILENO) == 1 ? STDIN_FILENO
                                        : ::open("/dev/tty", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}

Screen::~Screen() {
    leave();
    restore_handlers();
    for (int& end : terminal.news) {
        ::close(end);
        end = -1;
    }
    if (keys_ > STDIN_FILENO) ::close(keys_);
}

void Screen::wake() { tell(0); }

Screen::Event Screen::take_signal(int number) {
    switch (number) {
        case 0:
            return Event::news;
        case SIGWINCH:
            return Event::resized;
        case SIGTSTP:
            leave();
            ::raise(SIGSTOP);
            [[fallthrough]];  // and on it goes
        case SIGCONT:
            return enter() ? Event::resized : Event::end;
        default:
            return Event::end;
    }
}

Screen::Event Screen::wait(std::chrono::milliseconds limit, Key& key) {
    key = take_key(typed_);
    if (key != Key::none) return Event::key;
    // A negative descriptor is passed over.
    std::array<pollfd, 2> sources{{{terminal.news[0], POLLIN, 0}, {keys_, POLLIN, 0}}};
    if (::poll(sources.data(), sources.size(), int(limit.count())) <= 0) return Event::nothing;
    unsigned char number = 0;
    if (sources[0].revents != 0 && ::read(terminal.news[0], &number, 1) == 1)
        return take_signal(number);
    if (sources[1].revents == 0) return Event::nothing;
    char block[256];
    const ssize_t got = ::read(keys_, block, sizeof block);
    if (got <= 0)
        return got < 0 && (errno == EINTR || errno == EAGAIN) ? Event::nothing : Event::end;
    typed_.append(block, std::size_t(got));
    key = take_key(typed_);
    return key == Key::none ? Event::nothing : Event::key;
}

bool Screen::draw(std::string_view text, int first_line, const std::string& bar) {
    const auto size = screen_size();
    std::string out;
    int row = 1, line = 0;
    const auto put = [&](const std::string& content) {
        out += "\033[" + std::to_string(row++) + ";1H" + content + "\033[K";
    };
    while (!text.empty() && row < size.rows) {
        const auto end = std::min(text.find('\n'), text.size());
        if (line++ >= first_line) put(cut_line(text.substr(0, end), size.columns));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    while (row < size.rows) put("");
    put("\033[7m" + cut_line(bar, size.columns) + "\033[0m");
    return write_all(out);
}

}  // namespace miner
