// Forms as browsers post them: a line with the content type, then the body.
#include "network/http/multipart.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text(data, size);
    const auto line = text.substr(0, text.find('\n'));
    const auto body = text.substr(std::min(line.size() + 1, text.size()));
    const network::MultipartLimits limits{.parts = 8, .header_bytes = 512};
    const auto parts = network::parse_multipart(line, body, limits);
    if (!parts) return 0;
    fuzz::require(parts->size() <= limits.parts);
    for (const auto& part : *parts) {
        fuzz::require(part.name.size() <= limits.header_bytes);
        // Contents lie within the body.
        if (part.contents.empty()) continue;
        fuzz::require(part.contents.data() >= body.data() &&
                      part.contents.data() + part.contents.size() <= body.data() + body.size());
    }
    return 0;
}
