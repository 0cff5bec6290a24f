// Whoever stands behind one address of generator.remote: a single `miner serve`, or any number of
// them behind a load balancer, whose number nobody tells. Every answer of a `miner serve` names its
// process and how many requests that makes at once; those heard of lately are the fleet. Pure: the
// time is passed in. What comes from there is not trusted: names, numbers and how many are bounded.
#pragma once

#include "network/http/message.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace miner {

// What a `miner serve` says of itself, in the headers x-miner-instance, x-miner-places and
// x-miner-free of its answers.
struct BackendReport {
    std::string instance;    // of the process, drawn at its start
    std::size_t places = 0;  // requests of other miners that it makes at once; 0: it takes none
    std::size_t free = 0;    // of these, at that moment
};

// The header by which a caller asks to be refused at once (429) where it would have to wait.
constexpr std::pair<const char*, const char*> kNoQueue{"x-miner-queue", "no"};

void add_report(network::HttpHeaders& headers, const BackendReport& report);

// Nothing where there is none, or one that cannot be. More than kMostPlaces are as many.
std::optional<BackendReport> read_report(const network::HttpHeaders& headers);

class Fleet {
public:
    using Time = std::chrono::steady_clock::time_point;

    static constexpr std::size_t kMostInstances = 256;
    static constexpr std::size_t kMostPlaces = 256;  // of one, and of all together
    // A balancer that draws by lot passes each over now and then: in all looks of so long one time
    // in some thousand (see questions()).
    static constexpr std::chrono::seconds kFresh{35};
    // One that is not heard of for longer than any request takes is gone.
    static constexpr std::chrono::minutes kGone{15};

    // An answer came from there. Places of 0: it stands down, and does not count any more.
    void heard(const BackendReport& report, Time now);
    // It refused a request, and will refuse more until then.
    void full(const BackendReport& report, Time until);
    // Somebody was lost at `now`: until the look that begins now is over, nobody is sure.
    void doubt(Time now) { doubted_ = now; }
    // Requests of ours that are there when a look is over.
    struct AtWork {
        std::size_t all = 0;
        std::size_t since_before = 0;  // the look began
    };
    // A look that began then is over: who was not heard of for kFresh, or since the doubt, does not
    // count any more. But a balancer that sends to the idle shows none of the busy: as many of the
    // unheard are taken for at work as requests of ours are with nobody that was met. Of those that
    // were met, what is at work beyond ours is others'.
    void looked(Time began, AtWork ours);
    // Who was asked since then is well. Where no report came meanwhile, whoever is there now sends
    // none, and all that was known of others there is forgotten.
    void well(Time began) {
        if (told_ && *told_ < began) *this = {};
    }

    bool known() const { return told_.has_value(); }  // reports come from there
    std::size_t instances() const;
    bool several() const { return instances() + (places_at_work() > 0 ? 1 : 0) > 1; }
    // Requests that we may have there at once. What others have at work there is theirs, but for
    // one place, for which we wait our turn.
    std::size_t places() const;
    // When the first of them may take a request again; nothing where one may now.
    std::optional<Time> full_until(Time now) const;
    // How many questions show each one even where a balancer draws by lot, in most cases; those of
    // one look are asked beside one another, as one that sends to the idle sends others on.
    std::size_t questions() const;
    std::size_t heard_since(Time began) const;
    // Whether another than that one, which takes requests, was heard of since.
    bool met_other(const std::string& instance, Time began) const;

private:
    struct Instance {
        std::size_t places, free;
        Time heard;
        Time full_until{};
    };

    bool is_fresh(const Instance& instance) const { return instance.heard >= oldest_; }
    std::size_t places_at_work() const;  // of the unheard, as far as they are taken for that
    void make_room();

    std::optional<Time> told_;                   // the newest report
    std::map<std::string, Instance> instances_;  // by name
    Time oldest_{};                              // who was heard of before counts no more
    Time doubted_{};
    std::size_t hidden_ = 0;  // places of those that are taken for at work
    std::size_t others_ = 0;  // requests that are not ours
};

}  // namespace miner
