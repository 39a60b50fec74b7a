#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# pwd_apop.pl PORT NAME SECRET: logs in as Perl clients of the CLI do, and works:
# APOP if the greeting has a challenge (the greedy <.*@.*>), else USER and PASS.
# Prints what it was told.

use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use IO::Socket::INET;

my ($port, $name, $secret) = @ARGV;
my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
    or die "connecting: $!\n";
my $line = <$sock>;
$line =~ s/\r\n\z// or die "not ended by CR LF\n";

sub ask {
    print {$sock} "@_\n";
    $line = <$sock> // die "the server closed the connection\n";
    $line =~ s/\r\n\z// or die "not ended by CR LF\n";
    print "$line\n";
    return $line =~ /^2/;
}

if ($line =~ /(<.*@.*>)/) {
    ask('APOP', $name, md5_hex($1 . $secret)) or exit 1;
} else {
    ask('USER', $name);
    $line =~ /^300/ or exit 1;
    ask('PASS', $secret) or exit 1;
}
ask('INLINE');
ask('ListDomains');
ask('CreateAccount', 'perl-made', '{RealName="By Perl";}');
ask('GetAccountSettings', 'perl-made');
ask('PostAccountAlert', 'perl-made', 'ALERT', '"from Perl"');
ask('DeleteAccount', 'perl-made');
ask('QUIT');
