/** Other values than a given one, near it and at the borders of its kind. */
export function variantsOf(value: unknown): readonly unknown[] {
  switch (typeof value) {
    case 'string':
      return [
        '',
        `${value}a`,
        `a${value}`,
        value.slice(1),
        value.slice(0, -1),
        value.toUpperCase(),
        null,
        undefined,
        1,
      ]
    case 'number':
      return [value + 1, value - 1, 0, -value, Number.NaN, null, undefined, String(value)]
    case 'boolean':
      return [!value, undefined, null]
    case 'undefined':
      return [null, '', 0, true, {}, [], 'a']
    case 'function':
      return [undefined, null]
    case 'object':
      if (value === null) return [undefined, '', 0, true, {}, [], 'a']
      return Array.isArray(value) ? variantsOfList(value) : variantsOfObject(value)
    default:
      return [undefined]
  }
}

function variantsOfList(list: readonly unknown[]): readonly unknown[] {
  return [
    [],
    list.slice(1),
    list.slice(0, -1),
    [...list, ...list.slice(0, 1)],
    [null, ...list],
    null,
    undefined,
    'a',
  ]
}

function variantsOfObject(value: object): readonly unknown[] {
  // What has a class of its own is more than its members.
  if (Object.getPrototypeOf(value) !== Object.prototype) return [undefined, null, {}]
  const entries = Object.entries(value)
  return [
    {},
    ...entries.slice(0, 6).flatMap(([key, member], index) => [
      Object.fromEntries(entries.filter((_, other) => other !== index)),
      ...variantsOf(member)
        .slice(0, 2)
        .map((other) => ({ ...value, [key]: other })),
    ]),
    null,
    undefined,
    [],
    'a',
  ]
}
