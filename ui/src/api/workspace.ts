/** The workspace a person works in, organization by organization: a choice of this browser, sent along with every request. */
const at = (organization: string) => `clientele.workspace.${organization}`;

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
}
