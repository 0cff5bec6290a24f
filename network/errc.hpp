// Everything that can go wrong beyond this process, one value per thing that someone would handle
// differently.
#pragma once

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace network {

enum class Errc {
    resolve_timeout = 1,  // the name server did not answer in time
    resolve_failed,       // no such host
    connect_timeout,      // no connection in time; the peer may be down or filtered
    refused,              // the peer's machine answers, but nothing listens there
    unreachable,          // no way to the peer's network
    handshake_timeout,    // connected, but TLS was not agreed upon in time
    untrusted,            // the peer's certificate is not valid for this name, or TLS failed
    write_timeout,        // connected, but the peer does not take the request
    read_timeout,         // connected, but the answer did not come in full
    closed,               // the peer closed the connection before the answer was whole
    body_too_large,   // the peer sent more than the limit for this message; nothing of it was kept
    bad_status,       // HTTP status other than 200; the detail has it
    unauthorized,     // the peer wants a key, or refuses the one it was shown
    throttled,        // the peer is asked too often
    redirected,       // the peer sends us elsewhere, which is not followed
    not_websocket,    // the peer answers, but not as a WebSocket server
    not_tls,          // the peer answers, but speaks no TLS on this port
    malformed,        // not the message it should be; the detail names the field
    cancelled,        // we were asked to stop
    no_key_file,      // no file at that path, or not readable for us
    bad_key_file,     // not a key file, contradicts itself, or a field of it is broken
    locked_key_file,  // encrypted, in a way that cannot be read here or without its password
    wrong_password,   // the password does not open the key file, or the file was changed
    coldkey,          // a coldkey: never read on this machine
    bad_address,      // not an ss58 address of network 42
    node_error,       // the chain's node answered with an error; the detail has its words
    stale_node,       // the chain's node has no new blocks, or is far behind others
    wrong_chain,      // the node serves another chain than the one that was meant
    not_in_runtime,   // the chain's runtime has no such item, call or method; the detail names it
    wrong_hash,       // a file's content is not what its publisher states
    no_space,         // the disk is full, or would be
    disk_failed,      // a file cannot be read just now, which may pass
    offline,          // the network was forbidden, and needed
    io,               // anything else between us and the peer; the detail has the system's words
};

const boost::system::error_category& error_category();

inline boost::system::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), error_category()};
}

}  // namespace network

template <>
struct boost::system::is_error_code_enum<network::Errc> : std::true_type {};
