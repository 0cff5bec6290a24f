#include "miner/completion.hpp"

#include "config/keys.hpp"
#include "config/version.hpp"
#include "miner/arguments.hpp"
#include "miner/exit_code.hpp"

#include <fmt/format.h>

#include <iterator>

namespace miner {
namespace {

using Flag = CommandManual::Flag;

// "-o,--output" as its names.
std::vector<std::string> names_of(const Flag& flag) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at <= flag.names.size();) {
        const auto end = std::min(flag.names.find(',', at), flag.names.size());
        names.push_back(flag.names.substr(at, end - at));
        at = end + 1;
    }
    return names;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

std::string words_of(const CommandManual& command) {
    std::string words;
    for (const Flag& flag : command.flags) {
        if (flag.operand) continue;
        for (const auto& name : names_of(flag)) words += name + " ";
    }
    return words;
}

std::string setting_words() {
    std::string words = "--help --version --config ";
    for (const auto& key : config::keys()) words += config::flag_of(key) + " ";
    return words;
}

std::string bash() {
    std::string names, cases;
    for (const auto& command : Arguments::manual()) {
        names += command.name + " ";
        cases += fmt::format("        {}) own=\"{}\" ;;\n", command.name, words_of(command));
    }
    return fmt::format(R"(# Completions of miner for bash.
_miner() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} command= own= word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case " {0}" in *" $word "*) command=$word; break ;; esac
    done
    case $command in
{1}    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$own {2}" -- "$current"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "{0}" -- "$current"))
    elif [[ $command == completion ]]; then
        COMPREPLY=($(compgen -W "bash zsh fish man" -- "$current"))
    else
        COMPREPLY=($(compgen -f -- "$current"))
    fi
}}
complete -o filenames -F _miner miner
)",
                       names, cases, setting_words());
}

// Between single quotes of zsh and fish.
std::string in_quotes(std::string_view text) {
    return "'" + replaced(std::string(text), "'", "'\\''") + "'";
}

std::string zsh_spec(const std::string& name, const std::string& doc, const std::string& value) {
    auto words = replaced(replaced(replaced(doc, "[", "("), "]", ")"), ":", "\\:");
    return in_quotes(name + "[" + words + "]" +
                     (value.empty() ? "" : ":" + replaced(value, ":", " ") + ":_files"));
}

std::string zsh() {
    std::string text =
        "#compdef miner\n# Completions of miner for zsh.\n_miner() {\n"
        "    local -a commands settings own\n    commands=(\n";
    const auto manual = Arguments::manual();
    for (const auto& command : manual)
        text +=
            "        " + in_quotes(command.name + ":" + replaced(command.doc, ":", "\\:")) + "\n";
    text += "    )\n    settings=(\n";
    for (const auto& key : config::keys())
        text += "        " +
                zsh_spec(config::flag_of(key), std::string(key.doc),
                         config::type_of(key) == "true or false" ? "" : "value") +
                "\n";
    text += "    )\n    case ${words[2]} in\n";
    for (const auto& command : manual) {
        text += "    " + command.name + ") own=(";
        for (const Flag& flag : command.flags) {
            if (flag.operand) continue;
            for (const auto& name : names_of(flag))
                text += zsh_spec(name, flag.doc, flag.value) + " ";
        }
        text += ") ;;\n";
    }
    return text + R"(    esac
    if (( CURRENT == 2 )); then
        _describe command commands
        _arguments $settings
    else
        _arguments $own $settings '*:file:_files'
    fi
}
_miner "$@"
)";
}

std::string fish() {
    std::string text = "# Completions of miner for fish.\n";
    for (const auto& command : Arguments::manual()) {
        text += fmt::format("complete -c miner -n __fish_use_subcommand -a {} -d {}\n",
                            command.name, in_quotes(command.doc));
        for (const Flag& flag : command.flags) {
            if (flag.operand) continue;
            text +=
                fmt::format("complete -c miner -n '__fish_seen_subcommand_from {}'", command.name);
            for (const auto& name : names_of(flag))
                text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            text += (flag.value.empty() ? " -d " : " -r -d ") + in_quotes(flag.doc) + "\n";
        }
    }
    for (const auto& key : config::keys())
        text +=
            fmt::format("complete -c miner -l {}{} -d {}\n", key.name,
                        config::type_of(key) == "true or false" ? "" : " -r", in_quotes(key.doc));
    return text;
}

// A line of roff: no backslash, no leading dot or quote that it would take for its own.
std::string roff(std::string_view text) {
    auto safe = replaced(replaced(std::string(text), "\\", "\\e"), "-", "\\-");
    if (safe.starts_with('.') || safe.starts_with('\'')) safe = "\\&" + safe;
    return safe;
}

}  // namespace

std::string render_completion(std::string_view shell) {
    return shell == "bash" ? bash() : shell == "zsh" ? zsh() : fish();
}

std::string render_man_page() {
    std::string text = fmt::format(
        ".TH MINER 1 \"\" \"miner {}\" \"User commands\"\n.SH NAME\nminer \\- mines Bittensor's 3D "
        "subnet: pictures in, Gaussian splats out\n.SH SYNOPSIS\n.B miner\n[\\fISETTING\\fR ...] "
        "[\\fICOMMAND\\fR] [\\fIARGUMENTS\\fR]\n.SH COMMANDS\n",
        config::version());
    const auto out = std::back_inserter(text);
    for (const auto& command : Arguments::manual()) {
        fmt::format_to(out, ".SS miner {}\n{}.\n", command.name, roff(command.doc));
        for (const Flag& flag : command.flags)
            fmt::format_to(out, ".TP\n.B {}{}\n{}\n", roff(flag.names),
                           flag.value.empty() ? "" : " " + roff(flag.value), roff(flag.doc));
        fmt::format_to(out, ".PP\nExample:\n.PP\n.RS\n.EX\n{}\n.EE\n.RE\n", roff(command.example));
    }
    text +=
        ".SH SETTINGS\nEach is a flag, an environment variable and a key of the settings file; "
        "stronger in this order.\n";
    for (const auto& key : config::keys())
        fmt::format_to(out, ".TP\n.B {}\n{} ({})\n", roff(config::flag_of(key)), roff(key.doc),
                       roff(config::variables_of(key).front()));
    text += ".SH EXIT STATUS\n";
    for (const auto& [code, meaning] : exit_codes())
        fmt::format_to(out, ".TP\n.B {}\n{}\n", int(code), roff(meaning));
    return text;
}

}  // namespace miner
