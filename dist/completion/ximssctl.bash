# SPDX-License-Identifier: BSD-2-Clause
# bash completion for ximssctl and ximss-client.  What can be completed is read
# from their --help each time, so it is never older than the programs.

# The words that may stand behind WORD...: nouns, verbs, options.
_ximssctl_words() { # PROGRAM [WORD...]
    local program=$1 noun='' verb='' word skip=
    shift
    for word; do
        if [ -n "$skip" ]; then
            skip=
            continue
        fi
        case $word in
        --socket | --host | --port | --user | --password-fd | --tls | --ca-file)
            skip=yes
            ;;
        -*) ;;
        *)
            if [ -z "$noun" ]; then
                noun=$word
            elif [ -z "$verb" ]; then
                verb=$word
            fi
            ;;
        esac
    done
    # shellcheck disable=SC2086 # words that may be missing
    "$program" $noun $verb --help 2>/dev/null |
        awk -v noun="$noun" -v verb="$verb" '
        /^  --/ {
            for (i = 1; i <= NF && $i ~ /^--/; i++) {
                sub(/,$/, "", $i)
                print $i
            }
        }
        /^  [a-z]/ && noun == "" { print $1 }
        /^  [a-z]/ && noun != "" && verb == "" && $1 == noun {
            n = split($2, verbs, "|")
            for (i = 1; i <= n; i++)
                if (verbs[i] ~ /^[a-z][a-z-]*$/)
                    print verbs[i]
        }' | sort -u
}

_ximssctl() {
    local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]}
    local before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")

    COMPREPLY=()
    case ${COMP_WORDS[COMP_CWORD-1]} in
    --tls)
        mapfile -t COMPREPLY < <(compgen -W 'auto none starttls implicit' \
            -- "$current")
        return
        ;;
    --*file | --socket)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    esac
    [ "${program##*/}" = ximssctl ] || before=()
    mapfile -t COMPREPLY < <(compgen -W \
        "$(_ximssctl_words "$program" "${before[@]}")" -- "$current")
}

complete -F _ximssctl ximssctl ximss-client
