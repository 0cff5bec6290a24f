#include "miner/batch/errc.hpp"

#include <string>

namespace miner {
namespace {

class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "batch"; }

    std::string message(int code) const override {
        switch (static_cast<BatchErrc>(code)) {
            case BatchErrc::unreadable:
                return "cannot be read";
            case BatchErrc::too_large:
                return "too large";
            case BatchErrc::bad_list:
                return "not understood";
            case BatchErrc::other_settings:
                return "begun in another way";
        }
        return "unknown batch error";
    }
};

}  // namespace

const boost::system::error_category& batch_category() {
    static const Category category;
    return category;
}

}  // namespace miner
