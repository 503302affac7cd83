#!/usr/bin/env bash
# Measures a film of Shapes with 8 sections that are shots of their own, and `wan film redo` of one of them, in turn; then the same film
# made by one lane and by two, of one thread each.
#   film_times.sh WAN FOLDER [STEPS] [ROUNDS]
# Ends with 0 when every redo left the other seven sections as they were and the film has all its frames.
set -u
wan=$1 folder=$2 steps=${3:-20} rounds=${4:-2} bad=0
mkdir -p "$folder" && cd "$folder" || exit 2
export WAN_CACHE=$PWD/cache
section='"start": "cut", "seconds": 4, "prompt": "a'
cat > film.json <<END
{ "steps": $steps, "seed": 3, "cache": false, "sections": [
  { $section red circle moving left on a black background" }, { $section red circle moving right on a black background" },
  { $section blue square moving left on a black background" }, { $section blue square moving right on a black background" },
  { $section red circle moving up on a gray background" }, { $section red circle moving down on a gray background" },
  { $section blue square moving up on a gray background" }, { $section blue square moving down on a gray background" } ] }
END
seconds() { # of a command whose output goes to a log; those of the processors, with ffmpeg's, go into a file
    local TIMEFORMAT='%R %U %S'
    { time "$@" >log 2>&1 </dev/null; } 2>times || { tail -3 log >&2; exit 2; }
    awk '{ print $2 + $3 >"cpu"; print $1 }' times
}
clips() { find film -maxdepth 1 -name '*.mkv' -exec sha256sum {} + | sort; }
frames() { ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$1" | tr -d ,; }
for round in $(seq "$rounds"); do
    rm -rf film film.mp4
    film=$(seconds "$wan" film film.json --batch-size 1 -o film.mp4) || exit 2
    busy=$(cat cpu)
    clips > before
    all=$(frames film.mp4)
    redo=$(seconds "$wan" film redo film --section 3 --seed $((8 + round)) --batch-size 1) || exit 2
    redone=$(cat cpu)
    clips > after
    [ -z "$(comm -23 before after)" ] && [ "$(frames film.mp4)" = "$all" ] || { echo "round $round: other sections changed"; bad=1; }
    again=$(seconds "$wan" film film --batch-size 1) || exit 2
    awk -v f="$film" -v r="$redo" -v a="$again" -v n="$all" -v b="$busy" -v d="$redone" -v c="$(cat cpu)" 'BEGIN {
        printf "%d frames: film %s s, redo %s s (1/%.1f), nothing new %s s; ", n, f, r, f / r, a
        printf "of processors %s s, %s s (1/%.1f), %s s\n", b, d, b / d, c }'
done
for round in $(seq "$rounds"); do
    rm -rf one two
    one=$(seconds "$wan" film film.json --batch-size 1 --lanes 1 --threads 1 -o one.mp4) || exit 2
    two=$(seconds "$wan" film film.json --batch-size 1 --lanes 2 --threads 1 -o two.mp4) || exit 2
    awk -v f="$one" -v r="$two" 'BEGIN { printf "one lane %s s, two lanes %s s: %.2f x\n", f, r, f / r }'
done
exit $bad
