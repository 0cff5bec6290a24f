// How the rehearsal goes: a line for each task as its turn ends, and on a terminal one more at the
// bottom, redrawn in place, that tells how far it is. Lives on io.
#pragma once

#include "miner/mining/pipeline.hpp"
#include "miner/rehearsal/judge.hpp"

#include <functional>
#include <map>
#include <ostream>
#include <string>

namespace miner {

class Progress {
public:
    struct Name {
        std::string text;  // for the reader; anybody's words
        JudgedBy judged_by = JudgedBy::truth;
    };

    // names: of each task id. columns: of the terminal, asked before each redrawing; empty: there
    // is none.
    Progress(std::ostream& out, std::function<int()> columns, std::map<std::string, Name> names);

    void stage(const std::string& task_id, std::string_view stage);
    // A validator that was not reached.
    void pulled(const Pulled& pulled);
    void turn(const Turn& turn);
    // Leaves the terminal's line, and names the tasks that no turn has told of.
    void finish();

private:
    int number_of(const std::string& task_id);
    std::string name_of(const std::string& task_id) const;
    void line(const std::string& number, const std::string& name, std::string_view outcome,
              const std::string& work, const std::string& answer);
    void redraw(const std::string& status);

    std::ostream& out_;
    std::function<int()> columns_;
    std::map<std::string, Name> names_;
    std::map<std::string, int> numbers_;  // of those that have a line
};

}  // namespace miner
