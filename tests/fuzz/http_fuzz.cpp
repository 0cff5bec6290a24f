// Heads of requests and answers, as they come off a connection, and what is read of their fields.
#include "config/escape.hpp"
#include "miner/generation/server_timing.hpp"
#include "network/http/date.hpp"
#include "network/http/entity_tag.hpp"
#include "network/http/head.hpp"
#include "network/http/headers.hpp"
#include "network/http/request_rules.hpp"
#include "network/http/status_words.hpp"
#include "tests/fuzz/input.hpp"

#include <boost/beast/http/string_body.hpp>

namespace http = boost::beast::http;

namespace {

constexpr std::size_t kBody = 4096;

// In pieces and at once, the head ends at the same place.
std::size_t size_in_pieces(std::string_view text) {
    std::size_t looked = 0;
    for (std::size_t had = 0; had <= text.size(); had += 7)
        if (const auto size = network::size_of_head(text.substr(0, had), looked)) return size;
    return network::size_of_head(text, looked);
}

void read_request(const std::string& head) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBody);
    if (network::parse_head(parser, network::tidied_request(head))) return;
    const auto& message = parser.get();
    network::ServerRequest request{.method = std::string(message.method_string()),
                                   .target = std::string(message.target()),
                                   .headers = network::headers_of(message),
                                   .body = {},
                                   .peer_ip = "127.0.0.1"};
    const auto version = message.version();
    if (const auto reply = network::refuse_by_rule(request, version))
        fuzz::require(reply->status >= 300 && reply->status < 600);
    else
        fuzz::require(!request.method.empty());
    (void)network::waits_to_continue(request, version);
    (void)network::names_entity_tag(request.headers, "\"tag\"");
}

void read_answer(const std::string& head, std::string_view body) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(kBody);
    if (network::parse_head(parser, network::tidied_answer(head))) return;
    parser.eager(true);
    boost::system::error_code error;
    if (!parser.is_done()) parser.put(boost::asio::buffer(body), error);
    fuzz::require(parser.get().body().size() <= kBody);
    const auto headers = network::headers_of(parser.get());
    const auto words = network::status_words(parser.get().result_int(), headers);
    fuzz::require(config::printable(words, config::kWhole) == words);
    if (const auto date = network::find_header(headers, "date"))
        if (const auto moment = network::parse_http_date(*date))
            fuzz::require(network::parse_http_date(network::http_date(*moment)) == moment);
    const auto times = network::find_header(headers, "server-timing");
    if (times) (void)miner::read_server_timing(*times);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = fuzz::text(data, size);
    text.remove_prefix(network::size_of_empty_lines(text));
    std::size_t looked = 0;
    const auto whole = network::size_of_head(text, looked);
    fuzz::require(whole <= text.size() && size_in_pieces(text) == whole);
    (void)network::fault_in_start_of_request(text);
    (void)network::fault_in_start_of_answer(text);
    (void)network::is_of_later_version(text);
    if (whole == 0) return 0;
    const std::string head(text.substr(0, whole));
    read_request(head);
    read_answer(head, text.substr(whole));
    return 0;
}
