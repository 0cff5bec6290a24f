// Fields of a JSON message from someone who may wish us ill, read with pydantic's leniency and no
// more: whole numbers may come as floats or digits in text, as the SDK takes them. Pure.
#pragma once

#include "config/result.hpp"

#include <boost/json/memory_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace network {

// An object parsed from text. Depth is at most 16 and memory a few times the text's size, whatever
// the text says: JSON such as [[],[],...] would otherwise grow twentyfold.
class JsonMessage {
public:
    // Fails with malformed; for NaN and Infinity, which Python writes and JSON does not know, the
    // detail names the field.
    static config::Result<JsonMessage> parse(std::string_view text);

    const boost::json::object& fields() const { return value_.get_object(); }
    boost::json::object& fields() { return value_.get_object(); }

private:
    explicit JsonMessage(boost::json::value value) : value_(std::move(value)) {}

    boost::json::value value_;
};

// Reads fields of one object, whose place in the message (such as "feedback.") goes in front of
// their names in errors. The first failure is kept and later reads leave their targets alone, so
// that a caller checks once at the end.
class JsonFields {
public:
    explicit JsonFields(const boost::json::object& object, std::string place = {})
        : object_(object), place_(std::move(place)) {}

    // Missing: `target` keeps its default. Null is a wrong type.
    void read(std::string_view field, std::int64_t& target);
    void read(std::string_view field, double& target);  // finite
    void read(std::string_view field, bool& target);
    // Missing is an error, as is less than one byte or more than `longest`.
    void read_text(std::string_view field, std::size_t longest, std::string& target);

    // Null and missing alike: nullptr. Another type than object is an error.
    const boost::json::object* object(std::string_view field);

    void fail(std::string_view field, std::string_view why);
    // Takes over the failure of a reader of an inner object.
    void take(const JsonFields& inner);

    bool ok() const { return problem_.empty(); }
    config::Error error() const;

private:
    const boost::json::value* find(std::string_view field) const;

    const boost::json::object& object_;
    std::string place_;
    std::string problem_;
};

}  // namespace network
