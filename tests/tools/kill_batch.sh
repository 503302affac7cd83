#!/usr/bin/env bash
# Kills `wan batch` with SIGKILL at random moments and resumes it, again and again, then compares with an undisturbed run.
#   kill_batch.sh WAN FOLDER [KILLS] [SEED]
# A batch of 20 Shapes jobs, --batch-size 1; when a batch is done before the kills are used up, another begins.
# The clips are PNG sheets, so equal files are equal frames. Ends with 0 when every clip is right and none was made twice.
set -u
wan=$1 folder=$2 kills=${3:-100} RANDOM=${4:-1}
mkdir -p "$folder" && cd "$folder" || exit 2
export WAN_CACHE=$PWD/cache
cat > prompts.txt <<'END'
a red circle moving left on a black background
a blue star growing on a beige background
一个绿色正方形向上移动，灰色背景
a yellow triangle moving down
a white star moving right
END
make=(batch --prompts prompts.txt --seeds 0..3 --frames 9 --steps 8 --format png --batch-size 1 --no-cache)
begin=$SECONDS
rm -rf calm && "$wan" "${make[@]}" -o calm >/dev/null 2>&1 || exit 2
longest=$(( (SECONDS - begin) / 3 > 2 ? (SECONDS - begin) / 3 : 2 )) # seconds that a process lives at most: a busy machine needs more
(cd calm && sha256sum ./*.png) > calm.sums
killed=0 batch=0 bad=0
while [ "$killed" -lt "$kills" ]; do
    batch=$((batch + 1)) out=out$batch start=$killed
    rm -rf "$out"
    "$wan" "${make[@]}" -o "$out" >>log 2>&1 & pid=$!
    while :; do
        sleep "$(awk -v r=$RANDOM -v m=$longest 'BEGIN { print 0.3 + m * r / 32767 }')"
        if ! kill -9 $pid 2>/dev/null; then break; fi
        wait $pid 2>/dev/null
        killed=$((killed + 1))
        # What is there at any moment is whole: a clip of the undisturbed run.
        for clip in "$out"/*.png; do
            [ -e "$clip" ] || continue
            cmp -s "$clip" "calm/$(basename "$clip")" || { echo "batch $batch, kill $killed: $clip is not whole"; bad=$((bad + 1)); }
            if [ -e "$out.seen/$(basename "$clip")" ]; then
                [ "$clip" -ef "$out.seen/$(basename "$clip")" ] \
                    || { echo "batch $batch, kill $killed: $clip was made twice"; bad=$((bad + 1)); }
            else
                mkdir -p "$out.seen" && ln "$clip" "$out.seen/"
            fi
        done
        if [ ! -f "$out/.wan/jobs.jsonl" ]; then
            "$wan" "${make[@]}" -o "$out" >>log 2>&1 & pid=$!
        else
            "$wan" batch --resume "$out" --batch-size 1 --no-cache >>log 2>&1 & pid=$!
        fi
    done
    wait $pid; code=$?
    (cd "$out" && sha256sum --quiet -c ../calm.sums) || { echo "batch $batch: clips are missing or differ"; bad=$((bad + 1)); }
    [ $code -eq 0 ] || { echo "batch $batch: exit code $code"; bad=$((bad + 1)); }
    left=$(find "$out/.wan/workers" "$out/.wan/snapshots" -mindepth 1 | wc -l)
    [ "$left" -eq 0 ] || { echo "batch $batch: $left leftovers"; bad=$((bad + 1)); }
    echo "batch $batch: $((killed - start)) kills, $("$wan" jobs list "$out" | tail -1)"
done
echo "lives of up to $longest s; $killed kills over $batch batches of 20: $bad wrong"
[ $bad -eq 0 ]
