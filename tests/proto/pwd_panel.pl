#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# A hosting panel's run over the PWD port, as the old Perl libraries write it:
# bare or quoted words, characters of one byte, errors told apart by their text.
# pwd_panel.pl PORT PASSWORD DOMAIN.  What went wrong is printed; status 0 or 1.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $password, $domain) = @ARGV;
my $failed = 0;

my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
                              Timeout => 60) or die "no connection: $!\n";
binmode $s;

sub answer {
    my $line = <$s>;
    defined $line or die "the server closed\n";
    $line =~ s/\r\n\z// or die "no CR LF: $line\n";
    $line =~ /^(\d{3}) (.+)$/s or die "no answer: $line\n";
    return ($1, $2);
}

# The code, and the text or the data.
sub ask {
    my ($line) = @_;
    print $s "$line\n";
    return answer();
}

sub expect {
    my ($line, $code, $text) = @_;
    my ($got, $said) = ask($line);
    return if $got == $code && (!defined $text || $said eq $text);
    print "$line: $got $said, not $code ", $text // '', "\n";
    $failed = 1;
}

# A value as the libraries write it.
sub words {
    my ($v) = @_;
    return '#NULL#' unless defined $v;
    return '(' . join(',', map { words($_) } @$v) . ')' if ref $v eq 'ARRAY';
    return '{' . join('', map { words($_) . '=' . words($v->{$_}) . ';' }
                      sort keys %$v) . '}' if ref $v eq 'HASH';
    return $v =~ /[\W_]/ || $v eq '' ? "\"$v\"" : $v;
}

# Names of an array, or undef.
sub names {
    my ($line) = @_;
    my ($code, $said) = ask($line);
    return undef unless $code == 201 && $said =~ /^\((.*)\)$/;
    return [map { s/^"(.*)"$/$1/r } split /,/, $1];
}

# What a panel does for a mailbox, a redirect and a list of people: looks, and
# makes what is not there.  The text of 520 decides, not the number.
sub mailbox {
    my ($name) = @_;
    my ($code, $said) = ask('CreateAccount ' . words("$name\@$domain") .
                            ' ' . words({RealName => "M\xfcller $name",
                                         MaxAccountSize => undef}));
    return 'made' if $code == 200;
    return $said eq 'account with this name already exists' ? 'is there'
                                                            : "$code $said";
}

sub redirect {
    my ($name, $to) = @_;
    my $had = names("FindForwarders $domain TO " . words($to));
    return 'is there' if $had && grep { $_ eq $name } @$had;
    my ($code, $said) = ask("GetForwarder $name\@$domain");
    if ($code == 201) {
        ask("DeleteForwarder $name\@$domain");
    } elsif ($said ne 'forwarder is not found') {
        return "$code $said";
    }
    ($code, $said) = ask("CreateForwarder $name\@$domain TO " . words($to));
    return $code == 200 ? 'made' : "$code $said";
}

sub group {
    my ($name, @members) = @_;
    my ($code, $said) = ask("GetGroup $name\@$domain");
    my $settings = words({Members => \@members, RealName => "Gr\xfcppe",
                          Expand => 'YES', Note => undef});
    if ($code == 201) {
        ($code, $said) = ask("SetGroup $name\@$domain $settings");
        return $code == 200 ? 'set' : "$code $said";
    }
    return "$code $said" if $said ne 'group is not found';
    ($code, $said) = ask("CreateGroup $name\@$domain $settings");
    return $code == 200 ? 'made' : "$code $said";
}

sub check {
    my ($what, $got, $expected) = @_;
    return if $got eq $expected;
    print "$what: $got, not $expected\n";
    $failed = 1;
}

answer();
expect("USER postmaster", 300);
expect("PASS $password", 200);
expect("INLINE", 200);
expect("CreateDomain $domain", 200);

for my $round (1, 2) {
    my $had = $round == 1 ? 'made' : 'is there';
    for my $name ('joe', 'ann.b', 'x_1') {
        check("mailbox $name, $round", mailbox($name), $had);
    }
    check("redirect, $round", redirect('info', "joe\@$domain"), $had);
    check("redirect elsewhere, $round", redirect('help', 'help@other.test'),
          $had);
    check("group, $round", group('staff', 'joe', 'ann.b', 'sue@other.test'),
          $round == 1 ? 'made' : 'set');
    # Nothing takes another's name.
    check("mailbox of a group, $round", mailbox('staff'), 'is there');
    check("mailbox of a redirect, $round", mailbox('info'), 'is there');
    check("group of a mailbox, $round", group('joe', 'x'),
          '520 account with this name already exists');
}

# Where a redirect leads is changed by making it anew.
check('moved', redirect('info', 'ann.b'), 'made');
check('groups', join(' ', @{names("ListGroups $domain") // ['none']}),
      'staff');
check('forwarders', join(' ', @{names("ListForwarders $domain") // ['none']}),
      'help info');
expect("GetForwarder info\@$domain", 201, 'ann.b');
expect("GetGroup staff\@$domain", 201,
       '{Expand=YES;Members=(joe,ann.b,sue@other.test);RealName=' .
       "\"Gr\xc3\xbcppe\";}");
expect("GetAccountSettings joe\@$domain", 201,
       "{RealName=\"M\xc3\xbcller joe\";}");

# The redirect becomes a mailbox, the group a redirect, and all is cleared away.
expect("DeleteForwarder info\@$domain", 200, 'OK');
check('mailbox of what was a redirect', mailbox('info'), 'made');
expect("RenameGroup staff\@$domain into everybody", 200, 'OK');
check('redirect of what was a group', redirect('staff', 'everybody'), 'made');
expect("DeleteAccount joe\@$domain", 200, 'OK');
expect("GetGroup everybody\@$domain", 201,
       '{Expand=YES;Members=(joe,ann.b,sue@other.test);RealName=' .
       "\"Gr\xc3\xbcppe\";}");
expect("DeleteDomain $domain force", 200, 'OK');
expect("ListGroups $domain", 512, 'unknown secondary domain name');
expect("QUIT", 200);
exit $failed;
