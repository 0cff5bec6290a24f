// Shows a failed Result in a test's report by its message.
#pragma once

#include "config/result.hpp"
#include "tests/support/catch.hpp"

#include <string>

template <class T>
struct Catch::StringMaker<config::Result<T>> {
    static std::string convert(const config::Result<T>& result) {
        return result ? "a value" : result.error().message();
    }
};
