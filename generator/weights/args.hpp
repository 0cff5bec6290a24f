// A JSON object of a checkpoint, read key by key with limits. Every getter throws
// Refused(bad_checkpoint) that names the file, the key and what is wrong. Keys that nobody asks for
// are left alone, as the hub's own files have many, unless expect_no_others() is called.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace generator {

struct Bytes;

class Args {
public:
    // `where` is how messages name the object: "ckpts/ss_flow.json".
    Args(boost::json::object object, std::string where);

    // At most 1 MiB and 16 levels deep.
    static Args parse(const Bytes& bytes, std::string where);

    const std::string& where() const { return where_; }
    bool has(std::string_view key) const;  // false for null

    // Bounds are inclusive.
    std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most) const;
    std::int64_t integer_or(std::string_view key, std::int64_t absent, std::int64_t least,
                            std::int64_t most) const;
    double number(std::string_view key, double least, double most) const;
    double number_or(std::string_view key, double absent, double least, double most) const;
    bool flag_or(std::string_view key, bool absent) const;
    std::string text(std::string_view key) const;
    std::vector<std::int64_t> integers(std::string_view key, std::size_t most_entries,
                                       std::int64_t least, std::int64_t most) const;
    std::vector<double> numbers(std::string_view key, std::size_t most_entries, double least,
                                double most) const;
    Args object(std::string_view key) const;

    // Refuses any other text than these; an absent key passes.
    void expect(std::string_view key, std::initializer_list<std::string_view> known) const;
    // Refuses a truth value that would make another network than the one implemented; an absent key
    // passes.
    void expect(std::string_view key, bool known) const;

    // Refuses a key that was neither asked for until now nor is among these, which change nothing
    // here; one that is null passes.
    void expect_no_others(const std::vector<std::string_view>& harmless) const;

    [[noreturn]] void refuse_key(std::string_view key, const std::string& why) const;

private:
    const boost::json::value& at(std::string_view key) const;

    boost::json::object object_;
    std::string where_;
    mutable std::set<std::string, std::less<>> asked_;
};

}  // namespace generator
