/** Completion scripts for bash, zsh and fish, generated from the table. */
import { type FlagSpec, flagToText } from "./flag.ts";
import { type CommandName, commandNames, commandSpec } from "./table.ts";

export type Shell = "bash" | "zsh" | "fish";

export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bashScript();
    case "zsh":
      return zshScript();
    case "fish":
      return fishScript();
  }
}

function flagsOf(name: CommandName): readonly (readonly [string, FlagSpec])[] {
  const { flags } = commandSpec(name);
  return Object.keys(flags).flatMap((key) => {
    const spec = flags[key];
    return spec === undefined ? [] : [[flagToText(key), spec] as const];
  });
}

/** Words that may stand where the first positional stands; undefined means a path. */
function positionalWords(name: CommandName): readonly string[] | undefined {
  const positional = commandSpec(name).positionals[0];
  if (name === "help") return commandNames;
  return positional === undefined ? [] : positional.choices;
}

function bashScript(): string {
  const cases = commandNames.map((name) => {
    const flags = flagsOf(name);
    const values = flags
      .filter(([, spec]) => spec.choices !== undefined)
      .map(([flag, spec]) => `        ${flag}) words="${(spec.choices ?? []).join(" ")}" ;;`);
    const paths = flags.filter(([, spec]) => spec.kind === "path").map(([flag]) => flag);
    const bare = flags
      .filter(
        ([, spec]) => spec.kind !== "path" && spec.kind !== "boolean" && spec.choices === undefined,
      )
      .map(([flag]) => flag);
    if (paths.length > 0) values.push(`        ${paths.join("|")}) files=1 ;;`);
    if (bare.length > 0) values.push(`        ${bare.join("|")}) return ;;`);
    const words = positionalWords(name);
    const rest = words === undefined ? "files=1" : `words="${words.join(" ")}"`;
    return [
      `    ${name})`,
      '      case "$previous" in',
      ...values,
      `        *) case "$current" in -*) words="${flags.map(([flag]) => flag).join(" ")}" ;; *) ${rest} ;; esac ;;`,
      "      esac ;;",
    ].join("\n");
  });
  return `# bash completion for zamsync: eval "$(zamsync completion bash)"
_zamsync() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="" words="" files="" index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in -*) ;; *) command="\${COMP_WORDS[index]}"; break ;; esac
  done
  case "$command" in
    "") words="${commandNames.join(" ")}" ;;
${cases.join("\n")}
  esac
  if [ -n "$files" ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r index; do COMPREPLY+=("$index"); done < <(compgen -f -- "$current")
  else
    while IFS= read -r index; do COMPREPLY+=("$index"); done < <(compgen -W "$words" -- "$current")
  fi
}
complete -F _zamsync zamsync
`;
}

function zshQuoted(text: string): string {
  return text.replace(/'/g, "'\\''").replace(/[[\]:]/g, (character) => `\\${character}`);
}

function zshScript(): string {
  const commands = commandNames.map(
    (name) => `    '${name}:${zshQuoted(commandSpec(name).summary)}'`,
  );
  const cases = commandNames.map((name) => {
    const flags = flagsOf(name).map(([flag, spec]) => {
      const help = zshQuoted(spec.help);
      if (spec.kind === "boolean") return `        '${flag}[${help}]'`;
      const action =
        spec.kind === "path"
          ? "_files"
          : spec.choices === undefined
            ? " "
            : `(${spec.choices.join(" ")})`;
      return `        '${flag}=[${help}]:value:${action}'`;
    });
    const words = positionalWords(name);
    const action = words === undefined ? "_files" : `(${words.join(" ")})`;
    return [
      `    ${name})`,
      "      _arguments \\",
      ...flags.map((line) => `${line} \\`),
      `        '1:argument:${action}' ;;`,
    ].join("\n");
  });
  return `#compdef zamsync
# zsh completion for zamsync: zamsync completion zsh > "\${fpath[1]}/_zamsync"
_zamsync() {
  local -a commands
  commands=(
${commands.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_zamsync" ]; then _zamsync "$@"; else compdef _zamsync zamsync; fi
`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
}

function fishScript(): string {
  const lines = [
    "# fish completion for zamsync: zamsync completion fish > ~/.config/fish/completions/zamsync.fish",
    "complete -c zamsync -f",
  ];
  for (const name of commandNames) {
    const spec = commandSpec(name);
    lines.push(
      `complete -c zamsync -n __fish_use_subcommand -a ${name} -d ${fishQuoted(spec.summary)}`,
    );
    const when = `-n '__fish_seen_subcommand_from ${name}'`;
    for (const [flag, flagSpec] of flagsOf(name)) {
      const value =
        flagSpec.kind === "boolean"
          ? ""
          : flagSpec.choices !== undefined
            ? ` -x -a ${fishQuoted(flagSpec.choices.join(" "))}`
            : flagSpec.kind === "path"
              ? " -r -F"
              : " -x";
      const short = flagSpec.short === undefined ? "" : ` -s ${flagSpec.short}`;
      lines.push(
        `complete -c zamsync ${when} -l ${flag.slice(2)}${short}${value} -d ${fishQuoted(flagSpec.help)}`,
      );
    }
    const words = positionalWords(name);
    if (words === undefined) lines.push(`complete -c zamsync ${when} -F`);
    else if (words.length > 0)
      lines.push(`complete -c zamsync ${when} -a ${fishQuoted(words.join(" "))}`);
  }
  return `${lines.join("\n")}\n`;
}
