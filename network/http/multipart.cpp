#include "network/http/multipart.hpp"

#include "network/errc.hpp"
#include "network/http/message.hpp"

#include <optional>

namespace network {
namespace {

using config::fail;
using config::Result;

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kLongestBoundary = 70;  // RFC 2046

config::Error wrong(std::string words) {
    return fail(Errc::malformed, "form: " + std::move(words));
}

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Takes the value at the head of `text`, a token or a quoted string, and leaves what follows.
std::optional<std::string> take_value(std::string_view& text) {
    if (!text.starts_with('"')) {
        const auto end = std::min(text.find(';'), text.size());
        std::string value(trim(text.substr(0, end)));
        text.remove_prefix(end);
        return value;
    }
    std::string value;
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') {
            text.remove_prefix(at + 1);
            return value;
        }
        // Browsers write %22 for a quote, others a backslash before it.
        if (text[at] == '\\' && at + 1 < text.size() &&
            (text[at + 1] == '"' || text[at + 1] == '\\'))
            ++at;
        value += text[at];
    }
    return std::nullopt;
}

// "TYPE; name=value; ..." : the parameter of that name. Nothing when the header is malformed or
// does not have it.
std::optional<std::string> parameter(std::string_view header, std::string_view wanted) {
    auto at = header.find(';');
    while (at != header.npos && at < header.size()) {
        auto rest = trim(header.substr(at + 1));
        const auto equals = rest.find('=');
        if (equals == rest.npos) return std::nullopt;
        const auto name = trim(rest.substr(0, equals));
        rest = trim(rest.substr(equals + 1));
        auto value = take_value(rest);
        if (!value) return std::nullopt;
        if (same_header_name(name, wanted)) return value;
        rest = trim(rest);
        if (!rest.starts_with(';')) return std::nullopt;
        header = rest;
        at = 0;
    }
    return std::nullopt;
}

Result<std::string> read_boundary(std::string_view content_type) {
    const auto type = trim(content_type.substr(0, content_type.find(';')));
    if (!same_header_name(type, "multipart/form-data"))
        return wrong("the content type is not multipart/form-data");
    const auto boundary = parameter(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > kLongestBoundary)
        return wrong("the content type has no boundary of 1 to 70 characters");
    return *boundary;
}

Result<FormPart> read_headers(std::string_view headers) {
    FormPart part;
    bool named = false;
    while (!headers.empty()) {
        const auto end = std::min(headers.find("\r\n"), headers.size());
        const auto line = headers.substr(0, end);
        headers.remove_prefix(std::min(end + 2, headers.size()));
        const auto colon = line.find(':');
        if (colon == line.npos) return wrong("a part has a line that is no header");
        if (!same_header_name(line.substr(0, colon), "content-disposition")) continue;
        const auto value = trim(line.substr(colon + 1));
        if (!same_header_name(trim(value.substr(0, value.find(';'))), "form-data"))
            return wrong("a part is no form-data");
        if (const auto name = parameter(value, "name")) {
            part.name = *name;
            named = true;
        }
        part.filename = parameter(value, "filename").value_or("");
    }
    if (!named) return wrong("a part has no name");
    return part;
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body,
                                              MultipartLimits limits) {
    const auto boundary = read_boundary(content_type);
    if (!boundary) return boundary.error();
    const std::string delimiter = "\r\n--" + *boundary;
    const auto first = std::string_view(delimiter).substr(2);
    std::size_t at = 0;
    if (!body.starts_with(first)) {
        at = body.find(delimiter);  // a preamble is let pass
        if (at == body.npos) return wrong("the boundary is not in the body");
        at += 2;
    }
    at += first.size();
    std::vector<FormPart> parts;
    for (;;) {
        if (body.substr(at).starts_with("--")) return parts;
        at = std::min(body.find_first_not_of(kBlanks, at), body.size());
        if (!body.substr(at).starts_with("\r\n")) return wrong("a boundary does not end its line");
        if (parts.size() == limits.parts) return wrong("more parts than are taken");
        // The header may be empty, so that its end is the line's own.
        const auto end = body.substr(at, limits.header_bytes + 4).find("\r\n\r\n");
        if (end == body.npos) return wrong("the header of a part is too long or does not end");
        auto part = read_headers(body.substr(at + 2, end > 2 ? end - 2 : 0));
        if (!part) return part.error();
        const auto begin = at + end + 4;
        // From one line end earlier: a part without contents has its delimiter there.
        const auto next = body.find(delimiter, begin - 2);
        if (next == body.npos) return wrong("the last part does not end");
        part->contents = body.substr(begin, next < begin ? 0 : next - begin);
        parts.push_back(std::move(*part));
        at = next + delimiter.size();
    }
}

}  // namespace network
