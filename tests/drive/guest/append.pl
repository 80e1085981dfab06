# SPDX-License-Identifier: BSD-2-Clause
# A file grows by small pieces while another process syncs it: what was written stays written.
# usage: append.pl FILE PIECES
use strict;
use warnings;
use IO::Handle;

my ($name, $pieces) = @ARGV;
open(my $out, '>', $name) or die "open: $!";
my $syncer = fork() // die "fork: $!";
if ($syncer == 0) {
    $out->sync or die "sync: $!" while 1;
}
my $expected = '';
for my $i (1 .. $pieces) {
    my $piece = sprintf("%06d:", $i) . chr(65 + $i % 26) x ($i % 97) . "\n";
    syswrite($out, $piece) == length $piece or die "write: $!";
    $expected .= $piece;
}
kill 'KILL', $syncer;
waitpid $syncer, 0;
open(my $in, '<', $name) or die "open: $!";
local $/;
my $found = <$in>;
print length $found, $found eq $expected ? " bytes, as written\n" : " bytes, and different\n";
