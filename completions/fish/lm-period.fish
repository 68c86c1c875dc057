# Written from the option table of lm-period.
complete -c lm-period -s l -l length -x -d 'minutes of a period where no rules say them; without it 30'
complete -c lm-period -s r -l rules -r -F -d 'take lengths and gates from the market-rules in FILE'
complete -c lm-period -s m -l market -x -d 'the market whose rules; needed where FILE has several'
complete -c lm-period -s g -l gate-minutes -x -d 'gates close N minutes before the start'
complete -c lm-period -l now -x -d 'take this for the present instant'
complete -c lm-period -s h -l help -d 'print this and exit'
complete -c lm-period -l version -d 'print the version and exit'
complete -c lm-period -l completion -x -d 'print the completion script for bash, zsh or fish and exit'
