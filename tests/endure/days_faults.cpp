#include "tests/endure/days_faults.hpp"

#include "tests/endure/broken_disk.hpp"
#include "tests/endure/virtual_time.hpp"
#include "tests/storage/outsider.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace endure {

struct HeldDatabase {
    tests::Outsider::Hold hold;
};

namespace {

using namespace std::chrono_literals;
using network::LocalValidator;
using Questions = network::ChainNode::Questions;
using Began = std::pair<std::string, std::function<void()>>;

// The chain is looked at each five blocks; a node that is lost is tried again within a minute and
// some, and shows its first block within 15 s.
constexpr Watch::Time kLook = 75s, kLookAfterLoss = 75s + 75s + 15s;
constexpr Watch::Time kFailure = 300s;
constexpr Watch::Time kIdle = 10s;

Watch::Time now() { return virtual_time::world_time(); }

std::string at_now(const std::string& words) {
    return fmt::format("{:.3f} {}", double(now().count()) / 1e9, words);
}

}  // namespace

Faults::Faults(World& world, Sufferer& miner, std::uint32_t seed, Time begin, Time end)
    : world_(world), miner_(miner), random_(seed), begin_(begin), end_(end) {
    for (std::size_t i = 0; i < world_.validators(); ++i)
        add(8min, [this, i](Time& length) { return of_validator(i, length); });
    add(7min, [this](Time& length) { return of_chain(length); });
    add(25min, [this](Time& length) { return of_registration(length); });
    add(15min, [this](Time& length) { return of_clock(length); });
    add(12min, [this](Time& length) { return of_disk(length); });
    add(15min, [this](Time& length) { return of_gpu(length); });
}

Faults::~Faults() = default;

Faults::Time Faults::drawn(Time least, Time most) {
    return Time(std::uniform_int_distribution<std::int64_t>(least.count(), most.count())(random_));
}

Faults::Time Faults::after(Time average) {
    const auto wait = std::exponential_distribution<double>(1)(random_);
    return now() + std::max<Time>(1s, Time(std::int64_t(wait * double(average.count()))));
}

void Faults::add(Time quiet, std::function<Began(Time& length)> begin) {
    places_.push_back(
        {.begin = std::move(begin), .next = after(quiet), .end = {}, .quiet = quiet, .name = {}});
}

Faults::Time Faults::next() const {
    Time first = Time::max();
    for (const auto& place : places_)
        if (place.end || place.next < end_) first = std::min(first, place.next);
    return first;
}

void Faults::happen() {
    for (auto& place : places_) {
        if (place.next > now()) continue;
        if (place.end) {
            changed_ = now();
            std::exchange(place.end, {})();
            world_.watch().tell(at_now("over: " + place.name));
            place.next = after(place.quiet);
        } else if (place.next < end_) {
            Time length{0};
            auto [name, end] = place.begin(length);
            place.next = std::min(now() + length, std::max(now(), end_));
            if (name.empty()) {
                place.next = now() + 60s;  // not now, as something else is the matter
                continue;
            }
            ++counts_[name];
            last_ = name;
            place.name = name;
            changed_ = now();
            world_.watch().tell(at_now(name));
            place.end = end ? std::move(end) : [] {};
        }
    }
}

void Faults::end() {
    for (auto& place : places_)
        if (place.end) std::exchange(place.end, {})();
}

Began Faults::of_validator(std::size_t number, Time& length) {
    const std::string key = "validator";
    auto& watch = world_.watch();
    length = drawn(10s, 400s);
    switch (random_() % 8) {
        case 0:
            watch.hinder(number, key);
            world_.validator_vanishes(number);
            return {"validator vanishes", [=, this, &watch] {
                        world_.validator_comes_back(number);
                        watch.relieve(number, key, now(), kFailure);
                    }};
        case 1:
            length = drawn(1s, 5s);
            watch.hinder(number, key);
            world_.validator_vanishes(number);
            return {"validator restarts", [=, this, &watch] {
                        world_.validator_comes_back(number);
                        watch.relieve(number, key, now(), kFailure);
                    }};
        case 2:
            // The chain tells where it is once a call has failed; without it the wait is that of a
            // failure, and of another one after it.
            watch.hinder(number, key);
            world_.validator_moves(number);
            length = 400s;
            return {"validator moves", [=, &watch] {
                        watch.relieve(number, key, now(), 2 * kFailure + kLookAfterLoss);
                    }};
        case 3: {
            network::ValidatorState::Rules rules;
            rules.task_cooldown = std::chrono::milliseconds(drawn(60s, 600s) / 1ms);
            rules.throttle_period = std::chrono::milliseconds(drawn(0s, 60s) / 1ms);
            rules.cooldown_penalty = std::chrono::milliseconds(drawn(60s, 900s) / 1ms);
            rules.unregistered_cooldown = 120s;
            rules.quality_threshold = 0.4 + 0.1 * double(random_() % 5);
            world_.change_rules(number, rules);
            return {"validator changes rules", {}};
        }
        default:
            return by_its_answers(number, length);
    }
}

