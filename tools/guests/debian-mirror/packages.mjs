// Debian's package indices: their paragraphs, and which packages a choice of packages needs in turn. Debian policy 5 and 7. Pure.

/**
 * A package as an index describes it.
 * @typedef {object} Package
 * @property {string} name
 * @property {string} version
 * @property {string} text the whole paragraph, without the empty line after it
 * @property {string} filename its path in the archive
 * @property {number} size bytes
 * @property {string} sha256 in hexadecimal
 * @property {ReadonlyMap<string, string>} fields the fields by name, continuation lines included
 */

/**
 * The packages of an index.
 * @param {string} index
 * @returns {Package[]}
 */
export function parsePackages(index) {
  return index.split(/\n\n+/).map((text) => text.trim()).filter(Boolean).map((text) => {
    const fields = new Map(text.split(/\n(?=\S)/).map((field) => {
      const colon = field.indexOf(':');
      return /** @type {const} */ ([field.slice(0, colon), field.slice(colon + 1).trim()]);
    }));
    const field = (/** @type {string} */ name) => {
      const value = fields.get(name);
      if (value === undefined) throw new Error(`the package ${fields.get('Package') ?? '?'} has no field ${name} in its index`);
      return value;
    };
    return { name: field('Package'), version: field('Version'), text, filename: field('Filename'), size: Number(field('Size')), sha256: field('SHA256'), fields };
  });
}

/**
 * These packages and all that they need in turn. Of alternatives, and of several providers, one that is wanted anyway, or else the first.
 * @param {readonly Package[]} packages
 * @param {readonly string[]} wanted
 * @returns {Package[]} by name
 * @throws {Error} when a package needs one that there is not
 */
export function closure(packages, wanted) {
  const byName = new Map(packages.map((each) => [each.name, each]));
  /** @type {Map<string, Package>} */
  const providers = new Map();
  for (const each of packages) {
    for (const { name } of relations(each.fields.get('Provides')).flat()) if (!providers.has(name) || wanted.includes(each.name)) providers.set(name, each);
  }
  /** @type {Map<string, Package>} */
  const taken = new Map();

  const take = (/** @type {string} */ name, /** @type {string} */ reason) => {
    const found = byName.get(name) ?? providers.get(name);
    if (!found) throw new Error(`the archive has no package ${name}, which ${reason}`);
    if (taken.has(found.name)) return;
    taken.set(found.name, found);
    for (const alternatives of [...relations(found.fields.get('Pre-Depends')), ...relations(found.fields.get('Depends'))]) {
      if (alternatives.some((each) => taken.has(each.name) || isProvided(each.name))) continue;
      const chosen = alternatives.find((each) => wanted.includes(each.name)) ?? alternatives.find((each) => byName.has(each.name)) ?? alternatives.find((each) => providers.has(each.name)) ?? alternatives[0];
      if (chosen) take(chosen.name, `${found.name} needs`);
    }
  };
  const isProvided = (/** @type {string} */ name) => [...taken.values()].some((each) => relations(each.fields.get('Provides')).flat().some((one) => one.name === name));

  for (const name of wanted) take(name, 'is asked for');
  return [...taken.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A field such as Depends: all of its parts, each a list of alternatives. Versions are not looked at: an archive's packages fit each other.
 * @param {string | undefined} field
 * @returns {{ name: string }[][]}
 */
function relations(field) {
  if (!field) return [];
  return field.split(',').map((part) => part.trim()).filter(Boolean).map((part) => part.split('|').map((each) => ({ name: each.trim().replace(/[\s(:[].*$/s, '') })));
}
