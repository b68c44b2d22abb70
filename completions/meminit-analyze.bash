# Completion of meminit-analyze for bash. Verbs and options are asked of the command itself, so they cannot go stale.

_meminit_analyze() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[0]} verb= word verbs
	COMPREPLY=()
	# --option=value comes as three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	verbs=$("$command" --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p')
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $'\n'$verbs$'\n' == *$'\n'"$word"$'\n'* ]]; then
			verb=$word
			break
		fi
	done

	case $prev in
	--format | -f) mapfile -t COMPREPLY < <(compgen -W 'text json markdown sarif junit' -- "$cur") ;;
	--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur") ;;
	--fail-on) mapfile -t COMPREPLY < <(compgen -W 'note warning error' -- "$cur") ;;
	--boot | -b) mapfile -t COMPREPLY < <(compgen -W 'all 0' -- "$cur") ;;
	esac
	[[ ${#COMPREPLY[@]} -gt 0 ]] && return

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$command" $verb --help 2>/dev/null | sed -n 's/^ *\(-., \)\?\(--[a-z0-9-]*=\?\).*/\2/p')" -- "$cur")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
		return
	fi
	case $verb in
	'') mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur") ;;
	kernel) [[ $prev == kernel ]] && mapfile -t COMPREPLY < <(compgen -W 'learn list' -- "$cur") ;;
	db) [[ $prev == db ]] && mapfile -t COMPREPLY < <(compgen -W 'import list show query regress trend merge export' -- "$cur") ;;
	esac
	compopt -o filenames
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
}

complete -F _meminit_analyze meminit-analyze
