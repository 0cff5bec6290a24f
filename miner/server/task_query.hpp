// What /api/tasks is asked for. Pure.
#pragma once

#include "config/result.hpp"
#include "storage/listing.hpp"

#include <map>
#include <optional>
#include <string>

namespace miner {

struct TaskQuery {
    storage::TaskFilter filter;
    int limit = 50;
    std::optional<storage::TaskRow> before;
};

// `outcome` (as storage::name has it, or "withheld", which "rejected" leaves out), `validator`,
// `below`, `limit`, `before`. Fails with network::Errc::malformed, the detail naming the parameter.
config::Result<TaskQuery> read_task_query(const std::map<std::string, std::string>& query);

}  // namespace miner
