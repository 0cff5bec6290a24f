# What zsh offers for a line as it is typed, one word a line: zsh -f ops/completions.zsh FILE 'miner re'
# By a shell in a terminal of its own, whose screen is read.
zmodload zsh/zpty
zpty -b shell zsh -f -i
say() { zpty -w shell $1 }
# Until nothing came for half a second.
hear() {
    local piece=
    integer quiet=0
    REPLY=
    while (( quiet++ < 10 )); do
        while zpty -r -t shell piece; do REPLY+=$piece; quiet=0; done
        sleep 0.05
    done
}
say "PROMPT= RPROMPT= LISTMAX=9999; stty columns 200 rows 500; autoload -U compinit && compinit -u -D -d /dev/null"
say "source $1"
hear
zpty -n -w shell "$2"$'\t'
hear
zpty -d shell
# Of "word  -- what it does" the word, else every word of the line.
print -r -- $REPLY | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g; s/\r/\n/g; s/  *-- .*//' | tr -s ' \t\a' '\n' | sort -u
