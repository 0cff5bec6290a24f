// Requests that claim to be signed, of either generation: a line a header, then an empty line and
// the body. None that was made up here is somebody's.
#include "network/subnet/verify.hpp"
#include "tests/fuzz/input.hpp"

namespace {

constexpr const char* kReceiver = "5DtDLm5rQHShDqojQpsvcN8tRXHVFaecfDoRet1SU6BFD9Fi";
constexpr std::int64_t kNow = 1'795'500'000'000'000'000;

// As the server's own parser would hand it over: without line ends and blanks at either end.
network::ServerRequest request_of(std::string_view text) {
    network::ServerRequest request{
        .method = "POST", .target = "/generate", .headers = {}, .body = {}, .peer_ip = "127.0.0.1"};
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.empty()) break;
        const auto colon = line.find(':');
        if (colon == line.npos) continue;
        auto value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        request.headers.emplace_back(line.substr(0, colon), value);
    }
    request.body = text;
    return request;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto request = request_of(fuzz::text(data, size));
    network::Verifier verifier({.receiver = kReceiver});
    (void)verifier.screen(request);
    const auto seen = verifier.verify(request, kNow);
    if (const auto* refusal = std::get_if<network::AuthRefusal>(&seen))
        fuzz::require(refusal->status() >= 401 && refusal->status() <= 429 &&
                      !refusal->why.empty());
    // Twice is a replay, whoever it is.
    else
        fuzz::require(std::holds_alternative<network::AuthRefusal>(verifier.verify(request, kNow)));
    return 0;
}
