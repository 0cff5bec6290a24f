# The part of ops/check_package.sh that is about .debs.

# The same files as a version before.
repack_as_before() {  # DEB OUT
    local tree=$work/before
    dpkg-deb -R "$1" "$tree"
    sed -i 's/^Version: .*/&~before/' "$tree/DEBIAN/control"
    # A settings file that changed in between: what the operator wrote there must stay.
    echo "# of the version before" >> "$tree/etc/miner/miner.toml"
    dpkg-deb --root-owner-group -Znone -b "$tree" "$2"
    rm -rf "$tree"
}

# The database NEW as the version before had it, by the steps of storage/schema.cpp but the last: all rows, without the columns
# that came with that one.
make_old_database() {  # NEW OLD
    python3 - "$source_folder/storage/schema.cpp" "$1" "$2" <<'END'
import re, sqlite3, sys
source, new, old = open(sys.argv[1]).read(), sys.argv[2], sys.argv[3]
texts = dict(re.findall(r'constexpr const char\* (k\w+) = R"sql\((.*?)\)sql"', source, re.S))
names = re.search(r"kMigrations\[\] = \{(.*?)\}", source, re.S)[1].replace(" ", "").replace("\n", "").split(",")
steps = [texts[name] for name in names if name]
database = sqlite3.connect(old, isolation_level=None)
for step in steps[:-1]:
    database.executescript(step)
database.execute(f"ATTACH '{new}' AS new")
kind = database.execute("PRAGMA new.application_id").fetchone()[0]
for (table,) in database.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
    if table.startswith("sqlite_"):
        continue
    columns = ", ".join(row[1] for row in database.execute(f"PRAGMA main.table_info({table})"))
    database.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
database.execute(f"PRAGMA main.application_id = {kind}")
database.execute(f"PRAGMA main.user_version = {len(steps) - 1}")
print(f"version {len(steps) - 1} of {len(steps)}")
END
}
form_of() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version").fetchone()[0])' "$1"; }

# As the package manager of the root, without a question.
by_dpkg() { in_root "$root" 0:0 dpkg --force-unsafe-io "$@" < /dev/null; }
as_miner() { in_root "$root" miner:miner /usr/bin/miner "$@" --config /etc/miner/miner.toml; }

has_user_and_folders() {
    grep -q '^miner:.*:/var/lib/miner:/usr/sbin/nologin$' "$root/etc/passwd" || { echo "no user"; return 1; }
    local folder
    for folder in /var/lib/miner /var/lib/miner/wallets /var/log/miner; do
        [ "$(in_root "$root" 0:0 stat -c '%U:%G %a' $folder)" = "miner:miner 700" ] || { echo "$folder"; return 1; }
    done
}

# Its program and its user are there; the rest by the systemd of this machine, which need not run.
has_a_good_unit() {
    local unit=$root/usr/lib/systemd/system/miner.service program user
    program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
    user=$(sed -n 's/^User=//p' "$unit")
    in_root "$root" "$user:$user" "$program" version || return 1
    command -v systemd-analyze > /dev/null || { echo "no systemd-analyze here"; return 0; }
    sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|; s/^\(User\|Group\)=.*/\1=root/' "$unit" > "$work/miner.service"
    systemd-analyze verify --man=no "$work/miner.service"
}

keeps_the_operators() {
    [ "$(sha256sum < "$root/var/lib/miner/wallets/cold/hotkeys/hot")" = "$key" ] || { echo "the key"; return 1; }
    counts "$root" miner:miner /usr/bin/miner "$1" --db /var/lib/miner/rehearsal/miner.db || return 1
}

