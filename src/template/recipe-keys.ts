/** The kinds of source that this version builds from. */
export const sourceKinds = ['host', 'debootstrap'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** How a key's text is read: free text, one word by a pattern, or a list (`key[] =` lines, or one line with blanks or commas). */
export type KeyRule =
  | { readonly kind: 'text'; readonly maxLength: number }
  | { readonly kind: 'word'; readonly pattern: RegExp; readonly means: string }
  | { readonly kind: 'list'; readonly pattern: RegExp; readonly means: string };

const relativePath = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[A-Za-z0-9][A-Za-z0-9_.+@/-]{0,199}$/;
const suite = /^[a-z][a-z0-9-]{1,39}$/;

/** Every section and key of a recipe; anything else is an error with the nearest name. `include` is allowed in each. */
export const recipeKeys = {
  template: {
    description: { kind: 'text', maxLength: 200 },
    source: {
      kind: 'word',
      pattern: new RegExp(`^(?:${sourceKinds.join('|')})$`),
      means: `one of ${sourceKinds.join(', ')}`,
    },
  },
  host: {
    exclude: { kind: 'list', pattern: relativePath, means: 'a path below /usr, without a leading slash' },
    etc: { kind: 'list', pattern: relativePath, means: 'a path below /etc, without a leading slash' },
  },
  debootstrap: {
    suite: { kind: 'word', pattern: suite, means: 'the name of a Debian suite, as in bookworm' },
    variant: {
      kind: 'word',
      pattern: /^(?:apt|required|minbase|important|standard)$/,
      means: 'one of apt, required, minbase, important, standard',
    },
    components: { kind: 'list', pattern: /^[a-z][a-z0-9/-]{1,39}$/, means: 'a component of the archive, as in main' },
    packages: {
      kind: 'list',
      pattern: /^[a-z0-9][a-z0-9+.-]{1,99}(?::[a-z0-9]{2,12})?$/,
      means: 'the name of a Debian package',
    },
  },
} as const satisfies Record<string, Record<string, KeyRule>>;

export type RecipeSection = keyof typeof recipeKeys;

/** Names a fragment: `include = base` reads `fragments/base.ini` beside the recipe, else beside the shipped ones. */
export const fragmentPattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
