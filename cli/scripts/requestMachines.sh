#!/bin/sh
# Host Factory runs this as `<operation>.sh -f FILE`. All five scripts are the same: the file's name is the
# operation, and launch.sh beside the file (not beside a link to it) does the rest.
PATH="${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin"
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=${self%"${self##*/}"}$target ;;
  esac
done
case $self in
  */*) scripts=${self%/*} ;;
  *) scripts=. ;;
esac
operation=${self##*/}
operation=${operation%.sh}
if [ ! -r "$scripts/launch.sh" ]; then
  echo '{"message":"launch.sh is missing beside the Host Factory scripts. Install Open Host Factory again."}'
  exit 1
fi
. "$scripts/launch.sh"
