# Ends the listed processes when its standard input ends. Runs in any POSIX shell.
trap '' INT TERM HUP
children=
newline='
'
while read -r word pid kind folder; do
    case $word in
    add) children="$children$pid $kind $folder$newline" ;;
    del)
        kept=
        while read -r known rest; do
            if [ -n "$known" ] && [ "$known" != "$pid" ]; then kept="$kept$known $rest$newline"; fi
        done <<END
$children
END
        children=$kept
        ;;
    esac
done

# A function may be suspended, so that only KILL reaches it. The signal goes to its process group,
# which includes its children. A pooler stores nothing.
while read -r pid kind folder; do
    case $kind in function | pooler) kill -KILL "-$pid" || kill -KILL "$pid" ;; esac
done <<END
$children
END

# PostgreSQL: fast shutdown, after five seconds immediate shutdown, after two more KILL.
while read -r pid kind folder; do
    if [ "$kind" = server ]; then
        kill -INT "$pid"
        tries=0
        while kill -0 "$pid" && [ "$tries" -lt 80 ]; do
            tries=$((tries + 1))
            if [ "$tries" -eq 50 ]; then kill -QUIT "$pid"; fi
            if [ "$tries" -eq 70 ]; then kill -KILL "$pid"; fi
            sleep 0.1
        done
    fi
done <<END
$children
END

while read -r path kind folder; do
    if [ "$kind" = folder ]; then rm -rf "$folder"; fi
done <<END
$children
END
