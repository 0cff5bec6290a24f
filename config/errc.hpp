// What can go wrong before the miner starts; wrong settings are not here, they come as a list of
// faults (load.hpp).
#pragma once

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace config {

enum class Errc {
    cannot_read = 1,  // the settings file is missing or may not be read
    malformed,        // it is not TOML; the detail has the line
    cannot_log,       // the log file cannot be opened
    disk_failed,      // the settings file cannot be looked at or read just now, which may pass
};

const boost::system::error_category& error_category();

inline boost::system::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), error_category()};
}

}  // namespace config

template <>
struct boost::system::is_error_code_enum<config::Errc> : std::true_type {};
