// Keeps equal values once: the subscriptions of a group all carry the same parent and chain, and all of them are held at once.

/** Answers the first value that was given with the same JSON text. */
export function createPool<Value>(): (value: Value) => Value {
  const values = new Map<string, Value>();
  return (value) => {
    const text = JSON.stringify(value);
    const known = values.get(text);
    if (known !== undefined) return known;
    values.set(text, value);
    return value;
  };
}
