# Written from the option table of lm-period.
complete -c lm-period -l rejects -r -F -d 'write a reject record to FILE for each rejected line'
complete -c lm-period -l accept-rejects -d 'exit 0 in spite of rejected records'
complete -c lm-period -l strict -d 'stop at the first rejected line'
complete -c lm-period -l progress -d 'show the number of records on a terminal\'s standard error'
complete -c lm-period -l now -x -d 'take this for the present instant'
complete -c lm-period -s h -l help -d 'print this and exit'
complete -c lm-period -l version -d 'print the version and exit'
complete -c lm-period -l completion -x -d 'print the completion script for bash, zsh or fish and exit'
