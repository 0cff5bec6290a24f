// Everything that can go wrong with what is kept, one value per thing that someone would handle
// differently.
#pragma once

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace storage {

enum class Errc {
    cannot_open = 1,  // no such folder, no permission
    locked,           // another process holds the database for longer than we wait
    full,             // no space left on the disk
    read_only,        // the file or its folder may not be written
    newer,            // written by a newer version of this program
    corrupt,          // not a database, or damaged
    io,               // the disk failed; the detail has the system's words
    missing,          // no such row or asset
    out_of_order,     // a step that cannot follow what the journal already has: a mistake of ours
};

const boost::system::error_category& error_category();

inline boost::system::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), error_category()};
}

}  // namespace storage

template <>
struct boost::system::is_error_code_enum<storage::Errc> : std::true_type {};
