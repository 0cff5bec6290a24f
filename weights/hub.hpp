// A client of the model hub (Hugging Face's API, or a mirror of it): what a repository holds, and
// its files by parallel ranges, resumed, checked against the digests that the hub states. One
// object, one io lane; file writes block it, so it is for commands that do nothing else.
#pragma once

#include "config/result.hpp"
#include "network/backoff.hpp"
#include "network/http/client.hpp"
#include "network/http/url.hpp"
#include "weights/listing.hpp"
#include "weights/part_file.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>

namespace weights {

class Hub {
public:
    struct Options {
        network::HttpUrl endpoint;  // its target is a prefix of all paths
        std::string token;  // goes to the endpoint alone, never along with a redirect elsewhere
        std::shared_ptr<const network::Tls> tls;
        int connections = 4;
        std::int64_t segment_bytes = 32 << 20;
        int tries = 6;  // of each request, before a passing fault becomes an error
        network::Backoff::Settings backoff{};
        network::HttpLimits limits{};
    };

    // Bytes that came since the last call; negative when they had to be thrown away.
    using Progress = std::function<void(std::int64_t bytes)>;

    explicit Hub(Options options);

    // `repository` is OWNER/NAME. Fails as request() does, and with bad_status (with what to do
    // about it) and malformed.
    boost::asio::awaitable<config::Result<Listing>> list(std::string repository,
                                                         std::string revision);

    // The file as `to`, which appears only when its content has the stated digest; yields its
    // SHA-256. Fails as list() does, and with wrong_hash, no_space, io.
    boost::asio::awaitable<config::Result<std::string>> fetch(std::string repository,
                                                              std::string commit, RemoteFile file,
                                                              std::filesystem::path to,
                                                              Progress progress);

private:
    struct Transfer;

    // A sink for each try; empty where the body is wanted as it is.
    using MakeSink = std::function<network::BodySink()>;

    boost::asio::awaitable<config::Result<network::HttpAnswer>> get(network::HttpUrl url,
                                                                    network::HttpHeaders headers,
                                                                    std::int64_t most_bytes,
                                                                    MakeSink make_sink);
    boost::asio::awaitable<config::Result<network::HttpAnswer>> get_once(
        network::HttpUrl url, network::HttpHeaders headers, std::int64_t most_bytes,
        network::BodySink sink);
    boost::asio::awaitable<config::Result<void>> fetch_segments(Transfer& transfer);
    boost::asio::awaitable<void> fetch_some(Transfer& transfer, std::size_t most);
    boost::asio::awaitable<config::Result<void>> fetch_segment(Transfer& transfer,
                                                               std::size_t index);
    std::string where_of(const network::HttpUrl& url) const;  // as it may be shown
    network::HttpUrl url_of(const std::string& path) const;
    double random();

    Options options_;
    std::mt19937_64 random_;
};

}  // namespace weights
