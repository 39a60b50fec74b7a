#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# cli_http.pl URL NAME PASSWORD DOMAIN: an administrator's day by a program in Perl
# with nothing but HTTP::Tiny.  It writes what it posts in ISO 8859-1, as old
# programs do.

use strict;
use warnings;
use HTTP::Tiny;
use MIME::Base64;

my ($url, $user, $password, $main) = @ARGV;
my ($steps, $failed) = (0, 0);
my $http = HTTP::Tiny->new(agent => 'day/1.0 ');

sub escape {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

sub cli {
    my ($command, $secret) = @_;
    my $reply = $http->post($url, {
        headers => {
            Authorization => 'Basic '
                . encode_base64("$user:" . ($secret // $password), ''),
            'Content-Type' => 'application/x-www-form-urlencoded',
        },
        content => 'command=' . escape($command),
    });
    my $text = $reply->{content};
    $text =~ s/\r\n\z//;
    return ($reply->{status}, $text, $reply->{reason});
}

sub step {
    my ($name, $ok, @more) = @_;
    $steps++;
    $failed++ unless $ok;
    print $ok ? "ok $name\n" : "not ok $name: @more\n";
    return;
}

sub works {
    my ($command, $expected) = @_;
    my ($status, $text) = cli($command);
    step($command, $status == 200 && (!defined $expected || $text =~ $expected),
        $status, $text);
    return $text;
}

works('ListDomains', qr/^\(\Q$main\E\)$/);
works('CreateDomain day.test', qr/^$/);
my $got = $http->get("$url?command=listdomains", {headers => {
    Authorization => 'Basic ' . encode_base64("$user:$password", '')}});
step('listdomains by GET', $got->{content} eq "(day.test,$main)\r\n",
    $got->{content});
works('UpdateDomainSettings day.test {PrivateSecureKey=[a2V5];'
    . 'SecureCertificate=[Y2VydA==];CAChain=[Y2hhaW4=];}', qr/^$/);
works('GetDomainSettings day.test', qr/SecureCertificate=\[Y2VydA==\];/);
works('CreateAccount jane@day.test {Password="a+b & c";}', qr/^$/);
my ($status, $text, $reason) = cli('CreateAccount jane@day.test');
step('the same again', $status == 409
    && $reason eq 'account with this name already exists'
    && $text eq "ERROR 520 $reason", $status, $text, $reason);
works("PostServerAlert \"The server stops at noon: \xe4&<\\\"\"", qr/^$/);
my $alerts = works('GetServerAlerts',
    qr/^\{\d{14}="The server stops at noon: \xc3\xa4&<\\"";\}$/);
my ($key) = $alerts =~ /^\{(\d+)/;
works("RemoveServerAlert $key", qr/^$/);
($status, $text) = cli('ListDomains', 'wrong');
step('a wrong password', $status == 401
    && $text eq 'ERROR 515 incorrect password or account name', $status, $text);
works('DeleteDomain day.test FORCE', qr/^$/);
print "$steps steps, $failed failed\n";
exit($failed > 0);
