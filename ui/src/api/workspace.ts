/** The workspace a person works in, organization by organization: a choice of this browser, sent along with every request. */
const at = (organization: string) => `clientele.workspace.${organization}`;

const watchers = new Set<() => void>();

/** Calls back whenever a choice changes; returns how to stop it. */
export function watchWorkspace(watcher: () => void) {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Null: in all of them. */
export function chosenWorkspace(organization: string): string | null {
  try {
    return localStorage.getItem(at(organization));
  } catch {
    // A browser that keeps nothing works in all of them.
    return null;
  }
}

export function chooseWorkspace(organization: string, slug: string | null) {
  try {
    if (slug === null) localStorage.removeItem(at(organization));
    else localStorage.setItem(at(organization), slug);
  } catch {
    // As above.
  }
  for (const watcher of watchers) watcher();
}
