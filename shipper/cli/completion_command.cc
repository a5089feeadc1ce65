// SPDX-License-Identifier: Apache-2.0
// pixel-shipper completion: a shell's completion script, made of the command line's own tables, so
// that it never knows other words than the program does. COLD.
#include <fmt/format.h>

#include "shipper/cli/console.h"

namespace pixel::shipper::cli {
namespace {

struct Word {
  std::string text;  // "--config", "replay".
  std::string description;
  bool takes_value = false;
};

// A command ("", "replay", "dlq list") and what may follow it.
struct Level {
  std::string path;
  std::vector<Word> options;
  std::vector<Word> commands;
};

bool is_any(const CLI::App*) { return true; }

// Up to its first sentence, as it stands between single quotes.
std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text.substr(0, text.find_first_of(".\n"))) {
    if (c == '\'') {
      line += "'\\''";
    } else if (c != '\\') {
      line += c;
    }
  }
  return line;
}

void collect(const CLI::App& app, const std::string& path, std::vector<Level>& levels) {
  Level level{path, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      level.options.push_back(
          {"--" + name, one_line(option->get_description()), option->get_items_expected_max() > 0});
    }
  }
  const auto commands = app.get_subcommands(is_any);
  for (const CLI::App* command : commands) {
    level.commands.push_back({command->get_name(), one_line(command->get_description())});
  }
  levels.push_back(std::move(level));
  for (const CLI::App* command : commands) {
    collect(*command, path.empty() ? command->get_name() : path + " " + command->get_name(),
            levels);
  }
}

std::string joined(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

// What every command takes, because options of the program may stand behind it.
const std::vector<Word>& global_options(const std::vector<Level>& levels) {
  return levels.front().options;
}

std::string bash_script(const std::vector<Level>& levels) {
  std::string known;
  std::string cases;
  for (const Level& level : levels) {
    std::string words = joined(level.commands) + " " + joined(level.options);
    if (!level.path.empty()) {
      known += (known.empty() ? "" : "|") + fmt::format("\"{}\"", level.path);
      words += " " + joined(global_options(levels));
    }
    cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", level.path, words);
  }
  return fmt::format(R"(# bash completion for pixel-shipper; made by: pixel-shipper completion bash
_pixel_shipper() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local command="" words="" longer index
  for ((index = 1; index < COMP_CWORD; ++index)); do
    longer="${{command:+$command }}${{COMP_WORDS[index]}}"
    case "$longer" in
    {}) command="$longer" ;;
    esac
  done
  if [[ $previous == --config ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  case "$command" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _pixel_shipper pixel-shipper
)",
                     known, cases);
}

std::string zsh_words(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) text += fmt::format(" '{}:{}'", word.text, word.description);
  return text;
}

std::string zsh_script(const std::vector<Level>& levels) {
  std::string known;
  std::string cases;
  for (const Level& level : levels) {
    std::string options = zsh_words(level.options);
    if (!level.path.empty()) {
      known += (known.empty() ? "" : "|") + fmt::format("'{}'", level.path);
      options += zsh_words(global_options(levels));
    }
    cases += fmt::format("    '{}')\n      choices=({})\n      options=({}) ;;\n", level.path,
                         zsh_words(level.commands), options);
  }
  return fmt::format(R"(#compdef pixel-shipper
# zsh completion for pixel-shipper; made by: pixel-shipper completion zsh
_pixel_shipper() {{
  local command='' longer index
  local -a choices options
  for ((index = 2; index < CURRENT; ++index)); do
    longer="${{command:+$command }}${{words[index]}}"
    case "$longer" in
    {}) command="$longer" ;;
    esac
  done
  if [[ ${{words[CURRENT-1]}} == --config ]]; then
    _files
    return
  fi
  case "$command" in
{}  esac
  [[ ${{#choices}} -gt 0 ]] && _describe 'command' choices
  _describe 'option' options
}}
if [[ "${{funcstack[1]}}" == _pixel_shipper ]]; then
  _pixel_shipper "$@"  # Loaded by its name, from a folder of $fpath.
else
  compdef _pixel_shipper pixel-shipper
fi
)",
                     known, cases);
}

// "dlq replay" is not "replay": a command stands alone only where no family stands before it.
std::string fish_condition(const std::vector<Level>& levels, const Level& level) {
  if (level.path.empty()) return "__fish_use_subcommand";
  std::string when;
  for (std::size_t at = 0; at < level.path.size();) {
    const std::size_t end = std::min(level.path.find(' ', at), level.path.size());
    when += fmt::format("{}__fish_seen_subcommand_from {}", when.empty() ? "" : "; and ",
                        level.path.substr(at, end - at));
    at = end + 1;
  }
  if (!level.commands.empty() || level.path.find(' ') != std::string::npos) return when;
  std::string families;
  for (const Level& other : levels) {
    if (!other.path.empty() && !other.commands.empty()) families += " " + other.path;
  }
  return when + "; and not __fish_seen_subcommand_from" + families;
}

std::string fish_script(const std::vector<Level>& levels) {
  std::string text =
      "# fish completion for pixel-shipper; made by: pixel-shipper completion fish\n"
      "complete -c pixel-shipper -f\n";
  for (const Level& level : levels) {
    const std::string when = fish_condition(levels, level);
    for (const Word& word : level.commands) {
      text += fmt::format("complete -c pixel-shipper -n '{}' -a {} -d '{}'\n", when, word.text,
                          word.description);
    }
    for (const Word& word : level.options) {
      const std::string condition = level.path.empty() ? "" : fmt::format(" -n '{}'", when);
      text += fmt::format("complete -c pixel-shipper{} -l {}{} -d '{}'\n", condition,
                          word.text.substr(2),
                          word.text == "--config" ? " -r -F"
                          : word.takes_value      ? " -x"
                                                  : "",
                          word.description);
    }
  }
  return text;
}

int completion(const Invocation& invocation, const std::string& shell) {
  std::vector<Level> levels;
  collect(*invocation.app, "", levels);
  if (shell == "bash") print(bash_script(levels));
  if (shell == "zsh") print(zsh_script(levels));
  if (shell == "fish") print(fish_script(levels));
  return kFine;
}

}  // namespace

void add_completion(CLI::App& app, Invocation& invocation) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* const command = app.add_subcommand("completion", "Print a shell's completion script");
  command->footer("Example:\n  source <(pixel-shipper completion bash)");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&invocation, shell] {
    invocation.action = [&invocation, shell] { return completion(invocation, *shell); };
  });
}

}  // namespace pixel::shipper::cli
