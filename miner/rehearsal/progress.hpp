// One line that tells how far the rehearsal is: redrawn in place on a terminal, a line a task
// elsewhere. Lives on io.
#pragma once

#include "miner/pipeline.hpp"

#include <map>
#include <ostream>
#include <string>

namespace miner {

class Progress {
public:
    // names: what each task id shows, for the reader.
    Progress(std::ostream& out, bool terminal, int tasks, std::map<std::string, std::string> names);

    void stage(const std::string& task_id, std::string_view stage);
    void turn(const Turn& turn);
    void finish();  // leaves the terminal's line

private:
    void redraw(const std::string& status);

    std::ostream& out_;
    bool terminal_;
    int tasks_;
    int done_ = 0;
    std::map<std::string, std::string> names_;
};

// "passed", "retry passed", "retry improved", "rejected", ...
std::string_view words(storage::Outcome outcome);

}  // namespace miner
