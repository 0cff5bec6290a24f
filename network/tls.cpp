#include "network/tls.hpp"

#include "network/errc.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace network {

namespace ssl = boost::asio::ssl;

namespace {

// Whether somebody named them, or they are where this OpenSSL was built to look.
bool has_default_authorities() {
    if (std::getenv(X509_get_default_cert_file_env()) ||
        std::getenv(X509_get_default_cert_dir_env()))
        return true;
    std::error_code ignored;
    return std::filesystem::exists(X509_get_default_cert_file(), ignored) ||
           std::filesystem::exists(X509_get_default_cert_dir(), ignored);
}

}  // namespace

std::filesystem::path authorities_of(const std::filesystem::path& root) {
    constexpr std::array<std::string_view, 5> kPlaces{
        "etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo
        "etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL to 9
        "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL from 10 on
        "etc/ssl/ca-bundle.pem",                             // openSUSE
        "etc/ssl/cert.pem",                                  // Alpine, Void
    };
    std::error_code ignored;
    for (const auto place : kPlaces) {
        if (std::filesystem::is_regular_file(root / place, ignored)) return root / place;
    }
    return {};
}

Tls::Tls() : context_(ssl::context::tls_client) {
    context_.set_verify_mode(ssl::verify_peer);
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
}

std::shared_ptr<const Tls> Tls::system() {
    std::shared_ptr<Tls> tls(new Tls);
    boost::system::error_code ignored;  // without authorities every handshake says so
    tls->context_.set_default_verify_paths(ignored);
    // A program that brings its own libssl asks where that one's distribution keeps them.
    if (!has_default_authorities()) {
        const auto file = authorities_of("/");
        if (!file.empty()) tls->context_.load_verify_file(file.string(), ignored);
    }
    return tls;
}

config::Result<std::shared_ptr<const Tls>> Tls::trusting(const std::string& pem) {
    std::shared_ptr<Tls> tls(new Tls);
    boost::system::error_code error;
    tls->context_.add_certificate_authority(boost::asio::buffer(pem), error);
    if (error) return config::fail(Errc::malformed, "certificates: " + error.message());
    return std::shared_ptr<const Tls>(std::move(tls));
}

config::Result<void> expect_host(SSL* handle, const std::string& host) {
    auto* parameters = SSL_get0_param(handle);
    boost::system::error_code not_literal;
    const auto address = boost::asio::ip::make_address(host, not_literal);
    const bool fits =
        not_literal ? SSL_set_tlsext_host_name(handle, host.c_str()) == 1 &&
                          SSL_set1_host(handle, host.c_str()) == 1
                    : X509_VERIFY_PARAM_set1_ip_asc(parameters, address.to_string().c_str()) == 1;
    if (!fits) return config::fail(Errc::malformed, "no name that TLS can ask for");
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return {};
}

bool speaks_no_tls(const boost::system::error_code& error) {
    if (error.category() != boost::asio::error::get_ssl_category()) return false;
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
    return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST;
}

std::string tls_words(SSL* handle, const boost::system::error_code& error) {
    const long verdict = SSL_get_verify_result(handle);
    return verdict == X509_V_OK ? error.message() : X509_verify_cert_error_string(verdict);
}

}  // namespace network
