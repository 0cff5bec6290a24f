// Results of the embedded model, good ones and spoiled ones, with what the rehearsal's validator
// gives for each: what judge.py trains the embedded judge on.
//
//     judge_harvest jobs JOBS PREFIX SECONDS
//     judge_harvest pictures LIST FILE
//
// JOBS: a JSON object a line, as judge.py writes them: an object with its caption, picture and true
// views, and other objects to be mistaken for. Of each object some candidates are made, by picture
// and by caption, and of each candidate spoiled copies. Ends when SECONDS are over or JOBS are.
// PREFIX.views gets the views of each, four together, as the judge's encoder takes them
// (judge_input.hpp): bytes of [side, side, 3]. PREFIX.jsonl gets a row for each after its views.
//
// The second form puts the picture files that LIST names, one a line, into FILE as the encoder
// takes them.
#include "config/settings.hpp"
#include "generator/image/decode.hpp"
#include "generator/image/enhance.hpp"
#include "generator/image/prepare.hpp"
#include "generator/render/rasterizer.hpp"
#include "generator/render/validator_views.hpp"
#include "generator/score/judge_input.hpp"
#include "generator/splat/export.hpp"
#include "generator/splat/scene.hpp"
#include "generator/trellis/trellis.hpp"
#include "miner/rehearsal/likeness.hpp"
#include "miner/rehearsal/truth.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>
#include <numbers>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json.hpp>

namespace {

using namespace generator;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr ViewPlan kPlan{4, 224};

template <class T>
T need(config::Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message());
    return std::move(*result);
}

