#!/bin/sh
# Ticks every other second until it is told to stop.

trap 'echo "bye"; kill $! 2>/dev/null; exit 0' INT TERM

while true; do
  echo "tick $(date +%T)"
  # In the background, for a shell runs a trap only between its own steps.
  sleep 2 &
  wait $!
done