upgrades() {
    by_dpkg --force-confold -i /tmp/new.deb
    said '^miner: /srv/data/miner\.db\.of-[0-9.]+ is the database as version' || return 1
    [ ! -e "$home/$(basename "$copy")" ] || { echo "it copied what is in the package's own folder"; return 1; }
    grep -q '^name = "cold"' "$root/etc/miner/miner.toml" || { echo "the settings file was replaced"; return 1; }
    [ "$(form_of "$copy")" = "$(form_of "$data/miner.db")" ] || { echo "the copy has another form"; return 1; }
    [ "$(in_root "$root" 0:0 stat -c %U "${copy#"$root"}")" = miner ]
}

# What the script that comes before an upgrade says.
tells() {  # PATTERN
    in_root "$root" 0:0 /bin/sh /tmp/control/preinst upgrade 0 > "$work/told" 2>&1 && grep -qE -e "$1" "$work/told" ||
        { echo "it fails, or no '$1' in this:"; cat "$work/told"; return 1; }
}
# Settings that name no folder, and whatever else has a say then; at last, settings that tell nothing.
copies_what_the_service_has() {
    local settings=$root/etc/miner/miner.toml variables=$root/etc/miner/miner.env overrides=$root/etc/systemd/system/miner.service.d
    cp "$settings" "$work/settings"
    tells '^miner: /srv/data/miner\.db\.of-.* is the database'
    name_no_folder
    tells '^miner: /var/lib/miner/miner\.db\.of-.* is the database'
    printf '%s\n' 'LD_PRELOAD=/none.so' 'MINER_STORAGE_PATH="/srv/data"' > "$variables"
    chmod 600 "$variables"
    tells '^miner: /srv/data/miner\.db\.of-.* is the database'
    ! grep 'none\.so' "$work/told" || { echo "a file of the user miner's has a say in what root runs"; return 1; }
    rm "$variables"
    mkdir -p "$overrides"
    printf '%s\n' '[Service]' 'Environment=LANG=C "XDG_DATA_HOME=/srv/some place"' > "$overrides/override.conf"
    tells '^miner: there is no database in /srv/some place/miner, and so no copy'
    rm -r "$overrides"
    echo 'no settings' >> "$settings"
    tells 'toml has the database cannot be told; the upgrade goes on without a copy'
    cp "$work/settings" "$settings"
    rm "$home/$(basename "$copy")"
}
# The settings of the root without the line that says where data is.
name_no_folder() { sed -i '/^\[storage\]/,/^path/s/^path/#&/' "$root/etc/miner/miner.toml"; }

migrates() {
    local newest
    newest=$(form_of "$data/miner.db")
    if [ -z "${BEFORE:-}" ]; then
        make_old_database "$data/miner.db" "$work/old.db"
        rm "$home"/rehearsal/miner.db*
        install -m 600 "$work/old.db" "$home/rehearsal/miner.db"
        in_root "$root" 0:0 chown miner:miner /var/lib/miner/rehearsal/miner.db
        [ "$(form_of "$home/rehearsal/miner.db")" -lt "$newest" ] || { echo "that is no older form"; return 1; }
    fi
    rehearses "$root" miner:miner /usr/bin/miner 1 --storage.path /var/lib/miner || return 1
    [ "$(form_of "$home/rehearsal/miner.db")" -ge "$newest" ] || { echo "it was not brought up to date"; return 1; }
}

# A program of the root, from standard input.
program() {  # PATH
    cat > "$root/$1" && chmod 755 "$root/$1"
}
# `sudo -u USER COMMAND...`, of root, with the environment of a login.
has_sudo() {
    program usr/bin/sudo <<'END'
#!/bin/sh
[ "$1" = -u ] || exit 1
user=$2
shift 2
exec runuser -u "$user" -- env -i PATH="$PATH" HOME="$(getent passwd "$user" | cut -d: -f6)" "$@"
END
}

goes_back() {
    local line others
    others=$(sha256sum < "$home/miner.db")
    by_dpkg --force-confold -i /tmp/before.deb
    line=$(sed -n 's/^miner: should .* say that the database is newer: //p' "$work/said")
    [ -n "$line" ] || { echo "it names no copy"; return 1; }
    # What the version before finds, when the new one has changed the form.
    python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version = 99")' "$data/miner.db"
    as_miner stats && { echo "it took a newer database"; return 1; }
    said 'update the program' || return 1
    has_sudo
    in_root "$root" 0:0 sh -c "$line" || { echo "as it says: $line"; return 1; }
    said 'what was there is beside it' || return 1
    rm "$root/usr/bin/sudo"
    [ "$(sha256sum < "$home/miner.db")" = "$others" ] || { echo "it went over what is in the package's own folder"; return 1; }
    as_miner stats
}

# What the unit has its program take for its folder, where the settings name none, is what the commands of the pages take.
finds_the_services_data() {
    local settings=$root/etc/miner/miner.toml printed unit=$root/usr/lib/systemd/system/miner.service environment
    printed=$(sed -n "s/^alias miner='\(.*\)'$/\1/p" "$source_folder/ops/docs/operations.md")
    read -ra environment < <(sed -n 's/^Environment=//p' "$unit")
    cp "$settings" "$work/settings"
    name_no_folder
    has_sudo
    in_root "$root" 0:0 sh -c "$printed backup /tmp/seen.db" > "$work/printed"
    in_root "$root" miner:miner /usr/bin/env HOME=/var/lib/miner "${environment[@]}" /usr/bin/miner backup /tmp/seen.db \
        --config /etc/miner/miner.toml > "$work/by_the_unit"
    rm "$root/usr/bin/sudo"
    cp "$work/settings" "$settings"
    diff "$work/printed" "$work/by_the_unit"
    grep -q '^/var/lib/miner/miner.db is now' "$work/printed"
}

# The same files under the other form's name.
repack_as_the_other() {  # DEB OUT
    local tree=$work/other
    dpkg-deb -R "$1" "$tree"
    if grep -q '^Package: miner$' "$tree/DEBIAN/control"; then
        sed -i 's/^Package: .*/&-cuda\nProvides: miner/; s/^\(Conflicts\|Replaces\): .*/\1: miner/' "$tree/DEBIAN/control"
    else
        sed -i '/^Provides: /d; s/^Package: .*/Package: miner/; s/^\(Conflicts\|Replaces\): .*/\1: miner-cuda/' "$tree/DEBIAN/control"
    fi
    dpkg-deb --root-owner-group -Znone -b "$tree" "$2"
    rm -rf "$tree"
}

# And what is left of the first is cleared away without harm to the one that is there now.
takes_the_others_place() {
    by_dpkg --force-confold -i /tmp/other.deb
    by_dpkg -P "$this"
    grep -q '^name = "cold"' "$root/etc/miner/miner.toml" || { echo "settings are gone"; return 1; }
    [ -d "$root/var/log/miner" ] || { echo "the log's folder is gone"; return 1; }
    in_root "$root" miner:miner /usr/bin/miner version || return 1
    by_dpkg --force-confold -i /tmp/new.deb
}

# A systemd of one service, which is enabled and in the state that this file has: active, inactive, failed; or active as it was
# started: started, restarted.
has_systemd() {
    mkdir -p "$root/run/systemd/system"
    program usr/bin/systemctl <<'END'
#!/bin/sh
state=/run/systemd/miner
runs() { grep -qxE 'active|started|restarted' $state; }
case $1 in
    is-active) runs && echo active || { cat $state; exit 3; } ;;
    is-failed) grep -qx failed $state ;;
    start) runs || echo started > $state ;;
    restart) runs && echo restarted > $state || echo started > $state ;;
    try-restart) ! runs || echo restarted > $state ;;
    stop | disable) ! runs || echo inactive > $state ;;