Began Faults::by_its_answers(std::size_t number, Time& length) {
    using Fault = LocalValidator::Fault;
    struct Choice {
        const char* name;
        Fault fault;
    };
    constexpr Choice kChoices[] = {{"validator is silent", Fault::timeout},
                                   {"validator closes connections", Fault::refuse},
                                   {"validator answers garbage", Fault::garbage},
                                   {"validator hangs up half-way", Fault::drop},
                                   {"validator sends a byte a second", Fault::trickle},
                                   {"validator lies", Fault::twist},
                                   {"validator lies", Fault::twist},
                                   {"validator lies", Fault::twist}};
    auto choice = kChoices[random_() % std::size(kChoices)];
    length = drawn(60s, 900s);
    if (choice.fault == Fault::twist) {
        auto lie = World::Lie(random_() % unsigned(World::Lie::count));
        if (lie == World::Lie::for_ever && end_ - begin_ < 48h) lie = World::Lie::longer;
        world_.lie(number, lie);
        if (lie == World::Lie::flood || lie == World::Lie::headers)
            choice.name = "validator floods";
    }
    world_.suffer(number, {choice.fault}, 1 + int(random_() % 2));
    return {choice.name, [this, number] { world_.suffer(number, {}, 1); }};
}

Faults::End Faults::chain_fault(const std::string& name) {
    chain_fails_ = true;
    // What came back a moment ago may not have been seen yet.
    if (now() < registered_ + kLookAfterLoss) world_.watch().hinder_all("chain");
    return [this, name] {
        chain_fails_ = false;
        chain_came_back_ = now();
        if (name == "vanishes") world_.chain_comes_back();
        if (name == "stalls") world_.chain().stall(false);
        if (name == "is mute") world_.chain().mute(false);
        if (name == "refuses" || name == "ignores") world_.chain().take(Questions::answered);
        world_.watch().relieve_all("chain", now(), kLookAfterLoss);
    };
}

Began Faults::of_chain(Time& length) {
    length = drawn(5s, 600s);
    switch (random_() % 8) {
        case 0:
            world_.chain_vanishes();
            return {"chain's node vanishes", chain_fault("vanishes")};
        case 1:
            world_.chain().stall(true);
            return {"chain stalls", chain_fault("stalls")};
        case 2:
            world_.chain().mute(true);
            return {"chain's node is silent", chain_fault("is mute")};
        case 3:
            world_.chain().disconnect();
            return {"chain's node hangs up", {}};
        case 4: {
            // A node that shows no higher block for three minutes is left; then it may be far back.
            const auto blocks = 1 + random_() % (random_() % 3 ? 8 : 200);
            length = std::min<Time>(200s, blocks * 12s);
            world_.chain().change([&](network::ChainState& state) { state.fork(blocks); });
            return {"chain forks", chain_fault("forks")};
        }
        case 5:
            world_.chain().take(Questions::refused);
            return {"chain's node shows blocks alone, and refuses", chain_fault("refuses")};
        case 6:
            world_.chain().take(Questions::ignored);
            return {"chain's node shows blocks alone, and is silent", chain_fault("ignores")};
        default:
            world_.chain().change([](network::ChainState& state) { state.upgrade(); });
            return {"chain's runtime is upgraded", {}};
    }
}

Began Faults::of_registration(Time& length) {
    length = drawn(30s, 900s);
    world_.watch().hinder_all("registration");
    world_.deregister();
    return {"registration is lost", [this] {
                world_.reregister();
                registered_ = now();
                // While the chain fails nobody can know; then it is known once it is back.
                if (chain_fails_) world_.watch().hinder_all("chain");
                const bool is_well = now() > chain_came_back_ + kLookAfterLoss;
                world_.watch().relieve_all("registration", now(),
                                           (is_well ? kLook : kLookAfterLoss) + kIdle);
            }};
}

