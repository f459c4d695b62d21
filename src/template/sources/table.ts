import type { SourceKind } from '../recipe-keys.js';
import { debootstrapSource } from './debootstrap.js';
import { hostSource } from './host.js';
import type { TemplateSource } from './source.js';

/** Who builds what: one entry per kind, or it does not compile. */
export const sources: Readonly<Record<SourceKind, TemplateSource>> = {
  host: hostSource,
  debootstrap: debootstrapSource,
};
