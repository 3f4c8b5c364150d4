// How the instances that share a socket come to about as many connections each (node_preload.cjs).
//
// The kernel wakes all of them for a connection, and whoever runs first takes it, and the next. Of
// many that come at once, as those of a load balancer that was started anew, one instance would
// have nearly all, and keep them. So whoever takes two in a row stands back for a moment, in which
// the others take theirs.

'use strict';

const BURST = 5; // milliseconds: connections further apart find everybody awake anyway
const PAUSE = 0.2; // milliseconds that the others have
const SHARE = 0.02; // of our time that may go into that
const MOST_SAVED = 10; // milliseconds of it that were not needed so far, for the next burst

// Make what is to be called with each connection; `now()` tells the time in milliseconds, and
// `pause(milliseconds)` does nothing for as long.
exports.courtesy = function courtesy(now = () => performance.now(), pause = pauseFor) {
  let saved = MOST_SAVED;
  let latest = now() - 2 * BURST;
  return () => {
    const time = now();
    const since = time - latest;
    latest = time;
    saved = Math.min(MOST_SAVED, saved + since * SHARE);
    if (since > BURST || saved < PAUSE) return;
    saved -= PAUSE;
    pause(PAUSE);
  };
};

const nobodyChangesIt = new Int32Array(new SharedArrayBuffer(4));

// As a timer would let us take the next connection first, this holds up everything.
function pauseFor(milliseconds) {
  Atomics.wait(nobodyChangesIt, 0, 0, milliseconds);
}
