/**
 * The only tests that may be skipped: each needs a kernel feature that some test machines lack.
 * `test` is matched against the start of the test's full name.
 */
const allowedSkips = [];

export function isAllowedSkip(name) {
  return allowedSkips.some((skip) => name.startsWith(skip.test));
}
