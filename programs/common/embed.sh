#!/bin/sh
# embed.sh NAME FILE HEADER: FILE as a C array called NAME, for what is compiled into a program.
set -eu
{
    echo "/* Made from $(basename "$2"); change that. */"
    echo "static const unsigned char $1[] = {"
    od -An -v -tu1 -w16 "$2" | sed 's/ *\([0-9][0-9]*\)/\1,/g'
    echo '};'
} >"$3"
