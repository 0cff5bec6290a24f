// The JSON bodies of a subnet's synapses, from the validator's side. Pure.
#pragma once

#include "network/subnet/messages.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace network {

// A request as a handler sees it: the synapse in the body, not the headers.
struct SynapseCall {
    std::string synapse;    // "PullTask", "SubmitResults", "GetVersion"
    std::string miner;      // dendrite.hotkey; empty when the body has none
    std::string validator;  // axon.hotkey; empty when the body has none
    Submission submission;  // of SubmitResults
    unsigned status = 200;  // the answer's status starts from axon.status_code of the request
};

bool is_synapse(std::string_view name);

// Nothing when a required field is missing or one is mistyped: an exception in the real axon.
std::optional<SynapseCall> read_call(std::string_view synapse, const boost::json::object& body);

// The fields that an answer to PullTask or SubmitResults changes. Whoever is given feedback gets
// results and signature back emptied.
boost::json::object answer_fields(const PullAnswer& answer);
boost::json::object answer_fields(const SubmitAnswer& answer);

// The whole synapse as an answer carries it: the request's fields, `fields` over them, the status
// in `axon`.
std::string write_answer(const SynapseCall& call, const boost::json::object& body,
                         const boost::json::object& fields);

}  // namespace network
