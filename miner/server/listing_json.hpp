// Tasks and validators as JSON. Pure; whoever serializes it makes peers' words safe
// (config/escape.hpp).
#pragma once

#include "storage/kept_splats.hpp"
#include "storage/listing.hpp"
#include "storage/report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <vector>

namespace miner {

boost::json::object to_json(const storage::TaskLine& line);
boost::json::object to_json(const storage::TaskListing& listing);
// Attempts whose splats can be had say so: the chosen one with a result, and those in `kept`.
boost::json::object to_json(const storage::TaskStory& story,
                            const std::vector<storage::KeptName>& kept = {});
boost::json::array to_json(const std::vector<storage::Contact>& contacts);

}  // namespace miner
