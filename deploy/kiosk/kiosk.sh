#!/bin/sh
# Keeps the screen's browser open: started with the newest launch token, and again when it ends.
#
#   kiosk.sh LAUNCH PROFILE [MORE FLAGS ...]
#
# LAUNCH is the file in which the ui room tells its address (ui.launch in its folder), PROFILE a
# folder on a tmpfs that is emptied at each start: nothing of a session outlives its browser.
set -eu
launch=$1 profile=$2
shift 2

browser=
stop() {
    trap '' TERM INT
    [ -z "$browser" ] || kill "$browser" 2>/dev/null || :
    wait
    rm -rf "$profile"
    exit 0
}
trap stop TERM INT

while :; do
    if [ -s "$launch" ]; then
        rm -rf "$profile"
        dumps="$profile/config/chromium/Crash Reports"
        mkdir -m 0700 -p "$profile" "$dumps"
        # A crash is not written down (law 3): what was on the screen would be in it. No flag keeps
        # Chromium's crashpad from that; folders it may not write into do. (Without the folders it
        # ends, and the browser with it.)
        mkdir -m 0500 "$dumps/new" "$dumps/pending" "$dumps/completed" "$dumps/attachments"
        export XDG_CONFIG_HOME="$profile/config"
        # No --no-sandbox and no --remote-debugging here; the policies refuse the latter anyway.
        "${CHROMIUM:-chromium}" \
            --kiosk --app="$(cat "$launch")" --user-data-dir="$profile" --disk-cache-size=1 \
            --disable-pinch --overscroll-history-navigation=0 --noerrdialogs \
            --disable-session-crashed-bubble --hide-crash-restore-bubble \
            --disable-breakpad --disable-component-update --disable-background-networking \
            --disable-sync --disable-quic --disable-translate --no-first-run \
            --no-default-browser-check --lang=zh-CN --force-device-scale-factor=1 \
            --password-store=basic --autoplay-policy=no-user-gesture-required \
            --disable-features=Translate,OverscrollHistoryNavigation,TouchpadOverscrollHistoryNavigation \
            "$@" &
        browser=$!
        wait "$browser" || :
        browser=
    fi
    sleep 0.5 &
    wait $! || :
done
