#include "miner/generation/fleet.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace miner {
namespace {

constexpr const char *kInstance = "x-miner-instance", *kPlaces = "x-miner-places",
                     *kFree = "x-miner-free";
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLeastQuestions = 4, kMostQuestions = 64;

bool is_name(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    };
    return !text.empty() && text.size() <= kLongestName &&
           std::all_of(text.begin(), text.end(), fits);
}

std::optional<std::size_t> read_count(const network::HttpHeaders& headers, const char* name) {
    const auto text = network::find_header(headers, name);
    std::size_t count = 0;
    if (!text) return std::nullopt;
    const auto* const end = text->data() + text->size();
    const auto [at, error] = std::from_chars(text->data(), end, count);
    if (error != std::errc{} || at != end) return std::nullopt;
    return std::min(count, Fleet::kMostPlaces);
}

}  // namespace

void add_report(network::HttpHeaders& headers, const BackendReport& report) {
    headers.emplace_back(kInstance, report.instance);
    headers.emplace_back(kPlaces, std::to_string(report.places));
    headers.emplace_back(kFree, std::to_string(report.free));
}

std::optional<BackendReport> read_report(const network::HttpHeaders& headers) {
    const auto name = network::find_header(headers, kInstance);
    const auto places = read_count(headers, kPlaces), free = read_count(headers, kFree);
    if (!name || !is_name(*name) || !places || !free) return std::nullopt;
    return BackendReport{std::string(*name), *places, std::min(*free, *places)};
}

void Fleet::heard(const BackendReport& report, Time now) {
    told_ = now;
    if (report.places == 0) {
        instances_.erase(report.instance);
        return;
    }
    auto found = instances_.find(report.instance);
    if (found == instances_.end()) {
        make_room();
        found = instances_.emplace(report.instance, Instance{}).first;
    } else if (!is_fresh(found->second)) {
        hidden_ -= std::min(hidden_, found->second.places);  // no longer
    }
    auto& instance = found->second;
    instance.places = report.places;
    instance.free = report.free;
    instance.heard = now;
    if (report.free > 0) instance.full_until = {};
}

// For one more; the one not heard of for longest gives way.
void Fleet::make_room() {
    if (instances_.size() < kMostInstances) return;
    instances_.erase(std::min_element(
        instances_.begin(), instances_.end(),
        [](const auto& a, const auto& b) { return a.second.heard < b.second.heard; }));
}

void Fleet::full(const BackendReport& report, Time until) {
    if (const auto found = instances_.find(report.instance); found != instances_.end())
        found->second.full_until = until;
}

void Fleet::looked(Time began, AtWork ours) {
    oldest_ = std::max(doubted_, began - kFresh);
    std::erase_if(instances_, [&](const auto& each) { return each.second.heard < began - kGone; });
    std::size_t busy = 0, not_met = 0;
    for (const auto& [name, instance] : instances_) {
        if (instance.heard >= began)
            busy += instance.places - instance.free;
        else if (is_fresh(instance))
            not_met += instance.places;
    }
    others_ = busy > ours.all ? busy - ours.all : 0;
    hidden_ = ours.since_before - std::min(ours.since_before, busy + not_met);
}

std::size_t Fleet::instances() const {
    return std::size_t(std::count_if(instances_.begin(), instances_.end(),
                                     [&](const auto& each) { return is_fresh(each.second); }));
}

std::size_t Fleet::places_at_work() const {
    std::size_t unheard = 0;
    for (const auto& [name, instance] : instances_)
        if (!is_fresh(instance)) unheard += instance.places;
    return std::min(hidden_, unheard);
}

std::size_t Fleet::places() const {
    std::size_t fresh = 0;
    for (const auto& [name, instance] : instances_)
        if (is_fresh(instance)) fresh += instance.places;
    const auto all = std::min(fresh + places_at_work(), kMostPlaces);
    return all > others_ ? all - others_ : std::min<std::size_t>(all, 1);
}

std::optional<Fleet::Time> Fleet::full_until(Time now) const {
    auto first = Time::max();
    for (const auto& [name, instance] : instances_)
        if (is_fresh(instance)) first = std::min(first, instance.full_until);
    return first == Time::max() || first <= now ? std::nullopt : std::optional(first);
}

std::size_t Fleet::questions() const {
    return std::clamp(2 * instances() + 2, kLeastQuestions, kMostQuestions);
}

bool Fleet::met_other(const std::string& instance, Time began) const {
    return std::any_of(instances_.begin(), instances_.end(), [&](const auto& each) {
        return each.first != instance && each.second.heard >= began;
    });
}

std::size_t Fleet::heard_since(Time began) const {
    return std::size_t(std::count_if(instances_.begin(), instances_.end(),
                                     [&](const auto& each) { return each.second.heard >= began; }));
}

}  // namespace miner
