/** What makes a shell ask the studio's command line what fits at the cursor. Where it knows nothing, the shell offers files. */
export const completionScripts = {
  bash: `# Completion of atelier in bash: source <(atelier completion bash)
_atelier() {
  local -a found
  mapfile -t found < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("\${found[@]%%$'\\t'*}")
}
complete -o default -F _atelier atelier
`,
  zsh: `#compdef atelier
# Completion of atelier in zsh, after compinit: source <(atelier completion zsh)
_atelier() {
  local -a found
  local value description
  while IFS=$'\\t' read -r value description; do
    found+=("\${value//:/\\\\:}:\${description}")
  done < <("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe atelier found; else _files; fi
}
compdef _atelier atelier
`,
  fish: `# Completion of atelier in fish: atelier completion fish | source
function __atelier_complete
  set -l words (commandline -opc)
  set -l found ($words[1] complete -- $words[2..-1] "$(commandline -ct)" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c atelier -f -a '(__atelier_complete)'
`,
} as const
