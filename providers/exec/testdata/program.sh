# Answers as the files of the folder $FAR want it: ACTION-ID does something to one message, and is taken away.
mark="$FAR/pid-$$"
: > "$mark"
trap 'rm -f "$mark"' EXIT

taken() {
  test -e "$FAR/$1-$id" && rm "$FAR/$1-$id"
}

echo '{"ready": true}'
while IFS= read -r line; do
  seq=${line#*\"seq\":} seq=${seq%%,*}
  id=${line#*\"id\":\"} id=${id%%\"*}
  body=${line#*\"body\":} body=${body%\}}
  if taken lose-message; then exit 3; fi
  if taken refuse; then
    echo "{\"seq\": $seq, \"error\": \"never\", \"permanent\": true}"
    continue
  fi
  if taken fail; then
    echo "{\"seq\": $seq, \"error\": \"not now\"}"
    continue
  fi
  printf '%s\n' "$body" >> "$FAR/stored"
  if taken lose-answer; then exit 4; fi
  while test -e "$FAR/stall"; do sleep 0.01; done
  echo "{\"seq\": $seq}"
done
