// miner top: the status page in a terminal. The numbers come from the database; what is being done
// comes from the running miner, when http.listen tells where it answers.
#include "config/escape.hpp"
#include "miner/cockpit/access.hpp"
#include "miner/commands/commands.hpp"
#include "network/http/client.hpp"
#include "storage/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace miner {
namespace {

constexpr auto kEvery = std::chrono::seconds(2);

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
    limits.connect = limits.read = limits.write = std::chrono::seconds(2);
    boost::asio::io_context io{1};
    auto answer = boost::asio::co_spawn(io, network::request(std::move(request), limits),
                                        boost::asio::use_future);
    io.run();
    return answer.get();
}

// Throws when it is no such JSON.
std::string describe(const boost::json::value& now) {
    const auto text = [](const boost::json::value& value) {
        return config::printable(boost::json::value_to<std::string>(value));
    };
    auto lines =
        fmt::format("{}, {}, up {:.0f} s  {}\n", text(now.at("phase")), text(now.at("status")),
                    now.at("uptime_s").to_number<double>(), text(now.at("reason")));
    for (const auto& task : now.at("tasks").as_array())
        lines += fmt::format("  task {:<6} {:<10} {:>5.0f} s  attempt {}  {}\n",
                             task.at("row").to_number<std::int64_t>(), text(task.at("stage")),
                             task.at("age_s").to_number<double>(),
                             task.at("attempt").to_number<int>(), text(task.at("validator")));
    return lines;
}

std::string now_text(const config::Http& http) {
    if (http.listen.empty()) return "set http.listen to see what it is doing\n";
    const auto answer = ask(http);
    if (!answer)
        return "not running, or not reached: " + config::printable(answer.error().message()) + "\n";
    if (answer->status != 200)
        return fmt::format("{} answers {}: is http.token right?\n", http.listen, answer->status);
    try {
        return describe(boost::json::parse(answer->body));
    } catch (const std::exception&) {
        return http.listen + " answers, but is no miner\n";
    }
}

config::Result<std::string> numbers_text(const std::filesystem::path& file) {
    using namespace std::chrono;
    const auto database = storage::Database::open(file, {.read_only = true});
    if (!database) return database.error();
    auto statistics = storage::statistics(**database, {});
    if (!statistics) return statistics.error();
    statistics->by_day.clear();
    statistics->by_kind.clear();
    const auto contacts = storage::contacts(**database, "");
    if (!contacts) return contacts.error();
    const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
    return render_table(*statistics, terminal_options()) + "\n" +
           render_contacts(*contacts, now.count(), terminal_options());
}

}  // namespace

ExitCode top_command(const CommandLine& line) {
    const auto file = find_database(line);
    const bool terminal = terminal_options().colour;
    for (;;) {
        const auto numbers = numbers_text(file);
        if (!numbers) {
            complain("top", numbers.error());
            return ExitCode::storage;
        }
        fmt::print("{}{}\n{}", terminal ? "\x1b[H\x1b[2J" : "", now_text(line.loaded.settings.http),
                   *numbers);
        std::fflush(stdout);
        if (!terminal) return ExitCode::ok;  // once, for whoever reads it by a pipe
        std::this_thread::sleep_for(kEvery);
    }
}

}  // namespace miner
