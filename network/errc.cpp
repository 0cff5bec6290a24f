#include "network/errc.hpp"

#include <string>

namespace network {
namespace {

class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "network"; }

    std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::resolve_timeout:
                return "name not resolved in time";
            case Errc::resolve_failed:
                return "no such host";
            case Errc::connect_timeout:
                return "no connection in time";
            case Errc::refused:
                return "connection refused";
            case Errc::unreachable:
                return "host unreachable";
            case Errc::handshake_timeout:
                return "no TLS handshake in time";
            case Errc::untrusted:
                return "TLS peer not trusted";
            case Errc::write_timeout:
                return "request not taken in time";
            case Errc::read_timeout:
                return "no full answer in time";
            case Errc::closed:
                return "connection closed before the answer was whole";
            case Errc::body_too_large:
                return "answer larger than allowed";
            case Errc::bad_status:
                return "unexpected HTTP status";
            case Errc::unauthorized:
                return "access refused";
            case Errc::throttled:
                return "asked too often";
            case Errc::redirected:
                return "sent elsewhere";
            case Errc::not_websocket:
                return "no WebSocket server";
            case Errc::not_tls:
                return "no TLS on this port";
            case Errc::malformed:
                return "malformed message";
            case Errc::cancelled:
                return "cancelled";
            case Errc::no_key_file:
                return "no key file";
            case Errc::bad_key_file:
                return "broken key file";
            case Errc::locked_key_file:
                return "encrypted key file";
            case Errc::wrong_password:
                return "wrong password";
            case Errc::coldkey:
                return "coldkey refused: this program never reads one";
            case Errc::bad_address:
                return "not an ss58 address of network 42";
            case Errc::node_error:
                return "refused by the chain's node";
            case Errc::stale_node:
                return "the chain's node is not up to date";
            case Errc::wrong_chain:
                return "a node of another chain";
            case Errc::not_in_runtime:
                return "unknown to the chain's runtime";
            case Errc::wrong_hash:
                return "wrong content";
            case Errc::no_space:
                return "no space left";
            case Errc::disk_failed:
                return "disk failure";
            case Errc::offline:
                return "the network is forbidden (weights.offline)";
            case Errc::io:
                return "connection failed";
        }
        return "unknown network error";
    }
};

}  // namespace

const boost::system::error_category& error_category() {
    static const Category category;
    return category;
}

}  // namespace network
