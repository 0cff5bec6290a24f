// Whether what a miner has kept is right: in itself, and beside what its validators saw.
#pragma once

#include "network/simulator/validator.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace endure {

// What one validator has to say, and the tasks it was given.
struct Witness {
    std::string hotkey;
    std::vector<std::string> tasks;
    network::LocalValidator::Tally tally;
    std::map<std::string, std::string> judged;  // task id: SHA-256 of what it was sent
};

// Results on record: the task, and how many attempts it had when its result was kept.
using Kept = std::map<std::string, std::int64_t>;

class Account {
public:
    // Of a folder that nobody works in.
    explicit Account(std::filesystem::path storage);

    // What did not hold so far; empty: nothing.
    const std::vector<std::string>& broken() const { return broken_; }

    // The database is whole, results are there, nothing is doubled, and whatever a validator was
    // sent is on record. Adds to `kept`, and holds what it has.
    void check_after_cut(const std::vector<Witness>& witnesses, Kept& kept);
    // Besides: every task was answered once, by the bytes on record.
    void check_at_end(const std::vector<Witness>& witnesses, Kept& kept);
    // What `miner stats --json --last 0` says, against the rows.
    void check_statistics(const std::string& json);

    // The first column of the first row; -1 where there is none.
    std::int64_t number(const std::string& sql) const;

private:
    void demand(bool holds, const std::string& words);
    void demand_none(const std::string& sql, const std::string& words);
    void check_results(Kept& kept);
    void check_whole();
    void same(const boost::json::object& said, const char* name, const std::string& sql);

    std::filesystem::path storage_;
    std::vector<std::string> broken_;
};

}  // namespace endure
