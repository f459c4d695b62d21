import { z } from 'zod';

/** One key of the configuration: where its value goes, how it is read, what holds when it is absent, what it is for. */
export interface Setting<Name extends string = string, Value = unknown> {
  /** Property of the loaded section; carries the unit (`graceTimeMs`). */
  readonly name: Name;
  readonly kind: 'single' | 'list' | 'path';
  readonly type: z.ZodType<Value, unknown>;
  /** As it would stand in the file; for a path it may begin with `{instance}`, `{root}` or `{state}`. */
  readonly fallback: string | readonly string[];
  /** One line for `jaild config show` and the docs. */
  readonly help: string;
}

export type Section = Readonly<Record<string, Setting>>;

/** What a section's settings load to. */
export type Loaded<From extends Section> = {
  readonly [Key in keyof From as From[Key]['name']]: From[Key] extends Setting<string, infer Value> ? Value : never;
};

export function single<const Name extends string, Value>(
  name: Name,
  type: z.ZodType<Value, string>,
  fallback: string,
  help: string,
): Setting<Name, Value> {
  return { name, kind: 'single', type, fallback, help };
}

/** A path; written relative, it is relative to the directory of the file that names it. */
export function location<const Name extends string, Value>(
  name: Name,
  type: z.ZodType<Value, string>,
  fallback: string,
  help: string,
): Setting<Name, Value> {
  return { name, kind: 'path', type, fallback, help };
}

/** A list: `key[] = one` on lines of their own, or `key = one, two`. */
export function list<const Name extends string, Value>(
  name: Name,
  type: z.ZodType<Value, string>,
  fallback: readonly string[],
  help: string,
): Setting<Name, readonly Value[]> {
  return { name, kind: 'list', type: z.array(type).max(256), fallback, help };
}
