#!/usr/bin/perl
# SPDX-License-Identifier: BSD-2-Clause
#
# pwd_client.pl PORT PASSWORD [inline|plain]: an administrator's day by a small
# client of the CLI, written from what clients of the family put on the wire
# and can read: it writes lines that end with LF, quotes a word when it is empty
# or has something that is no letter or digit in it, reads one line after each
# command, and takes dictionaries and arrays apart by the grammar.  It prints a
# line for each step, "ok" or "not ok".

use strict;
use warnings;
use IO::Socket::INET;

my ($port, $password, $mode) = @ARGV;
my $inline = ($mode // 'inline') eq 'inline';
my ($sock, $code, $text, $failed, $steps) = (undef, 0, '', 0, 0);

# --- lines ---

sub read_line {
    my $line = <$sock>;
    die "the server closed the connection\n" unless defined $line;
    $line =~ s/\r\n\z// or die "not ended by CR LF: $line\n";
    return $line;
}

sub read_status {
    my $line = read_line();
    $line =~ /^(\d{3}) (.+)$/ or die "no status line: $line\n";
    ($code, $text) = ($1, $2);
    return $code;
}

sub send_line {
    my ($line) = @_;
    print {$sock} $line, "\n" or die "sending: $!\n";
}

# The result of a command: the object, 1 without one, undef when it failed.
sub command {
    send_line(join ' ', @_);
    my $got = read_status();
    return parse($text) if $got == 201 && $inline;
    return parse(read_data()) if $got == 200 && $text =~ /^data follow/;
    return $got == 200 ? 1 : undef;
}

# Lines up to the one that ends in the bracket that belongs to the first.
sub read_data {
    my $data = read_line();
    my %closing = ('{' => '}', '(' => ')', '[' => ']', '"' => '"');
    my $end = $closing{substr $data, 0, 1};
    while (defined $end && substr($data, -1) ne $end) {
        $data .= read_line();
    }
    return $data;
}

# --- what is sent ---

# Bytes, so that whatever is beyond ASCII is quoted too.
sub word {
    my ($word) = @_;
    return $word if $word =~ /^#-?\d+$/;
    return $word unless $word eq '' || $word =~ /[^A-Za-z0-9]/;
    $word =~ s/(["\\])/\\$1/g;
    $word =~ s/([\x00-\x1F\x7F])/sprintf '\\%03d', ord $1/ge;
    return "\"$word\"";
}

sub dictionary {
    my ($hash) = @_;
    return '{' . join('', map { word($_) . ' = ' . object($hash->{$_}) . ';' }
        sort keys %$hash) . '}';
}

sub object {
    my ($value) = @_;
    return dictionary($value) if ref $value eq 'HASH';
    return '(' . join(',', map { object($_) } @$value) . ')'
        if ref $value eq 'ARRAY';
    return word($value);
}

# --- what is read ---

sub parse {
    my ($data) = @_;
    my $rest = $data;
    my $value = parse_value(\$rest);
    $rest eq '' or die "behind the object: $rest\n";
    return $value;
}

sub parse_word {
    my ($rest) = @_;
    if ($$rest =~ s/^"((?:[^"\\]|\\.)*)"//s) {
        my $word = $1;
        $word =~ s/\\(\d{3}|.)/unescape($1)/ges;
        return $word;
    }
    $$rest =~ s/^([-A-Za-z0-9\x80-\xff_.\@!#%:]+)//
        or die "no word: $$rest\n";
    return $1;
}

sub unescape {
    my ($escape) = @_;
    return "\n" if $escape eq 'e' || $escape eq 'n';
    return "\t" if $escape eq 't';
    return "\r" if $escape eq 'r';
    return length($escape) == 3 ? chr $escape : $escape;
}

sub parse_value {
    my ($rest) = @_;
    return parse_dictionary($rest) if $$rest =~ s/^\{//;
    return parse_array($rest) if $$rest =~ s/^\(//;
    return $1 if $$rest =~ s/^(\[[A-Za-z0-9+\/=]*\])//;
    return parse_word($rest);
}

sub parse_dictionary {
    my ($rest) = @_;
    my %hash;
    until ($$rest =~ s/^\}//) {
        my $key = parse_word($rest);
        $$rest =~ s/^=// or die "no = behind $key: $$rest\n";
        $hash{$key} = parse_value($rest);
        $$rest =~ s/^;// or die "no ; behind $key: $$rest\n";
    }
    return \%hash;
}

sub parse_array {
    my ($rest) = @_;
    my @array;
    until ($$rest =~ s/^\)//) {
        $$rest =~ s/^,// or die "no , in: $$rest\n" if @array;
        push @array, parse_value($rest);
    }
    return \@array;
}

# --- steps ---

sub step {
    my ($good, $what) = @_;
    $steps++;
    $failed++ unless $good;
    print $good ? 'ok' : 'not ok', " $steps $what", $good ? '' : " ($code $text)",
        "\n";
}

sub refused {
    my ($expected, @words) = @_;
    my $result = command(@words);
    step(!defined $result && $code == $expected, "$words[0] is refused");
}

sub log_in {
    $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
        Proto => 'tcp') or die "connecting: $@\n";
    $sock->autoflush(1);
    step(read_status() == 200, 'greeting');
    step($text !~ /<.*@.*>/, 'no APOP');
    send_line('USER postmaster');
    step(read_status() == 300, 'USER');
    send_line("PASS $password");
    step(read_status() == 200 && $text eq 'login OK, proceed', 'PASS');
    return unless $inline;
    step(defined command('INLINE') && $text eq 'OK', 'INLINE');
}

sub create {
    step(defined command('CreateDomain', 'perl.test'), 'domain');
    refused(521, 'CreateDomain', 'perl.test');
    step(defined command('UpdateDomainSettings', 'perl.test',
            dictionary({wn_MaximumAliases => 5, 'Own Key' => 'a "b" \\ c'})),
        'domain settings');
    my $got = command('GetDomainSettings', 'perl.test');
    step($got->{'Own Key'} eq 'a "b" \\ c' && $got->{wn_MaximumAliases} eq '5',
        'domain settings come back');
    for my $name ('ann', 'joe', 'kim', 'x-1') {
        step(defined command('CreateAccount', word("$name\@perl.test"),
                dictionary({Password => "pw of $name", RealName => ucfirst $name,
                    MaxAccountSize => '40M', List => ['a', {b => 'c d'}]})),
            "account $name");
    }
    refused(520, 'CreateAccount', 'joe@perl.test');
}

sub list {
    my $domains = command('ListDomains');
    step((grep { $_ eq 'perl.test' } @$domains) == 1, 'the domain is listed');
    my $accounts = command('ListAccounts', 'perl.test');
    step(join(' ', sort keys %$accounts) eq 'ann joe kim x-1',
        'the accounts are listed');
    my ($cookie, %found) = ('');
    do {
        my $part = command('ListDomainObjects', 'perl.test', 2, 'ACCOUNTS',
            'COOKIE', word($cookie));
        step(@$part == 5 && $part->[0] == 4, 'a part of the accounts');
        %found = (%found, %{$part->[1]});
        $cookie = $part->[4];
    } while $cookie ne '';
    step(join(' ', sort keys %found) eq 'ann joe kim x-1',
        'the accounts are listed by cookie');
}

sub look {
    my $got = command('GetAccountSettings', word('joe@perl.test'));
    step($got->{RealName} eq 'Joe' && $got->{List}[1]{b} eq 'c d'
            && $got->{MaxAccountSize} eq '40M' && !exists $got->{Password},
        'settings');
    $got = command('GetAccountEffectiveSettings', word('joe@perl.test'));
    step($got->{QuotaAlert} == 80, 'effective settings');
    $got = command('GetAccountInfo', word('joe@perl.test'), 'Key',
        'StorageUsed');
    step($got =~ /^\d+$/, 'storage');
    $got = command('GetAccountInfo', word('joe@perl.test'),
        '(StorageUsed,Missing)');
    step(ref $got eq 'HASH' && $got->{StorageUsed} =~ /^\d+$/, 'info');
    step(command('GetCurrentTime') =~ /^#T\d\d-\d\d-\d{4}_\d\d:\d\d:\d\d$/,
        'time');
    step(command('GetAccountMailRules', word('joe@perl.test'))
            && @{command('ListForwarders', 'perl.test')} == 0,
        'what is not there is empty');
}

my @texts = ('plain', 'two words', 'say "hi" \\ back', "two\nlines",
    "\xF0\x9F\x94\x94 \xC3\xA5", '#1', '{a=b;}', 'x' x 4000);

# Posts them all, gets them, removes one by its key as it came: bare.
sub alerts_of {
    my ($what, $target) = @_;
    my ($before, $alert) = ($target ne '' ? word($target) : '',
        $target ne '' ? 'ALERT' : '');
    my $good = grep { defined command("Post${what}Alert", $before, $alert,
            word($_)) } @texts;
    step($good == @texts, "alerts of $what");
    my $set = command("Get${what}Alerts", $before);
    my @keys = sort keys %$set;
    step(join("\0", map { $set->{$_} } @keys) eq join("\0", @texts),
        'they come back as they were posted');
    step(!(grep { !/^\d{14}$/ } @keys), 'their keys are time stamps');
    step(defined command("Remove${what}Alert", $before, $alert, $keys[2]),
        'one is removed');
    refused(514, "Remove${what}Alert", $before, $alert, $keys[2]);
    delete $set->{$keys[2]};
    step(object(command("Get${what}Alerts", $before)) eq object($set),
        'the others have kept their keys');
    my %keep = map { $_ => $set->{$_} } @keys[0, 1];
    step(defined command("Set${what}Alerts", $before, dictionary(\%keep)),
        'two are kept');
    step(object(command("Get${what}Alerts", $before)) eq object(\%keep),
        'two are left');
    step(defined command("Set${what}Alerts", $before, '{}'), 'all go');
    step(!%{command("Get${what}Alerts", $before)}, 'none is left');
}

# As a client that does not escape sends it: refused, and in step.
sub raw_texts {
    refused(501, 'PostServerAlert', '"hi "there" \\ back"');
    step(defined command('PostServerAlert', '"line\\eline"'), 'raw \e');
    my ($got) = values %{command('GetServerAlerts')};
    step($got eq "line\nline", 'it is a line end');
    step(defined command('SetServerAlerts', '{}'), 'all go');
}

sub passwords {
    my $joe = word('joe@perl.test');
    step(defined command('VerifyAccountPassword', $joe, 'PASSWORD',
            word('pw of joe')), 'the password');
    refused(515, 'VerifyAccountPassword', $joe, 'PASSWORD', word('wrong'));
    step(defined command('SetAccountPassword', $joe, 'TO', word('new "one"')),
        'a new password');
    step(defined command('VerifyAccountPassword', $joe, 'PASSWORD',
            word('new "one"')), 'it is checked');
    refused(501, 'GetAccountPlainPassword', $joe);
}

sub rights {
    my $kim = word('kim@perl.test');
    step(defined command('SetAccountRights', $kim,
            object(['CanPostAlerts', 'BasicSettings'])), 'rights');
    step(object(command('GetAccountRights', $kim))
            eq '(CanPostAlerts,BasicSettings)', 'they come back');
    step(defined command('KillAccountSessions', $kim), 'sessions end');
}

sub rename_and_delete {
    step(defined command('RenameAccount', word('joe@perl.test'), 'into',
            word('jim@perl.test')), 'an account is renamed');
    refused(513, 'GetAccountSettings', word('joe@perl.test'));
    step(defined command('RenameDomain', 'perl.test', 'INTO', 'pearl.test'),
        'a domain is renamed');
    step(defined command('GetAccountSettings', word('jim@pearl.test')),
        'the account went along');
    refused(501, 'DeleteDomain', 'pearl.test');
    for my $name ('ann', 'jim', 'kim', 'x-1') {
        step(defined command('DeleteAccount', word("$name\@pearl.test")),
            "account $name goes");
    }
    step(!%{command('ListAccounts', 'pearl.test')}, 'no account is left');
    step(defined command('DeleteDomain', 'pearl.test'), 'the domain goes');
    refused(512, 'GetDomainSettings', 'pearl.test');
}

log_in();
create();
list();
look();
alerts_of('Server', '');
alerts_of('Domain', 'perl.test');
alerts_of('Account', 'joe@perl.test');
raw_texts();
passwords();
rights();
refused(500, 'NoSuchCommand');
rename_and_delete();
send_line('QUIT');
step(read_status() == 200, 'QUIT');
step(!defined <$sock>, 'the end');
print "$steps steps, $failed failed\n";
exit($failed ? 1 : 0);
