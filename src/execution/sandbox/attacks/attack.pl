# The attacks that need more than a shell, as small programs: attack.pl NAME ARGUMENTS... Each prints BREACH if it got
# what it wanted and otherwise why not. Numbers of system calls come in the variable CALLS as NAME=NUMBER pairs.
use strict;
use warnings;
no warnings 'portable';
use Errno ();
use POSIX ();
use Socket;

my %call = map { split /=/ } split / /, $ENV{CALLS} // '';
my ($name, @arguments) = @ARGV;

sub held { print "held: @_\n"; exit 0 }
sub breach { print "BREACH @_\n"; exit 0 }
sub attempt {
    my ($number, @values) = @_;
    my $result = syscall($number, @values);
    breach("result $result") if $result >= 0;
    held("$!");
}

my %attacks = (
    # Reading and writing
    'open-read' => sub { open(my $file, '<', $arguments[0]) or held("$!"); breach(<$file>) },
    'open-write' => sub {
        sysopen(my $file, $arguments[0], POSIX::O_WRONLY()) ? breach() : held("$!");
    },
    'create' => sub { open(my $file, '>', $arguments[0]) ? breach() : held("$!") },
    'fill' => sub {
        my ($path, $limit) = @arguments;
        open(my $file, '>', $path) or held("$!");
        my ($chunk, $written) = ("x" x 1048576, 0);
        while ($written <= $limit) {
            my $count = syswrite $file, $chunk;
            held("$! after $written bytes") if !defined $count;
            $written += $count;
        }
        breach("wrote $written bytes");
    },
    'many-files' => sub {
        my ($path, $limit) = @arguments;
        for my $number (0 .. $limit) { open(my $file, '>', "$path/$number") or held("$! after $number files") }
        breach();
    },

    # Network
    'tcp' => sub {
        my ($address, $port) = @arguments;
        socket(my $socket, PF_INET, SOCK_STREAM, 6) or held("$!");
        alarm 3;
        connect($socket, pack_sockaddr_in($port, inet_aton($address))) ? breach() : held("$!");
    },
    'udp' => sub {
        my ($address, $port) = @arguments;
        socket(my $socket, PF_INET, SOCK_DGRAM, 17) or held("$!");
        connect($socket, pack_sockaddr_in($port, inet_aton($address))) or held("$!");
        send($socket, 'leak', 0) or held("$!");
        local $SIG{ALRM} = sub { held('no answer') };
        alarm 2;
        my $answer = '';
        defined recv($socket, $answer, 16, 0) ? breach($answer) : held("$!");
    },
    'resolve' => sub { defined inet_aton($arguments[0]) ? breach() : held('the name does not resolve') },
    'unix' => sub {
        socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or held("$!");
        my $address = pack('S', PF_UNIX) . ($arguments[0] eq 'abstract' ? "\0" : '') . $arguments[1];
        connect($socket, $address) ? breach() : held("$!");
    },
    'family' => sub { socket(my $socket, $arguments[0], $arguments[1], $arguments[2]) ? breach() : held("$!") },

    # Other processes
    'kill' => sub { kill('KILL', $arguments[0]) ? breach() : held("$!") },
    'see-process' => sub { -e "/proc/$arguments[0]/stat" ? breach() : held('no such process') },
    'trace' => sub { attempt($call{ptrace}, 0, 0, 0, 0) },
    'read-memory' => sub { attempt($call{process_vm_readv}, $$, 0, 0, 0, 0, 0) },

    # Rights
    'effective-user' => sub {
        my $user = `$arguments[0] -u`;
        $user =~ /^0$/ ? breach("became $user") : held("is $user");
    },
    'unshare' => sub { attempt($call{unshare}, hex $arguments[0]) },
    'clone' => sub {
        my $result = syscall($call{clone}, hex($arguments[0]) | 17, 0, 0, 0, 0);
        POSIX::_exit(0) if $result == 0;
        held("$!") if $result < 0;
        waitpid $result, 0;
        breach();
    },
    'clone3' => sub {
        my $arguments = pack('Q8', 0x10000000, 0, 0, 0, 17, 0, 0, 0);
        my $result = syscall($call{clone3}, $arguments, length $arguments);
        POSIX::_exit(0) if $result == 0;
        held("$!") if $result < 0;
        waitpid $result, 0;
        breach();
    },
    'mount' => sub {
        my ($source, $target, $type) = ("none\0", "$arguments[0]\0", "tmpfs\0");
        attempt($call{mount}, $source, $target, $type, 0, 0);
    },
    'remount' => sub {
        my ($source, $target, $type) = ("none\0", "$arguments[0]\0", "none\0");
        attempt($call{mount}, $source, $target, $type, 32 | 4096, 0);
    },
    'unmount' => sub { my $target = "$arguments[0]\0"; attempt($call{umount2}, $target, 2) },
    'chroot' => sub { my $target = "/\0"; attempt($call{chroot}, $target) },
    'mknod' => sub {
        my ($path, $kind, $number) = @arguments;
        my $name = "$path\0";
        attempt($call{mknodat}, -100, $name, oct($kind) | 0600, $number);
    },

    # Parts of the kernel
    'keyctl' => sub { attempt($call{keyctl}, 0, -3, 1) },
    'add-key' => sub {
        my ($type, $description, $payload) = ("user\0", "attack\0", 'x');
        attempt($call{add_key}, $type, $description, $payload, 1, -2);
    },
    'userfaultfd' => sub { attempt($call{userfaultfd}, 1) },
    'io-uring' => sub { my $parameters = "\0" x 120; attempt($call{io_uring_setup}, 4, $parameters) },
    'bpf' => sub { my $attributes = "\0" x 128; attempt($call{bpf}, 0, $attributes, 128) },
    'perf' => sub {
        my $attributes = pack('LLQ', 1, 112, 0) . "\0" x 96;
        attempt($call{perf_event_open}, $attributes, 0, -1, -1, 0);
    },
    'terminal' => sub {
        my $byte = 'x';
        open(my $file, '<', '/dev/null');
        syscall($call{ioctl}, fileno $file, hex $arguments[0], $byte);
        # Without the filter the kernel says that this is no terminal; it has then looked at the request.
        $!{EPERM} ? held("$!") : breach("the kernel answered: $!");
    },
    'x32' => sub { attempt(0x40000000 | 39) },

    # Resources
    'fork-bomb' => sub {
        my @children;
        while (@children < $arguments[0]) {
            my $child = fork;
            last if !defined $child;
            if ($child == 0) { sleep 60; POSIX::_exit(0) }
            push @children, $child;
        }
        my $reason = "$!";
        kill 'KILL', @children;
        @children < $arguments[0] ? held("$reason after " . @children) : breach(@children . ' processes');
    },
    'memory' => sub { my $memory = 'x' x $arguments[0]; breach(length $memory) },
    'memory-together' => sub {
        my ($processes, $bytes) = @arguments;
        for (1 .. $processes) { if (!fork) { my $memory = 'x' x $bytes; sleep 60; POSIX::_exit(0) } }
        sleep 20;
        breach();
    },
    'memory-file' => sub {
        my $label = "attack\0";
        my $descriptor = syscall($call{memfd_create}, $label, 0);
        $descriptor >= 0 ? breach() : held("$!");
    },
    'shared-memory' => sub { attempt($call{shmget}, 0, $arguments[0], 01600) },
);

my $attack = $attacks{$name} or die "no attack $name";
$attack->();
