# Completes `make` targets of this project, and the stacks after STACK=. Use: source tools/completion.bash
_postgres_platform_make() {
    local word=${COMP_WORDS[COMP_CWORD]}
    [[ -f Makefile && -x tools/run ]] || return
    case $word in
        *=*) return ;;
    esac
    local targets
    targets=$(awk -F ':.*## ' '/^[a-z-]+:.*## / { print $1 }' Makefile)
    mapfile -t COMPREPLY < <(compgen -W "$targets STACK= ROLE= DB= ARGS=" -- "$word")
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
_postgres_platform_values() {
    # bash splits words at "=", so the value is a word of its own
    local name=${COMP_WORDS[COMP_CWORD-2]} word=${COMP_WORDS[COMP_CWORD]}
    [[ ${COMP_WORDS[COMP_CWORD-1]} == "=" ]] || { name=${COMP_WORDS[COMP_CWORD-1]}; word=""; }
    [[ $name == STACK ]] || return 1
    mapfile -t COMPREPLY < <(compgen -W "$(for file in Pulumi.*.yaml; do file=${file#Pulumi.}; echo "${file%.yaml}"; done)" -- "$word")
}
_postgres_platform_complete() {
    if [[ ${COMP_WORDS[COMP_CWORD]} == "=" || ${COMP_WORDS[COMP_CWORD-1]} == "=" ]]; then
        _postgres_platform_values
    else
        _postgres_platform_make
    fi
}
complete -F _postgres_platform_complete make
