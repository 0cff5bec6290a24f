// A certificate made for one test, and the server's end of TLS with it.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace tests {

struct Certificate {
    std::string pem, key_pem;

    // Self-signed, valid for an hour; `names` as OpenSSL takes them: "DNS:localhost,IP:127.0.0.1".
    static Certificate make(const std::string& names, long seconds_valid = 3600) {
        const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"),
                                                                 EVP_PKEY_free);
        const std::unique_ptr<X509, void (*)(X509*)> x509(X509_new(), X509_free);
        X509_set_version(x509.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509.get()), -7200);
        X509_gmtime_adj(X509_getm_notAfter(x509.get()), seconds_valid);
        auto* name = X509_get_subject_name(x509.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(x509.get(), name);
        X509_set_pubkey(x509.get(), key.get());
        auto* extension =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
        X509_add_ext(x509.get(), extension, -1);
        X509_EXTENSION_free(extension);
        X509_sign(x509.get(), key.get(), EVP_sha256());
        return {text([&](BIO* bio) { PEM_write_bio_X509(bio, x509.get()); }), text([&](BIO* bio) {
                    PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
                })};
    }

    boost::asio::ssl::context server() const {
        boost::asio::ssl::context context(boost::asio::ssl::context::tls_server);
        context.use_certificate(boost::asio::buffer(pem), boost::asio::ssl::context::pem);
        context.use_private_key(boost::asio::buffer(key_pem), boost::asio::ssl::context::pem);
        return context;
    }

private:
    template <class Write>
    static std::string text(Write write) {
        const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
        write(bio.get());
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &data);
        return std::string(data, std::size_t(size));
    }
};

}  // namespace tests
