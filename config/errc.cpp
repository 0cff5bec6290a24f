#include "config/errc.hpp"

#include <string>

namespace config {
namespace {

class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "config"; }

    std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::cannot_read:
                return "cannot read the settings file";
            case Errc::malformed:
                return "settings file is not valid TOML";
            case Errc::cannot_log:
                return "cannot write the log file";
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