esac
END
}
becomes() {  # STATE STATE FILE: the service's, before and after that package is installed
    local state
    echo "$1" > "$root/run/systemd/miner"
    by_dpkg --force-confold -i "$3"
    state=$(cat "$root/run/systemd/miner")
    [ "$state" = "$2" ] || { echo "$3: a service that was $1 is $state, not $2"; return 1; }
}
heeds_what_was_stopped() {
    has_systemd
    becomes active restarted /tmp/new.deb
    becomes inactive inactive /tmp/new.deb
    becomes failed started /tmp/new.deb
    becomes active started /tmp/other.deb
    becomes inactive inactive /tmp/new.deb
    becomes active started /tmp/other.deb
    becomes active started /tmp/new.deb
    [ ! -e "$root/run/miner.before" ] || { echo "the word to the other form is still there"; return 1; }
    rm -r "$root/run/systemd" "$root/usr/bin/systemctl"
}

is_removed() {
    by_dpkg -r "$this"
    [ ! -e "$root/usr/bin/miner" ] && [ ! -e "$root/usr/lib/miner" ] || { echo "the program is still there"; return 1; }
    [ -e "$data/miner.db" ] && [ -e "$root/etc/miner/miner.toml" ] || { echo "data or settings went along"; return 1; }
    [ "$(sha256sum < "$home/wallets/cold/hotkeys/hot")" = "$key" ]
}

