// How a failure of the outside world travels: a code to decide by, and words for a person.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <string>
#include <utility>

namespace config {

struct Error {
    boost::system::error_code code;
    std::string detail;  // what it happened to: a path, a host, a field; never a secret

    // One line for a person: "no such file: /etc/miner.toml".
    std::string message() const {
        return detail.empty() ? code.message() : code.message() + ": " + detail;
    }
};

// boost::system::result needs this to turn an unchecked error into an exception.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
    throw boost::system::system_error(error.code, error.detail);
}

// Either a T or an Error. `if (!result) return result.error();` passes a failure on.
template <class T>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
public:
    using boost::system::result<T, Error>::result;
};

// Error of any folder's Errc with what it happened to.
template <class Errc>
Error fail(Errc code, std::string detail = {}) {
    return Error{make_error_code(code), std::move(detail)};
}

}  // namespace config
