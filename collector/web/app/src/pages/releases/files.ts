// The files of a release.

const manifest = 'release.json'

/** inOrder gives files as the collector takes them, what lists the others first; undefined where that is missing. */
export function inOrder(files: File[]): File[] | undefined {
  const first = files.find((file) => file.name === manifest)
  return first && [first, ...files.filter((file) => file !== first)]
}