is_purged() {
    by_dpkg -P "$this"
    said '/var/lib/miner stays, with journal' || return 1
    [ ! -e "$root/etc/miner" ] && [ ! -e "$root/var/log/miner" ] || { echo "settings or logs are still there"; return 1; }
    [ -e "$data/miner.db" ] && [ "$(sha256sum < "$home/wallets/cold/hotkeys/hot")" = "$key" ]
}

# With nothing in its folder it leaves nothing but the user, whose files elsewhere would be whoever's comes next.
leaves_the_user_alone() {
    rm -rf "$home" "$data"
    by_dpkg -i /tmp/new.deb
    by_dpkg -P "$this"
    said 'the user miner stays' || return 1
    [ ! -e "$home" ] && grep -q '^miner:' "$root/etc/passwd"
}

check_deb() {  # FILE
    local root=$work/deb home data copy key this place
    [ -d "$root" ] || make_root deb minbase ca-certificates
    home=$root/var/lib/miner  # the package's own
    data=$root/srv/data       # as the operator has it
    cp "$1" "$root/tmp/new.deb"
    dpkg-deb -e "$1" "$root/tmp/control"
    if [ -n "${BEFORE:-}" ]; then cp "$BEFORE" "$root/tmp/before.deb"; else quietly repack_as_before "$1" "$root/tmp/before.deb"; fi
    quietly repack_as_the_other "$1" "$root/tmp/other.deb"
    this=$(dpkg-deb -f "$1" Package)
    check "a root without Python and compiler" has_no_tools "$root" deb
    check "the version before is installed" by_dpkg -i /tmp/before.deb
    check "user and folders" has_user_and_folders
    check "the unit" has_a_good_unit
    check "it loads its own libraries and glibc" loads_its_own "$root" /usr/lib/miner
    check "it rehearses as the service's user" rehearses "$root" miner:miner /usr/bin/miner 2 --storage.path /var/lib/miner

    # An operator's: settings, a key, a database, and where the package would have it an older one.
    sed -i 's/^#name = .*/name = "cold"/; /^\[storage\]/,/^path/s|^path.*|path = "/srv/data"|' "$root/etc/miner/miner.toml"
    mkdir -p "$home/wallets/cold/hotkeys"
    echo '{"not": "a key"}' > "$home/wallets/cold/hotkeys/hot"
    key=$(sha256sum < "$home/wallets/cold/hotkeys/hot")
    in_root "$root" 0:0 install -d -m 700 -o miner -g miner /srv/data
    for place in /srv/data /var/lib/miner; do
        check "a database to mine on with, in $place" in_root "$root" miner:miner /usr/bin/miner backup $place/miner.db \
            --storage.path /var/lib/miner/rehearsal
    done
    in_root "$root" 0:0 chown -R miner:miner /var/lib/miner
    copy=$data/miner.db.of-$(in_root "$root" miner:miner /usr/bin/miner version | sed -n '1s/^miner \([^ ]*\).*/\1/p')

    check "upgrade: a copy of the database first, settings stay" upgrades
    check "upgrade: the database that is copied is the service's" copies_what_the_service_has
    check "upgrade: data and keys are there" keeps_the_operators 2
    check "upgrade: a database of the version before is brought up to date" migrates
    check "upgrade: nothing of it is lost" keeps_the_operators 3
    check "without storage.path commands find what the service has" finds_the_services_data
    check "the way back: the copy goes in place of a database that is too new" goes_back
    check "the way back: data and keys are there" keeps_the_operators 3
    check "the other form takes its place, and back" takes_the_others_place
    check "the other form: data and keys are there" keeps_the_operators 3
    check "a service that was stopped stays so, one that ran goes on" heeds_what_was_stopped
    check "removal keeps settings, data and keys" is_removed
    check "purge keeps data and keys, and says so" is_purged
    check "purge of what was never used leaves the user alone" leaves_the_user_alone
}
