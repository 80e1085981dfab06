# SPDX-License-Identifier: BSD-2-Clause
#
# Forks, pipes and signals from Perl: prints only what must be the same on every kernel.

use strict;
use warnings;
use POSIX qw(:sys_wait_h :signal_h);

$| = 1;

sub forks_with_statuses {
    my %status;
    for my $code (0 .. 9) {
        my $pid = fork() // die "fork: $!";
        exit($code) if $pid == 0;
        $status{$pid} = $code;
    }
    my $right = 0;
    while ((my $pid = wait()) > 0) {
        $right++ if ($? >> 8) == $status{$pid};
    }
    print "statuses $right\n";
}

sub ring_of_pipes {
    my $members = 8;
    my @ends = map { pipe(my $read, my $write) or die "pipe: $!"; [$read, $write] } 0 .. $members;
    for my $member (0 .. $members - 1) {
        my $pid = fork() // die "fork: $!";
        next if $pid;
        sysread($ends[$member][0], my $token, 64);
        syswrite($ends[$member + 1][1], $token . $member);
        exit 0;
    }
    syswrite($ends[0][1], "token");
    sysread($ends[$members][0], my $token, 64);
    1 while wait() > 0;
    print "ring $token\n";
}

sub signals_between_processes {
    my $count = 0;
    local $SIG{USR1} = sub { $count++ };
    my $parent = $$;
    for my $round (1 .. 20) {
        my $pid = fork() // die "fork: $!";
        if ($pid == 0) {
            kill 'USR1', $parent;
            exit 0;
        }
        waitpid($pid, 0);
    }
    print "signals $count\n";
}

sub killed_child {
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        sleep 1000;
        exit 0;
    }
    kill 'TERM', $pid;
    waitpid($pid, 0);
    printf "killed by %d\n", $? & 127;
}

sub stopped_and_continued {
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        kill 'STOP', $$;
        exit 5;
    }
    waitpid($pid, WUNTRACED);
    my $stopped = WIFSTOPPED(${^CHILD_STATUS_NATIVE}) ? 'stopped' : 'not stopped';
    kill 'CONT', $pid;
    waitpid($pid, 0);
    printf "%s, then exited with %d\n", $stopped, $? >> 8;
}

sub alarm_interrupts_read {
    pipe(my $read, my $write) or die "pipe: $!";
    my $rang = 0;
    local $SIG{ALRM} = sub { $rang = 1; die "alarm\n" };
    eval {
        alarm 1;
        sysread($read, my $nothing, 1);
    };
    print "alarm $rang\n";
}

sub masked_signal_waits {
    my $taken = 0;
    local $SIG{USR2} = sub { $taken++ };
    my $set = POSIX::SigSet->new(SIGUSR2);
    my $old = POSIX::SigSet->new;
    sigprocmask(SIG_BLOCK, $set, $old);
    kill 'USR2', $$;
    print "while masked $taken";
    sigprocmask(SIG_SETMASK, $old);
    print ", afterwards $taken\n";
}

sub broken_pipe {
    pipe(my $read, my $write) or die "pipe: $!";
    close $read;
    my $seen = 0;
    local $SIG{PIPE} = sub { $seen = 1 };
    my $put = syswrite($write, 'x');
    printf "broken pipe: signal %d, %s\n", $seen, defined $put ? 'written' : "$!";
}

forks_with_statuses();
ring_of_pipes();
signals_between_processes();
killed_child();
stopped_and_continued();
alarm_interrupts_read();
masked_signal_waits();
broken_pipe();
