// A server that makes pictures from prompts, by the OpenAI images API (POST
// .../v1/images/generations), as local servers such as stable-diffusion.cpp's offer it. Not
// trusted: time, size and shape of its answers are bounded. Lives on io.
#pragma once

#include "config/result.hpp"
#include "network/http/client.hpp"
#include "network/http/url.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace network {

class PictureService {
public:
    struct Options {
        // Of the server; its path, if it has one, replaces /v1/images/generations.
        HttpUrl endpoint;
        std::string model;  // empty: the server's own
        int side = 1024;    // pixels
        std::string token;
        std::chrono::milliseconds deadline{60'000};  // of the whole call
        std::int64_t picture_bytes = 20 << 20;
        std::shared_ptr<const Tls> tls;
    };

    explicit PictureService(Options options) : options_(std::move(options)) {}

    // The bytes of a picture file (PNG, JPEG or WebP as the server likes). Fails as request() does
    // (with read_timeout when the deadline is over), and with bad_status and malformed.
    boost::asio::awaitable<config::Result<std::vector<std::uint8_t>>> make(std::string prompt);

    const Options& options() const { return options_; }

private:
    Options options_;
};

}  // namespace network
