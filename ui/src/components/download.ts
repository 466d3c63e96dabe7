/** Hands something the console has in memory to the browser as a file. */
export function save(content: Blob | string, fileName: string) {
  const url = typeof content === 'string' ? content : URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  if (typeof content !== 'string') setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const saveText = (text: string, fileName: string, type: string) =>
  save(new Blob([text], { type: `${type};charset=utf-8` }), fileName);
