# Prepares, as real root, what a sandbox of an unprivileged user may see, and then becomes that user:
#
#   stage.pl UID GID STAGE PLACE [OWNER_UID:OWNER_GID SOURCE]... -- PROGRAM ARGUMENTS...
#
# Each source is mounted at STAGE/0, STAGE/1 …, and STAGE at PLACE, which that user can reach even where a source lies
# below a private directory. With an owner given, files of that owner appear as the unprivileged user's own (an
# id-mapped mount, mount_setattr(2)); with `-` the source is mounted as it is. Expects a private mount namespace.
use strict;
use warnings;
use POSIX ();

# Variables, because syscall() wants to be able to write to strings.
my $here = "\0";
my $AT_FDCWD = -100;
my $MOUNT_ATTR_IDMAP = 0x00100000;
my ($open_tree, $move_mount, $mount_setattr) = (428, 429, 442);
my $unshare = (POSIX::uname())[4] eq 'aarch64' ? 97 : 272;

my ($uid, $gid, $stage, $place) = splice @ARGV, 0, 4;
my $number = 0;
while (@ARGV and $ARGV[0] ne '--') {
    my ($owner, $source) = splice @ARGV, 0, 2;
    my $target = "$stage/" . $number++;
    if (-d $source) { mkdir $target or fail("mkdir $target") }
    else { open my $file, '>', $target or fail("create $target") }
    attach($owner, $source, $target);
}
shift @ARGV;
attach('-', $stage, $place);
chdir '/';
exec 'setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups', '--inh-caps=-all', '--', @ARGV
  or fail('setpriv');

sub attach {
    my ($owner, $source, $target) = @_;
    # OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC; an id-mapped mount takes no other mounts along.
    my $recursive = $owner eq '-' ? 0x8000 : 0;
    my $tree = syscall($open_tree, $AT_FDCWD, "$source\0", 1 | $recursive | 0x80000);
    fail("open_tree $source") if $tree < 0;
    if ($owner ne '-') {
        my $users = owner_mapping(split /:/, $owner);
        my $attributes = pack 'Q4', $MOUNT_ATTR_IDMAP, 0, 0, fileno($users);
        syscall($mount_setattr, $tree, $here, 0x1000, $attributes, length $attributes) == 0
          or fail("mount_setattr $source");
    }
    syscall($move_mount, $tree, $here, $AT_FDCWD, "$target\0", 4) == 0 or fail("move_mount $target");
    POSIX::close($tree);
}

# A user namespace exists only as long as something refers to it; a child makes one and waits until it is opened here.
sub owner_mapping {
    my ($owner_uid, $owner_gid) = @_;
    pipe(my $made, my $making) or fail('pipe');
    pipe(my $waiting, my $done) or fail('pipe');
    my $child = fork // fail('fork');
    if ($child == 0) {
        close $done;
        syscall($unshare, 0x10000000) == 0 or POSIX::_exit(1);
        syswrite $making, '.';
        sysread $waiting, my $byte, 1;
        POSIX::_exit(0);
    }
    close $making;
    sysread($made, my $byte, 1) or fail('unshare');
    write_map("/proc/$child/uid_map", "$owner_uid $uid 1\n");
    write_map("/proc/$child/gid_map", "$owner_gid $gid 1\n");
    open my $users, '<', "/proc/$child/ns/user" or fail('open namespace');
    close $done;
    waitpid $child, 0;
    return $users;
}

sub write_map {
    my ($path, $line) = @_;
    open my $map, '>', $path or fail("open $path");
    defined syswrite $map, $line or fail("write $path");
}

sub fail {
    my ($what) = @_;
    print STDERR "stage: $what: $!\n";
    POSIX::_exit(70);
}
