# fish completion for heliograph: commands and options as the program's own --help tells them.
function __heliograph_candidates
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l given
    for word in $words
        string match -q -- '-*' $word; and break
        set -a given $word
    end
    # The longest beginning that is a command: what follows it are its arguments.
    set -l text
    while not set text ($program $given --help 2>/dev/null)
        test (count $given) -gt 0; or return
        set -e given[-1]
    end
    set -l kind command
    if string match -q -- '-*' (commandline -ct)
        set kind option
    else if test (count $given) -lt (count $words)
        return
    end
    # "command NAME" and "option --NAME", a tab, its description; the same lines as in the other shells' files.
    printf '%s\n' $text | awk '
      /^[A-Z][a-z]+:$/ { part = $1; next }
      /^$/ { part = "" }
      name != "" { print kind, name "\t" (/^   / ? substr($0, 31) : ""); name = ""; if (/^   /) next }
      part == "Options:" && match($0, /--[a-z][a-z-]*/) { kind = "option"; name = substr($0, RSTART, RLENGTH) }
      part == "Subcommands:" && /^  [a-z]/ { kind = "command"; name = $1 }
      name != "" && substr($0, 30, 2) ~ /^ [^ ]/ { print kind, name "\t" substr($0, 31); name = "" }
      END { if (name != "") print kind, name "\t" }
    ' | string replace -rf "^$kind " ''
end
complete -c heliograph -n 'test -n "$(__heliograph_candidates)"' -f -a '(__heliograph_candidates)'
