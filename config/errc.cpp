#include "config/errc.hpp"

#include <string>

namespace config {
namespace {

// The number says that two of it are one: the library of the networks has its own copy.
class Category final : public boost::system::error_category {
public:
    Category() : error_category(0x6d696e65'72000002) {}

    const char* name() const noexcept override { return "config"; }

    std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::cannot_read:
                return "cannot read the settings file";
            case Errc::malformed:
                return "settings file is not valid TOML";
            case Errc::cannot_log:
                return "cannot write the log file";
            case Errc::disk_failed:
                return "cannot look at the settings file";
        }
        return "unknown config error";
    }
};

}  // namespace

const boost::system::error_category& error_category() {
    static const Category category;
    return category;
}

}  // namespace config
