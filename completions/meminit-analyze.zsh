#compdef meminit-analyze
# Completion of meminit-analyze for zsh. Verbs and options are asked of the command itself, so they cannot go stale.

_meminit_analyze() {
	local line verb
	local -a verbs options

	for line in ${(f)"$(_call_program verbs $words[1] --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z][a-z-]*\)  *\(.*\)/\1:\2/p')"}; do
		verbs+=($line)
	done
	for verb in ${words[2,CURRENT-1]}; do
		(( ${+verbs[(r)$verb:*]} )) && [[ -n ${verbs[(r)$verb:*]} ]] && break
		verb=
	done

	case $words[CURRENT-1] in
	--format | -f) compadd text json markdown sarif junit; return ;;
	--color) compadd auto always never; return ;;
	--fail-on) compadd note warning error; return ;;
	--boot | -b) compadd all 0; return ;;
	kernel) compadd learn list; return ;;
	db) compadd import list show query regress trend merge export; return ;;
	esac

	if [[ $words[CURRENT] == -* ]]; then
		for line in ${(f)"$(_call_program options $words[1] $verb --help 2>/dev/null | sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z0-9-]*=\{0,1\}\)[^ ]* *\(.*\)/\2:\3/p')"}; do
			options+=($line)
		done
		_describe option options
		return
	fi
	[[ -z $verb ]] && _describe verb verbs
	_files
}

_meminit_analyze "$@"
