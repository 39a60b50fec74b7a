#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# cli_http.sh URL NAME PASSWORD DOMAIN: an administrator's day by curl, as scripts
# of sites write it: Basic, --data-urlencode, a query for what is short, the status
# and the word ERROR.
url=$1 user=$2 password=$3 main=$4
steps=0 failed=0

# The body of the reply; its status is in $status.
cli() {
    reply=$(curl -s -u "$user:$password" -w '\n%{http_code}' "$url" \
        --data-urlencode "command=$1")
    status=${reply##*
}
    text=$(printf '%s' "${reply%
*}" | tr -d '\r')
}

step() {
    steps=$((steps + 1))
    if [ "$2" != 0 ]; then
        failed=$((failed + 1))
        echo "not ok $1: $status $text"
    else
        echo "ok $1"
    fi
}

works() {
    cli "$1"
    [ "$status" = 200 ] && case $text in *ERROR*) false ;; esac
    step "$1" $?
}

fails() {
    cli "$1"
    [ "$status" = "$2" ] && [ "$text" = "ERROR $3" ]
    step "$1" $?
}

works ListDomains
works 'CreateDomain day.test'
listed=$(curl -s -u "$user:$password" "$url?command=listdomains")
domains=$(printf '%s' "$listed" | tr -d '()\r\n' | tr ',' ' ')
[ "$domains" = "day.test $main" ]
step "listdomains by GET: $domains" $?
works 'updatedomainsettings day.test {PrivateSecureKey=[a2V5];SecureCertificate=[Y2VydA==];CAChain=[Y2hhaW4=];}'
cli 'GetDomainSettings day.test'
case $text in *'SecureCertificate=[Y2VydA==];'*) ;; *) false ;; esac
step 'the certificate' $?
works 'CreateAccount jane@day.test {Password="a+b & c";}'
fails 'CreateAccount jane@day.test' 409 \
    '520 account with this name already exists'
works 'PostServerAlert "The server stops at noon: ä&<\""'
cli GetServerAlerts
key=$(printf '%s' "$text" | sed -n 's/^{\([0-9]*\)="The server stops.*;}$/\1/p')
[ -n "$key" ]
step 'GetServerAlerts' $?
works "RemoveServerAlert $key"
right=$password password=wrong
fails ListDomains 401 '515 incorrect password or account name'
password=$right
works 'DeleteDomain day.test FORCE'
echo "$steps steps, $failed failed"
[ "$failed" = 0 ]
