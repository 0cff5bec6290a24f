#include "storage/errc.hpp"

#include <string>

namespace storage {
namespace {

class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "storage"; }

    std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::cannot_open:
                return "cannot open";
            case Errc::locked:
                return "database is held by another process";
            case Errc::full:
                return "no space left on the disk";
            case Errc::read_only:
                return "may not be written";
            case Errc::newer:
                return "written by a newer version of miner";
            case Errc::corrupt:
                return "damaged, or not what it should be";
            case Errc::io:
                return "disk failure";
            case Errc::missing:
                return "not found";
            case Errc::out_of_order:
                return "steps of a task in an order that cannot be";
        }
        return "unknown storage error";
    }
};

}  // namespace

const boost::system::error_category& error_category() {
    static const Category category;
    return category;
}

}  // namespace storage