std::vector<std::uint8_t> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("no " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

void append(std::ofstream& file, const Image& image) {
    file.write(reinterpret_cast<const char*>(image.pixels.data()),
               std::streamsize(image.pixels.size()));
}

void write_pictures(const std::string& list, const std::string& to) {
    std::ifstream paths(list);
    std::ofstream out(to, std::ios::binary);
    for (std::string path; std::getline(paths, path);)
        append(out, picture_for_judge(need(decode_for_score(read_file(path))), kPlan.side).picture);
}

// ---------------------------------------------------------------- spoiling

class Spoiler {
public:
    explicit Spoiler(std::uint64_t seed) : random_(seed) {}

    // One way of spoiling, by its name, into `splats`.
    std::string spoil(StoredSplats& splats) {
        using Way = void (Spoiler::*)(StoredSplats&);
        static constexpr std::pair<const char*, Way> kWays[] = {
            {"dropped", &Spoiler::drop},     {"scattered", &Spoiler::scatter},
            {"faded", &Spoiler::fade},       {"tinted", &Spoiler::tint},
            {"speckled", &Spoiler::speckle}, {"cut", &Spoiler::cut},
            {"resized", &Spoiler::resize},   {"squashed", &Spoiler::squash},
            {"strayed", &Spoiler::stray},    {"turned", &Spoiler::turn}};
        const auto& [name, way] = kWays[random_() % std::size(kWays)];
        (this->*way)(splats);
        return name;
    }

private:
    double uniform(double a, double b) {
        return std::uniform_real_distribution<double>(a, b)(random_);
    }
    float normal() { return std::normal_distribution<float>()(random_); }

    template <class Keep>
    static void keep_where(StoredSplats& s, Keep keep) {
        std::size_t n = 0;
        for (std::size_t i = 0; i < s.size(); ++i) {
            if (!keep(i)) continue;
            s.position[n] = s.position[i], s.colour[n] = s.colour[i];
            s.log_scale[n] = s.log_scale[i], s.rotation[n] = s.rotation[i];
            s.logit[n++] = s.logit[i];
        }
        if (n > 0) s.resize(n);
    }

    void drop(StoredSplats& s) {
        const double share = std::exp(uniform(std::log(.001), std::log(.3)));
        keep_where(s, [&](std::size_t) { return uniform(0, 1) < share; });
    }
    void scatter(StoredSplats& s) {
        const double share = uniform(.2, 1), size = std::exp(uniform(std::log(.015), std::log(.4)));
        for (auto& p : s.position)
            if (uniform(0, 1) < share)
                for (auto& x : p) x += float(size) * normal();
    }
    void fade(StoredSplats& s) {
        const float by = float(uniform(3, 10));
        for (auto& logit : s.logit) logit -= by;
    }
    void tint(StoredSplats& s) {
        std::array<float, 3> add{}, times{};
        for (int c = 0; c < 3; ++c) add[c] = normal(), times[c] = float(uniform(.2, 1.3));
        for (auto& colour : s.colour)
            for (int c = 0; c < 3; ++c) colour[c] = colour[c] * times[c] + add[c];
    }
    void speckle(StoredSplats& s) {
        const float size = float(uniform(.3, 2));
        for (auto& colour : s.colour)
            for (auto& c : colour) c += size * normal();
    }
    void cut(StoredSplats& s) {
        std::array<float, 3> normal_of_plane{normal(), normal(), normal()};
        std::vector<float> along;
        for (const auto& p : s.position)
            along.push_back(p[0] * normal_of_plane[0] + p[1] * normal_of_plane[1] +
                            p[2] * normal_of_plane[2]);
        auto sorted = along;
        std::sort(sorted.begin(), sorted.end());
        const float at = sorted[std::size_t(uniform(.15, .9) * double(sorted.size()))];
        keep_where(s, [&](std::size_t i) { return along[i] >= at; });
    }
    void resize(StoredSplats& s) {
        const float by = float(uniform(0, 1) < .5 ? uniform(-4, -1) : uniform(1, 3));
        for (auto& scale : s.log_scale)
            for (auto& x : scale) x += by;
    }
    void squash(StoredSplats& s) {
        const int axis = int(random_() % 3);
        const float by = float(uniform(.1, .8));
        for (auto& p : s.position) p[axis] *= by;
    }
    void stray(StoredSplats& s) {
        const double share = std::exp(uniform(std::log(1e-4), std::log(.02)));
        const float size = float(uniform(.3, 1.5));
        for (auto& p : s.position)
            if (uniform(0, 1) < share)
                for (auto& x : p) x += size * normal();
    }
    // About the vertical axis. The Gaussians' own rotations stay: they are small and nearly round.
    void turn(StoredSplats& s) {
        const double angle = uniform(.3, 1.7) * std::numbers::pi;
        const auto c = float(std::cos(angle)), d = float(std::sin(angle));
        for (auto& p : s.position) p = {c * p[0] + d * p[2], p[1], c * p[2] - d * p[0]};
    }

    std::mt19937_64 random_;
};

// ---------------------------------------------------------------- the harvest

// As miner::truth_score, which would draw the splats anew for each object.
double worse_half(std::vector<double> agreements) {
    std::sort(agreements.begin(), agreements.end());
    const auto half = std::ptrdiff_t(agreements.size() / 2);
    return std::accumulate(agreements.begin(), agreements.begin() + half, 0.0) / double(half);
}

class Harvest {
public:
    Harvest(const std::string& prefix, double seconds)
        : views_(prefix + ".views", std::ios::binary),
          rows_(prefix + ".jsonl"),
          end_(Clock::now() + std::chrono::milliseconds(std::int64_t(seconds * 1000))),
          rasterizer_(need(rasterizer_on("cpu"))) {
        config::Generator settings;
        settings.device = "cpu";
        generator_ = need(make_trellis(settings));
        const config::Settings all;
        standard_ = need(parse_chain(all.enhance.standard));
        extreme_ = need(parse_chain(all.enhance.extreme));
    }

    bool over() const { return Clock::now() > end_; }

    void take(const json::object& job) {
        const auto object = job.at("object").as_int64();
        const std::string caption(job.at("caption").as_string());
        Truths truths{{std::to_string(object), strip_of(job)}};
        for (const auto& other : job.at("others").as_array())
            truths.emplace_back(std::to_string(other.at("object").as_int64()),
                                strip_of(other.as_object()));
        const auto picture = need(decode(read_file(std::string(job.at("picture").as_string()))));
        const auto shown = [&](const std::vector<Operation>& chain) {
            return Condition(
                need(prepare(enhance(picture, chain), generator_->info().picture_size)));
        };
        const auto seed = std::uint64_t(job.at("seed").as_int64());
        const std::pair<const char*, Condition> asked[] = {
            {"standard", shown(standard_)},
            {"caption", Prompt{caption}},
            seed % 2 == 0 ? std::pair<const char*, Condition>("extreme", shown(extreme_))
                          : std::pair<const char*, Condition>("caption", Prompt{caption})};
        for (std::size_t i = 0; i < std::size(asked) && !over(); ++i)
            candidate(object, i, asked[i].first, asked[i].second, seed + i, truths);
    }

private:
    using Truths = std::vector<std::pair<std::string, miner::TrueViews>>;  // the first is the own

    static miner::TrueViews strip_of(const json::object& of) {
        return need(miner::read_true_views(read_file(std::string(of.at("strip").as_string()))));
    }

    void put(const json::object& row) { rows_ << json::serialize(row) << "\n" << std::flush; }

    void candidate(std::int64_t object, std::size_t number, const char* from,
                   const Condition& condition, std::uint64_t seed, const Truths& truths) {
        const auto structure = generator_->generate_structure(condition, seed, {});
        if (!structure || over()) return;
        const auto made = generator_->generate_splats(**structure, nullptr, {});
        if (!made) return;
        const auto good = export_splats(made->splats, export_options(config::Settings{}.export_));
        if (good.size() == 0) return;
        json::object row{{"object", object}, {"candidate", number}, {"from", from}};
        record(good, "good", row, truths);
        Spoiler spoiler(seed * 1'000'003 + number);
        for (int i = 0; i < 2 && !over(); ++i) {
            auto spoiled = good;
            auto how = spoiler.spoil(spoiled);
            if (i == 1) how += "+" + spoiler.spoil(spoiled);
            record(spoiled, how, row, truths);
        }
    }

    void record(const StoredSplats& splats, const std::string& what, json::object row,
                const Truths& truths) {
        const auto views = validator_views(splats, rasterizer_, kPlan);
        if (!views) return;
        const auto scene = validator_scene(splats);
        const auto all = gaussians(scene, splats.rotation);
        std::vector<std::vector<double>> agreements(truths.size());
        for (int i = 0; i < miner::kTrueViews; ++i) {
            const auto seen =
                miner::cut_out_view(all, 2 * i, truths.front().second.views.front().width);
            for (std::size_t j = 0; j < truths.size(); ++j)
                agreements[j].push_back(
                    seen ? miner::agreement(truths[j].second.views[std::size_t(i)], *seen) : 0);
        }
        json::array frames;
        for (const auto& view : *views) {
            const auto judged = picture_for_judge(view, kPlan.side);
            append(views_, judged.picture);
            frames.emplace_back(json::array(judged.frame.begin(), judged.frame.end()));
        }
        views_.flush();
        json::object scores;
        for (std::size_t j = 0; j < truths.size(); ++j)
            scores[truths[j].first] = worse_half(agreements[j]);
        row["views"] = views_written_++;
        row["what"] = what;
        row["gaussians"] = splats.size();
        row["frames"] = std::move(frames);
        row["truth"] = std::move(scores);
        put(row);
    }

    std::ofstream views_, rows_;
    std::int64_t views_written_ = 0;
    Clock::time_point end_;
    Rasterizer rasterizer_;
    std::unique_ptr<Generator> generator_;
    std::vector<Operation> standard_, extreme_;
};

}  // namespace

int main(int count, char** given) {
    const std::vector<std::string> arguments(given + 1, given + count);
    try {
        if (arguments.size() == 3 && arguments[0] == "pictures") {
            write_pictures(arguments[1], arguments[2]);
        } else if (arguments.size() == 4 && arguments[0] == "jobs") {
            Harvest harvest(arguments[2], std::stod(arguments[3]));
            std::ifstream jobs(arguments[1]);
            for (std::string line; !harvest.over() && std::getline(jobs, line);)
                harvest.take(json::parse(line).as_object());
        } else {
            std::cerr << "judge_harvest jobs JOBS PREFIX SECONDS | pictures LIST FILE\n";
            return 64;
        }
    } catch (const std::exception& error) {
        std::cerr << "judge_harvest: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
