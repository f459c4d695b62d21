/**
 * The levels in the order in which they run. `minutes` is the point at which a level counts as hung, not what it takes.
 * Levels of node:test files report each test to JAILD_TEST_RESULTS through count-reporter.mjs.
 */
export const levels = [
  { script: 'format', minutes: 3, countsTests: false, isNeededByLater: false },
  { script: 'lint', minutes: 5, countsTests: false, isNeededByLater: false },
  { script: 'typecheck', minutes: 5, countsTests: false, isNeededByLater: false },
  { script: 'build', minutes: 10, countsTests: false, isNeededByLater: true },
  { script: 'test:unit', minutes: 5, countsTests: true, isNeededByLater: false },
  { script: 'test:native', minutes: 10, countsTests: false, isNeededByLater: false },
  { script: 'test:integration', minutes: 10, countsTests: true, isNeededByLater: false },
  { script: 'test:e2e', minutes: 15, countsTests: true, isNeededByLater: false },
  { script: 'test:attacks', minutes: 15, countsTests: true, isNeededByLater: false },
];
