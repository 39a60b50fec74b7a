#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# pwd_apop.sh PORT NAME SECRET: an administrator's day by the shell alone.
set -eu
port=$1 name=$2 secret=$3
exec 3<>"/dev/tcp/127.0.0.1/$port"

ask() {
    printf '%s\r\n' "$1" >&3
    IFS= read -r line <&3
    line=${line%$'\r'}
    echo "$line"
}

IFS= read -r line <&3
line=${line%$'\r'}
challenge=${line#"${line%%<*}"}
digest=$(printf '%s' "$challenge$secret" | md5sum)
ask "APOP $name ${digest%% *}"
[ "${line%% *}" = 200 ]
ask INLINE
ask ListDomains
ask 'CreateAccount shell-made {RealName="By the shell";}'
ask 'GetAccountSettings shell-made'
ask 'PostAccountAlert shell-made ALERT "from the shell"'
ask 'DeleteAccount shell-made'
ask QUIT
