/**
 * `JAILD_TEST_FULL=1 npm test` runs the counts that the project promises; the everyday run takes fewer, and each test
 * that does so says how many in its name.
 */
export const isFullMode = process.env['JAILD_TEST_FULL'] === '1';

export function counted(everyday: number, full: number): number {
  return isFullMode ? full : everyday;
}
