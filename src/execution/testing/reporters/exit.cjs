'use strict'
/* Loaded in front of a test file, for runners whose reporter is loaded only when there are tests. */
require('./channel.cjs').watchExit()
