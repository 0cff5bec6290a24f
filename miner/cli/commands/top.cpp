// miner top: the status page in a terminal. The numbers come from the database; what is being done
// comes from the running miner, when http.listen tells where it answers.
#include "config/escape.hpp"
#include "config/unix_time.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/report/text_page.hpp"
#include "miner/server/access.hpp"
#include "miner/terminal/live_view.hpp"
#include "network/http/client.hpp"
#include "network/run_alone.hpp"
#include "storage/database.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace miner {
namespace {

config::Result<network::HttpAnswer> ask(const config::Http& http) {
    const auto address = parse_listen(http.listen);
    network::HttpRequest request;
    request.host = address.host == "0.0.0.0" ? "127.0.0.1"
                   : address.host == "::"    ? "::1"
                                             : address.host;
    request.port = address.port;
    request.method = "GET";
    request.target = "/api/now";
    if (!http.token.empty()) request.headers.emplace_back("authorization", "Bearer " + http.token);
    network::HttpLimits limits;
    limits.connect = limits.read = limits.write = std::chrono::seconds(1);
    boost::asio::io_context io{1};
    return network::run_alone(io, network::request(std::move(request), limits));
}

// What is being done, as lines and as a table of tasks.
struct Doing {
    std::string state, reason;
    std::vector<TextPage::Row> tasks;
};

// Throws when it is no such JSON.
Doing describe(const boost::json::value& now) {
    const auto text = [](const boost::json::value& value) {
        return config::printable(boost::json::value_to<std::string>(value));
    };
    Doing doing{
        .state = fmt::format("{}, {}, up {:.0f} s", text(now.at("phase")), text(now.at("status")),
                             now.at("uptime_s").to_number<double>()),
        .reason = text(now.at("reason")),
        .tasks = {}};
    if (const auto* notice = now.as_object().if_contains("notice");
        doing.reason.empty() && notice && notice->is_string())
        doing.reason = text(*notice);
    for (const auto& task : now.at("tasks").as_array())
        doing.tasks.push_back({{text(task.at("validator"))},
                               {fmt::format("task {}", task.at("row").to_number<std::int64_t>())},
                               {text(task.at("stage"))},
                               {fmt::format("{:.0f} s", task.at("age_s").to_number<double>())},
                               {fmt::format("attempt {}", task.at("attempt").to_number<int>())}});
    return doing;
}

Doing ask_miner(const config::Http& http) {
    if (http.listen.empty()) return {"set http.listen to see what it is doing", "", {}};
    const auto answer = ask(http);
    if (!answer)
        return {
            "not running, or not reached: " + config::printable(answer.error().message()), "", {}};
    if (answer->status != 200)
        return {fmt::format("{} answers {}: is http.token right?", config::printable(http.listen),
                            answer->status),
                "",
                {}};
    try {
        return describe(boost::json::parse(answer->body));
    } catch (const std::exception&) {
        return {config::printable(http.listen) + " answers, but is no miner", "", {}};
    }
}

std::string text_of(const Doing& doing, const TableOptions& options) {
    TextPage page(options.colour, options.width);
    page.paragraph(doing.state);
    if (!doing.reason.empty()) page.paragraph(doing.reason, kYellow);
    page.table({{}, {.leaves = 2}, {}, {.leaves = 1}, {.leaves = 3}}, doing.tasks);
    return page.text();
}

config::Result<Frame> frame(const config::Http& http, const std::filesystem::path& file) {
    const auto database = storage::Database::open(file, {.read_only = true});
    if (!database) return database.error();
    auto statistics = storage::statistics(**database, {});
    if (!statistics) return statistics.error();
    statistics->by_day.clear();
    statistics->by_kind.clear();
    auto contacts = storage::contacts(**database, "");
    if (!contacts) return contacts.error();
    return Frame([doing = ask_miner(http), statistics = std::move(*statistics),
                  contacts = std::move(*contacts), note = scores_note(file)](TableOptions options) {
        options.scores_note = note;
        return text_of(doing, options) + "\n" + render_table(statistics, options) + "\n" +
               render_contacts(contacts, config::unix_ms(), options);
    });
}

}  // namespace

ExitCode top_command(const CommandLine& line) {
    const auto file = find_database(line);
    return show_live(
        {.gather = [&] { return frame(line.loaded.settings.http, file); }, .what = "top"});
}

}  // namespace miner
