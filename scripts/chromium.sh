# A Chromium for the browser tests; sourced after environment.sh. Afterwards VLENS_CHROMIUM names a browser of this
# machine, or is empty where Playwright has its own.

chromium_on_machine() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" && return
    done
    return 1
}

playwright_chromium() {
    timeout 300 "$python" -m playwright install chromium || return
    [ "$(id -u)" != 0 ] || "$python" -m playwright install-deps chromium
}

system_chromium() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update && apt-get install -y --no-install-recommends chromium
}

has_playwright_chromium() {
    "$python" - <<'PYTHON' 2>/dev/null
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).is_file())
PYTHON
}

set_up_chromium() {
    if [ -z "${VLENS_CHROMIUM:-}" ]; then
        VLENS_CHROMIUM=$(chromium_on_machine) || VLENS_CHROMIUM=''
    fi
    if [ -z "$VLENS_CHROMIUM" ] && ! has_playwright_chromium; then
        step 'Setting up: a Chromium for the browser tests' install_chromium
        VLENS_CHROMIUM=$(chromium_on_machine) || VLENS_CHROMIUM=''
    fi
    export VLENS_CHROMIUM
}

install_chromium() {
    playwright_chromium || system_chromium
}
