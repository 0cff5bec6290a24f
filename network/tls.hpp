// TLS as a client speaks it: whom to trust, and that the peer is the one that was asked for. 1.2 is
// the oldest version spoken. Any thread may share one.
#pragma once

#include "config/result.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace network {

class Tls {
public:
    // Trusts the system's authorities: OpenSSL's default places, SSL_CERT_FILE and SSL_CERT_DIR, or
    // where other distributions than the one it was built for keep them.
    static std::shared_ptr<const Tls> system();

    // Trusts these certificates alone: PEM, one or more. Fails with malformed.
    static config::Result<std::shared_ptr<const Tls>> trusting(const std::string& pem);

    // A stream only reads it; Asio wants it mutable all the same.
    boost::asio::ssl::context& context() const { return context_; }

private:
    Tls();

    mutable boost::asio::ssl::context context_;
};

// The file with all authorities of the system below `root`, as one of the usual distributions has
// it; empty when there is none.
std::filesystem::path authorities_of(const std::filesystem::path& root);

// Before the handshake: names `host` to the peer (SNI) and demands a certificate for it; an IP
// literal is demanded as such. Fails with malformed.
config::Result<void> expect_host(SSL* handle, const std::string& host);

// Whether a handshake failed because the peer's first bytes were none of TLS.
bool speaks_no_tls(const boost::system::error_code& error);

// Why a handshake failed: what is wrong with the certificate, if that was it.
std::string tls_words(SSL* handle, const boost::system::error_code& error);

}  // namespace network
