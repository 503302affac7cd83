#!/usr/bin/env bash
# Kills `wan film` with SIGKILL at random moments and goes on with it, again and again, then compares with an undisturbed run.
#   kill_film.sh WAN FOLDER [KILLS] [SEED]
# Films of Shapes with 8 sections in two chains of 4; when a film is done before the kills are used up, another begins.
# Ends with 0 when every film has the frames of the undisturbed one, and every clip was made once.
set -u
wan=$1 folder=$2 kills=${3:-50} RANDOM=${4:-1}
mkdir -p "$folder" && cd "$folder" || exit 2
export WAN_CACHE=$PWD/cache
section='"frames": 9, "prompt": "a red circle moving'
cat > film.json <<END
{ "steps": 8, "seed": 3, "cache": false, "sections": [
  { $section left on a black background" }, { $section right on a black background" },
  { $section left on a black background" }, { $section right on a black background" },
  { $section up on a gray background", "start": "cut" }, { $section down on a gray background" },
  { $section up on a gray background" }, { $section down on a gray background" } ] }
END
frames() { ffmpeg -v error -i "$1" -f rawvideo -pix_fmt rgb24 - | sha256sum; }
begin=$SECONDS
rm -rf calm calm.mkv && "$wan" film film.json --batch-size 1 -o calm.mkv >log 2>&1 || { tail -3 log; exit 2; }
longest=$(( (SECONDS - begin) / 2 > 2 ? (SECONDS - begin) / 2 : 2 )) # seconds that a process lives at most: a busy machine needs more
calm=$(frames calm.mkv) killed=0 film=0 bad=0
while [ "$killed" -lt "$kills" ]; do
    film=$((film + 1)) out=film$film start=$killed
    rm -rf "$out" "$out.mkv" "$out.seen" && mkdir "$out.seen"
    while :; do
        "$wan" film film.json --batch-size 1 -o "$out.mkv" >>log 2>&1 & pid=$!
        sleep "$(awk -v r=$RANDOM -v m=$longest 'BEGIN { print 0.3 + m * r / 32767 }')"
        jobs -rp | grep -qx "$pid" || break # by then the number may be that of another process
        kill -9 "$pid"
        wait $pid 2>/dev/null
        killed=$((killed + 1))
        for clip in "$out"/*.mkv; do # what is there stays the same file
            [ -e "$clip" ] || continue
            seen=$out.seen/$(basename "$clip")
            if [ ! -e "$seen" ]; then
                ln "$clip" "$seen"
            elif [ ! "$clip" -ef "$seen" ]; then
                echo "film $film, kill $killed: $clip was made twice" && bad=$((bad + 1))
            fi
        done
    done
    wait $pid; code=$?
    [ $code -eq 0 ] || { echo "film $film: exit code $code"; bad=$((bad + 1)); }
    [ "$(frames "$out.mkv")" = "$calm" ] || { echo "film $film: other frames"; bad=$((bad + 1)); }
    clips=$(find "$out" -maxdepth 1 -name '*.mkv' | wc -l)
    [ "$clips" -eq 8 ] || { echo "film $film: $clips clips, not 8"; bad=$((bad + 1)); }
    echo "film $film: $((killed - start)) kills"
done
echo "lives of up to $longest s; $killed kills over $film films of 8 sections: $bad wrong"
[ $bad -eq 0 ]
