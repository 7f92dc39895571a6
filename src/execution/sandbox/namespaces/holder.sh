# Runs inside a sandbox's namespaces, as their root but without any rights outside, and runs only the host's programs.
# /layers/0 … are the read-only layers, lowest first; /disk holds what is written to the workspace.
set -eu

# Mounts the workspace with an empty writable layer on top of $1 frozen ones.
stack() {
  top=/disk/uppers/$1
  mkdir -p "$top/files" "$top/work"
  lower=$(cat /disk/lower)
  i=0
  while [ "$i" -lt "$1" ]; do
    lower=/disk/uppers/$i/files:$lower
    i=$((i + 1))
  done
  mount -t overlay -o "lowerdir=$lower,upperdir=$top/files,workdir=$top/work,userxattr" overlay /sandbox/workspace
}

empty() {
  find "$@" -mindepth 1 -delete
}

case $1 in
# hold LAYERS DISK_BYTES DISK_FILES SCRATCH_BYTES SCRATCH_FILES: DISK_BYTES is 0 where /disk is a directory of the host.
hold)
  if [ "$3" != 0 ]; then
    mount -t tmpfs -o "size=$3,nr_inodes=$4,mode=755" tmpfs /disk
  fi
  mount -t tmpfs -o "size=$5,nr_inodes=$6,mode=755" tmpfs /scratch
  mkdir -p /disk/home /scratch/tmp /scratch/run /scratch/shm
  chmod 1777 /scratch/tmp /scratch/shm
  lower=
  i=0
  while [ "$i" -lt "$2" ]; do
    lower=/layers/$i${lower:+:$lower}
    i=$((i + 1))
  done
  echo "$lower" >/disk/lower
  stack 0
  mount --bind /disk/home /sandbox/home/sandbox
  mount --bind /scratch/tmp /sandbox/tmp
  mount --bind /scratch/run /sandbox/run
  echo ready
  # Standard input is a pipe from the studio. When the studio is gone, however it died, the pipe ends, then this shell,
  # which is process 1, and the kernel ends all other processes and drops the mounts. While it waits, it reaps orphans.
  exec 3<&0
  cat <&3 >/dev/null &
  wait $!
  ;;
# freeze DEPTH: what was written becomes the layer number DEPTH-1, and a new one is begun.
freeze)
  umount /sandbox/workspace
  stack "$2"
  ;;
# rollback DEPTH: drops all that was written since the last freeze.
rollback)
  umount /sandbox/workspace
  rm -rf "/disk/uppers/$2"
  empty /disk/home /scratch/tmp /scratch/run /scratch/shm
  stack "$2"
  ;;
esac
