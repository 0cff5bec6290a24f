#include "network/http/head.hpp"

#include "network/http/headers.hpp"

namespace network {
namespace {

using boost::system::error_code;
namespace http = boost::beast::http;

constexpr std::string_view kName = "HTTP/";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "HTTP/1.7" -> "HTTP/1.1" at `at`, RFC 9110, 2.5.
void tidy_version(std::string& head, std::size_t at) {
    const auto version = std::string_view(head).substr(at, kName.size() + 3);
    if (version.size() == kName.size() + 3 && version.starts_with(kName) &&
        version.substr(kName.size(), 2) == "1." && version.back() >= '2' && version.back() <= '9')
        head[at + version.size() - 1] = '1';
}

// Without its CR, if it has one.
std::string_view take_line(std::string_view& text) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// "HTTP/1.1 200" -> "HTTP/1.1 200 "
bool lacks_reason(std::string_view line) {
    constexpr std::string_view kShape = "HTTP/1.1 200";
    return line.size() == kShape.size() && line[8] == ' ' && is_digit(line[9]) &&
           is_digit(line[10]) && is_digit(line[11]);
}

}  // namespace

std::size_t size_of_empty_lines(std::string_view text) {
    std::size_t size = 0;
    for (;;) {
        if (text.substr(size).starts_with("\r\n"))
            size += 2;
        else if (text.substr(size).starts_with('\n'))
            ++size;
        else
            return size;
    }
}

std::size_t size_of_head(std::string_view text, std::size_t& looked) {
    for (auto at = text.find('\n', looked); at != text.npos; at = text.find('\n', at + 1)) {
        looked = at;  // what follows this line end has not been seen in full
        if (text.substr(at + 1).starts_with('\n')) return at + 2;
        if (text.substr(at + 1).starts_with("\r\n")) return at + 3;
        if (at + 2 >= text.size()) return 0;
    }
    return 0;
}

error_code fault_in_start_of_request(std::string_view text) {
    // Of a TLS handshake, too, the first byte tells.
    if (!text.empty() && text != "\r" && !is_token_character(text.front()))
        return http::error::bad_method;
    const auto end = text.find('\n');
    if (end == text.npos) return {};
    const auto line = text.substr(0, end);
    return line.find(kName) == line.npos ? http::error::bad_version : error_code();
}

error_code fault_in_start_of_answer(std::string_view text) {
    if (text == "\r") return {};
    return kName.starts_with(text.substr(0, kName.size())) ? error_code()
                                                           : http::error::bad_version;
}

std::string tidied_request(std::string head) {
    const auto line = std::string_view(head).substr(0, head.find('\n'));
    const auto version = line.rfind(' ');
    if (version != line.npos) tidy_version(head, version + 1);
    return head;
}

std::string tidied_answer(std::string head) {
    tidy_version(head, 0);
    std::string tidy;
    tidy.reserve(head.size() + 64);
    std::string_view rest = head;
    const auto status_line = take_line(rest);
    tidy += status_line;
    if (lacks_reason(status_line)) tidy += ' ';
    tidy += "\r\n";
    while (!rest.empty()) {
        auto line = take_line(rest);
        const auto name = line.substr(0, line.find(':'));
        const auto end = name.find_last_not_of(" \t");
        // A line that begins with a blank goes on with the one before.
        if (name.size() < line.size() && !name.starts_with(' ') && !name.starts_with('\t') &&
            end != name.npos) {
            tidy += name.substr(0, end + 1);
            line.remove_prefix(name.size());
        }
        tidy += line;
        tidy += "\r\n";
    }
    return tidy;
}

}  // namespace network
