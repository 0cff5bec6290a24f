// How a constructor says no. Layers bind their weights while they are built, and a constructor
// cannot return a Result: so what reads a checkpoint throws this, and make_trellis turns it back
// into the Error that it carries. Nothing else throws it.
#pragma once

#include "config/result.hpp"
#include "generator/errc.hpp"

#include <exception>
#include <string>
#include <utility>

namespace generator {

class Refused : public std::exception {
public:
    explicit Refused(config::Error error) : error_(std::move(error)), words_(error_.message()) {}

    const config::Error& error() const { return error_; }
    const char* what() const noexcept override { return words_.c_str(); }

private:
    config::Error error_;
    std::string words_;
};

[[noreturn]] inline void refuse(Errc code, std::string detail) {
    throw Refused(config::fail(code, std::move(detail)));
}

// The value, or the error as an exception.
template <class T>
T or_refuse(config::Result<T> result) {
    if (!result) throw Refused(result.error());
    return std::move(*result);
}

}  // namespace generator
