// Short programs cut off between any two of their changes on the disk, with every kind of loss:
// each end is looked at, and where chance says which sectors of a write or which names are lost, so
// many draws of it.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace endure {

struct StepFigures {
    int changes = 0;  // between which was cut
    int states = 0;   // that cuts left and that were looked at
    std::vector<std::string> broken;

    void add(const StepFigures& other);
};

// What a call of storage/ has returned from is kept: databases, results, marks, files that are
// written over.
StepFigures cut_keeping(int draws, std::mt19937& random);

// The target is as it was or the whole copy; the database is as it was; a backup afterwards works.
// `over`: there is an older copy, which was opened and killed: its newest step is in its -wal
// alone.
StepFigures cut_backup(bool over, int draws, std::mt19937& random);

// The database is as it was or the copy, and what was there is not lost; the next start goes on,
// and may be cut off, too. With a -wal is the database, or (`aside`) what an earlier restore put
// by.
StepFigures cut_restore(bool aside, int draws, std::mt19937& random);

}  // namespace endure
