#include "miner/cli/completion.hpp"

#include "config/keys.hpp"
#include "miner/cli/arguments.hpp"

#include <fmt/format.h>

#include <cctype>

namespace miner {
namespace {

using Flag = CommandManual::Flag;

// What may stand where a value is due: one of some words, a file, or what nobody can guess.
struct Values {
    std::vector<std::string> words;
    bool files = false;
};

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(separator, at), text.size());
        parts.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

// "bash|zsh" are words as they are given; "SS58|NAME" are not.
Values values_of(const std::string& type) {
    if (type == "FILE" || type == "PICTURE") return {{}, true};
    if (type.empty() || std::isupper(static_cast<unsigned char>(type[0])) != 0) return {};
    return {split(type, '|'), false};
}

Values values_of(const config::Key& key) {
    return {{key.choices.begin(), key.choices.end()}, key.path};
}

bool is_switch(const config::Key& key) { return config::type_of(key) == "true or false"; }

// "-o,--output" as its names.
std::vector<std::string> names_of(const Flag& flag) { return split(flag.names, ','); }

// What a command takes without a flag.
Values operands_of(const CommandManual& command) {
    for (const Flag& flag : command.flags)
        if (flag.operand) return values_of(flag.names);
    return {};
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

std::string words_of(const CommandManual& command) {
    std::vector<std::string> words;
    for (const Flag& flag : command.flags)
        if (!flag.operand)
            for (const auto& name : names_of(flag)) words.push_back(name);
    return joined(words);
}

std::string setting_words() {
    std::string words = "--help --version --config";
    for (const auto& key : config::keys()) words += " " + config::flag_of(key);
    return words;
}

// An assignment for `case "$command $previous"`.
std::string bash_case(const std::string& pattern, const Values& values) {
    return fmt::format(
        "        {}) {} ;;\n", pattern,
        values.files ? "files=1" : fmt::format("words=\"{}\"", joined(values.words)));
}

std::string bash() {
    std::string names, own, values, operands;
    for (const auto& command : Arguments::manual()) {
        names += (names.empty() ? "" : " ") + command.name;
        own += fmt::format("        {}) own=\"{}\" ;;\n", command.name, words_of(command));
        operands += bash_case(command.name, operands_of(command));
        for (const Flag& flag : command.flags)
            if (!flag.operand && !flag.value.empty())
                for (const auto& name : names_of(flag))
                    values += bash_case(fmt::format("'{} {}'", command.name, name),
                                        values_of(flag.value));
    }
    for (const auto& key : config::keys())
        if (!is_switch(key))
            values += bash_case("*' " + config::flag_of(key) + "'", values_of(key));
    return fmt::format(R"(# Completions of miner for bash.
_miner() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
    local command= own= words= files= word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case " {0} " in *" $word "*) command=$word; break ;; esac
    done
    case $command in
{1}    esac
    case "$command $previous" in
        *' --config') files=1 ;;
{2}        *)
            if [[ $current == -* ]]; then
                words="$own {3}"
            elif [[ -z $command ]]; then
                words="{0}"
            else
                case $command in
{4}                esac
            fi ;;
    esac
    if [[ -n $files ]]; then
        COMPREPLY=($(compgen -f -- "$current"))
    else
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    fi
}}
complete -o filenames -F _miner miner
)",
                       names, own, values, setting_words(), operands);
}

// Between single quotes of all three shells.
std::string in_quotes(std::string_view text) {
    return "'" + replaced(std::string(text), "'", "'\\''") + "'";
}

std::string zsh_action(const Values& values) {
    if (values.files) return "_files";
    return values.words.empty() ? " " : "(" + joined(values.words) + ")";
}

std::string zsh_spec(const std::string& name, const std::string& doc, const std::string& value,
                     const Values& values) {
    const auto words = replaced(replaced(replaced(doc, "[", "("), "]", ")"), ":", "\\:");
    return in_quotes(
        name + "[" + words + "]" +
        (value.empty() ? "" : ":" + replaced(value, ":", " ") + ":" + zsh_action(values)));
}

std::string zsh() {
    std::string text =
        "#compdef miner\n# Completions of miner for zsh.\n_miner() {\n"
        "    local -a commands settings own\n    commands=(\n";
    const auto manual = Arguments::manual();
    for (const auto& command : manual)
        text +=
            "        " + in_quotes(command.name + ":" + replaced(command.doc, ":", "\\:")) + "\n";
    text += "    )\n    settings=(\n        '--config[Settings file]:file:_files'\n";
    for (const auto& key : config::keys())
        text += "        " +
                zsh_spec(config::flag_of(key), std::string(key.doc), is_switch(key) ? "" : "value",
                         values_of(key)) +
                "\n";
    text += "    )\n    case ${words[2]} in\n";
    for (const auto& command : manual) {
        text += "    " + command.name + ") own=(";
        for (const Flag& flag : command.flags) {
            if (flag.operand) continue;
            for (const auto& name : names_of(flag))
                text += zsh_spec(name, flag.doc, flag.value, values_of(flag.value)) + " ";
        }
        const auto operands = operands_of(command);
        if (operands.files || !operands.words.empty())
            text += in_quotes("*:operand:" + zsh_action(operands));
        text += ") ;;\n";
    }
    // What _arguments sees begins after the command. Sourced, the file registers itself; from
    // $fpath its first line does it, and the function is called.
    return text + R"(    esac
    if (( CURRENT == 2 )); then
        _describe command commands
        _arguments $settings
    else
        words=("${(@)words[2,-1]}")
        (( CURRENT-- ))
        _arguments $own $settings
    fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _miner "$@"
else
    compdef _miner miner
fi
)";
}

// How a flag takes its value, or a command its operand.
std::string fish_values(const Values& values, bool operand) {
    if (values.files) return operand ? " -F" : " -rF";
    const std::string words = values.words.empty() ? "" : " -a " + in_quotes(joined(values.words));
    return operand ? words : " -x" + words;
}

std::string fish() {
    std::string text = "# Completions of miner for fish.\ncomplete -c miner -f\n";
    text += "complete -c miner -l config -rF -d 'Settings file'\n";
    for (const auto& command : Arguments::manual()) {
        const auto here =
            fmt::format("complete -c miner -n '__fish_seen_subcommand_from {}'", command.name);
        text += fmt::format("complete -c miner -n __fish_use_subcommand -a {} -d {}\n",
                            command.name, in_quotes(command.doc));
        const auto operands = operands_of(command);
        if (operands.files || !operands.words.empty())
            text += here + fish_values(operands, true) + "\n";
        for (const Flag& flag : command.flags) {
            if (flag.operand) continue;
            text += here;
            for (const auto& name : names_of(flag))
                text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            if (!flag.value.empty()) text += fish_values(values_of(flag.value), false);
            text += " -d " + in_quotes(flag.doc) + "\n";
        }
    }
    for (const auto& key : config::keys())
        text += fmt::format("complete -c miner -l {}{} -d {}\n", key.name,
                            is_switch(key) ? "" : fish_values(values_of(key), false),
                            in_quotes(key.doc));
    return text;
}

}  // namespace

std::string render_completion(std::string_view shell) {
    return shell == "bash" ? bash() : shell == "zsh" ? zsh() : fish();
}

}  // namespace miner
