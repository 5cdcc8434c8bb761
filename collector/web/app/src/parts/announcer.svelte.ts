/** announced is what was said last; a part of App shows it and has it read out. */
export const announced = $state({ text: '', failed: false, number: 0 })

/** announce says what happened without a reload: "Saved." */
export function announce(text: string, { failed = false } = {}) {
  announced.text = text
  announced.failed = failed
  announced.number++
}
