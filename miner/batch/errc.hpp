// What can go wrong between a list of inputs and a folder of results, one value per thing that
// someone would handle differently.
#pragma once

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace miner {

enum class BatchErrc {
    unreadable = 1,  // no such file or folder, no permission, or no plain file
    too_large,       // a file, or a number of things, beyond its limit
    bad_list,        // a list or CSV that cannot be understood; the detail has the line
    other_settings,  // the folder holds results of other settings or of another seed
};

const boost::system::error_category& batch_category();

inline boost::system::error_code make_error_code(BatchErrc code) {
    return {static_cast<int>(code), batch_category()};
}

}  // namespace miner

template <>
struct boost::system::is_error_code_enum<miner::BatchErrc> : std::true_type {};
