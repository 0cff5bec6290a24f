#include "generator/errc.hpp"

#include <string>

namespace generator {
namespace {

// The number says that two of it are one: the library of the networks has its own copy.
class Category final : public boost::system::error_category {
public:
    Category() : error_category(0x6d696e65'72000001) {}

    const char* name() const noexcept override { return "generator"; }

    std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::not_a_picture:
                return "not a picture";
            case Errc::broken_picture:
                return "picture cut short or damaged";
            case Errc::picture_too_large:
                return "picture larger than allowed";
            case Errc::bad_prompt:
                return "prompt too long";
            case Errc::wrong_input:
                return "not what this checkpoint takes";
            case Errc::refused_input:
                return "refused";
            case Errc::empty_picture:
                return "nothing to see in the picture";
            case Errc::bad_operation:
                return "no such enhancement";
            case Errc::missing_file:
                return "file missing or unreadable";
            case Errc::bad_checkpoint:
                return "unusable checkpoint";
            case Errc::missing_tensor:
                return "tensor missing in the checkpoint";
            case Errc::extra_tensor:
                return "tensor in the checkpoint that the network does not have";
            case Errc::misshapen_tensor:
                return "tensor of another shape or type than the network needs";
            case Errc::bad_device:
                return "device cannot be used";
            case Errc::out_of_memory:
                return "device out of memory";
            case Errc::device_too_small:
                return "device has too little memory";
            case Errc::device_lost:
                return "device lost";
            case Errc::cancelled:
                return "cancelled";
            case Errc::bad_mask:
                return "bad mask";
            case Errc::no_voxels:
                return "empty structure";
            case Errc::bad_splats:
                return "not the splats it should be";
            case Errc::internal:
                return "unexpected failure inside the generator";
            case Errc::disk_failed:
                return "disk failure";
        }
        return "unknown generator error";
    }
};

}  // namespace

const boost::system::error_category& error_category() {
    static const Category category;
    return category;
}

bool is_bad_input(const boost::system::error_code& code) {
    if (code.category() != error_category()) return false;
    switch (static_cast<Errc>(code.value())) {
        case Errc::not_a_picture:
        case Errc::broken_picture:
        case Errc::picture_too_large:
        case Errc::bad_prompt:
        case Errc::wrong_input:
        case Errc::refused_input:
        case Errc::empty_picture:
        case Errc::bad_mask:
            return true;
        default:
            return false;
    }
}

}  // namespace generator