Began Faults::of_clock(Time& length) {
    auto& watch = world_.watch();
    length = drawn(30s, 900s);
    switch (random_() % 3) {
        case 0:
            virtual_time::step_clock(1h);
            miner_.clock_is_off = true;
            return {"clock an hour ahead", [this] {
                        virtual_time::step_clock(-1h);
                        miner_.clock_is_off = false;
                    }};
        case 1:
            // What is signed now is of long ago to a validator, and refused.
            watch.hinder_all("clock");
            virtual_time::step_clock(-1h);
            miner_.clock_is_off = true;
            return {"clock an hour behind", [this, &watch] {
                        virtual_time::step_clock(1h);
                        miner_.clock_is_off = false;
                        watch.relieve_all("clock", now(), kFailure);
                    }};
        default: {
            const auto time = drawn(5s, random_() % 4 ? 600s : 7200s);
            // Blocks that the miner waited for have not come meanwhile.
            const bool looks = now() < std::max(registered_, chain_came_back_) + kLookAfterLoss;
            virtual_time::suspend(time);
            watch.slept(now(), time, looks ? kLookAfterLoss + kIdle : kIdle);
            return {"machine sleeps", {}};
        }
    }
}

Began Faults::of_disk(Time& length) {
    auto& watch = world_.watch();
    length = drawn(20s, 600s);
    const auto database = miner_.storage / "miner.db";
    const auto kind = random_() % 7;
    if (kind < 5 && miner_.gpu == Sufferer::Gpu::lost) return {};
    ++miner_.disk_faults;
    if (kind == 6) {
        broken_disk::fail(miner_.storage / "assets", {.opening = ENOSPC, .writing = ENOSPC});
        return {"no room for results", [this] {
                    broken_disk::mend();
                    ++miner_.disk_faults_over;
                }};
    }
    if (kind == 5) {
        const auto away = miner_.logs.string() + ".away";
        std::filesystem::rename(miner_.logs, away);
        return {"log folder gone", [this, away] {
                    std::error_code ignored;
                    std::filesystem::remove_all(away, ignored);
                    std::filesystem::create_directories(miner_.logs, ignored);
                    ++miner_.disk_faults_over;
                }};
    }
    disk_fails_ = true;
    watch.hinder_all("disk");
    watch.excuse_early();
    std::string name;
    switch (kind) {
        case 0:
            held_.reset(new HeldDatabase{tests::Outsider(database).hold()});
            name = "database locked";
            break;
        case 1:
            broken_disk::fail(database, {.opening = 0, .writing = ENOSPC, .syncing = 0});
            name = "database full";
            break;
        case 2:
            broken_disk::fail(miner_.storage, {.opening = EROFS, .writing = EROFS, .syncing = 0});
            name = "database read-only";
            break;
        case 3:
            broken_disk::fail(miner_.storage.parent_path(),
                              {.opening = ENOSPC, .writing = ENOSPC, .syncing = 0});
            name = "disk full";
            break;
        default:
            broken_disk::fail(miner_.storage, {.opening = EIO, .writing = EIO, .syncing = EIO});
            name = "disk fails";
            break;
    }
    return {name, [this, &watch] {
                held_.reset();
                broken_disk::mend();
                disk_fails_ = false;
                ++miner_.disk_faults_over;
                watch.excuse_early();
                // A pull that was not recorded is repeated after a failure's wait.
                watch.relieve_all("disk", now(), kFailure + 90s);
            }};
}

Began Faults::of_gpu(Time& length) {
    using Gpu = Sufferer::Gpu;
    auto& watch = world_.watch();
    length = drawn(30s, 600s);
    switch (random_() % 3) {
        case 0:
            miner_.gpu = Gpu::full;
            return {"GPU out of memory", [this] { miner_.gpu = Gpu::well; }};
        case 1:
            miner_.gpu = Gpu::fails;
            return {"GPU fails at tasks", [this] { miner_.gpu = Gpu::well; }};
        default:
            if (disk_fails_) return {};
            // The process ends with the next task, and is started again until the device is back.
            watch.hinder_all("device");
            watch.excuse_early();
            miner_.gpu = Gpu::lost;
            return {"GPU lost", [this, &watch] {
                        miner_.gpu = Gpu::well;
                        watch.relieve_all("device", now(), kFailure + 60s);
                    }};
    }
}

}  // namespace endure
