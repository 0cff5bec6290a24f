// Everything that can go wrong between a picture and its splats, one value per thing that someone
// would handle differently.
#pragma once

#include <boost/system/error_code.hpp>

#include <type_traits>

namespace generator {

enum class Errc {
    not_a_picture = 1,  // the bytes are of no format that is read
    broken_picture,     // they begin as one, but are cut short or damaged
    picture_too_large,  // more bytes or pixels than allowed; nothing was decoded
    bad_prompt,         // longer than allowed
    wrong_input,        // a prompt for a checkpoint that takes pictures, or the other way round
    refused_input,      // another miner that was asked takes it for unusable; the detail has why
    empty_picture,      // no side, or nothing opaque in it
    bad_mask,           // the object could not be told from its background
    bad_operation,      // an enhancement that does not exist or a factor out of range
    missing_file,       // a file of a checkpoint is not there or may not be read
    bad_checkpoint,     // a checkpoint file that contradicts itself, or settings of it that are not
                        // supported
    missing_tensor,     // the network needs a tensor that the file lacks
    extra_tensor,       // the file holds a tensor that the network does not have
    misshapen_tensor,   // a tensor of another shape or type than the network needs
    bad_device,         // no such device, or one that cannot be used
    out_of_memory,      // the device is full; the next task may fit
    device_too_small,   // it would be full with nothing else on it
    device_lost,        // the GPU does not answer, any more or yet; the process must restart
    cancelled,          // asked to stop, or past the deadline
    no_voxels,          // the structure came out empty
    bad_splats,         // PLY or SPZ bytes that are not what they should be
    internal,           // a library threw something unexpected; the detail has it
    disk_failed,        // a file of a checkpoint cannot be read just now, which may pass
};

const boost::system::error_category& error_category();

// Whether it is the picture or prompt that is at fault, and nothing that time or another device
// would mend.
bool is_bad_input(const boost::system::error_code& code);

inline boost::system::error_code make_error_code(Errc code) {
    return {static_cast<int>(code), error_category()};
}

}  // namespace generator

template <>
struct boost::system::is_error_code_enum<generator::Errc> : std::true_type {};
