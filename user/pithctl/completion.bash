# SPDX-License-Identifier: BSD-2-Clause
# Completion of pithctl for bash: /usr/share/bash-completion/completions/pithctl. It needs no other
# file; what instances, objects and kinds of faults there are is read from /sys/pith.

_pithctl_names() { # FOLDER: the names in it
    local sys=${PITHCTL_SYS:-/sys/pith} path
    for path in "$sys/$1"/*/; do
        [[ -d $path ]] && path=${path%/} && printf '%s\n' "${path##*/}"
    done
}

_pithctl() {
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} sys=${PITHCTL_SYS:-/sys/pith}
    local words= files=
    COMPREPLY=()
    case $COMP_CWORD:$command in
        1:*) words='list move kill restart inject load swap unload top trace log' ;;
        *:list) words='--hash --json --objects' ;;
        2:move | 2:kill | 2:restart | 2:inject | 2:swap | 2:log) words=$(_pithctl_names components) ;;
        3:move) words='builtin module server' ;;
        3:inject) words=$(cat "$sys/components/${COMP_WORDS[2]}/inject" 2>/dev/null) ;;
        4:inject) words='--seed' ;;
        2:unload) words=$(_pithctl_names objects) ;;
        2:top) words='-n' ;;
        2:load | 3:swap) files=1 ;;
    esac
    if [[ $files ]]; then
        mapfile -t COMPREPLY < <(compgen -f -X '!*.o' -- "$word"; compgen -d -S / -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    fi
}

complete -F _pithctl pithctl
