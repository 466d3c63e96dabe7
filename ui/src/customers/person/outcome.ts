import type { CustomerDetail } from '../../api/types';
import type { Key } from '../../i18n/catalogue';

/** What a person has once; where both have it, the survivor's counts. */
export const singular = {
  name: 'customer.name',
  email: 'customer.email',
  phone: 'customer.phone',
  city: 'customer.city',
  state: 'customer.state',
  country: 'country.label',
} as const satisfies Partial<Record<keyof CustomerDetail, Key>>;

export type Singular = keyof typeof singular;

export interface Outcome {
  /** What the survivor lacks and the other has. */
  takes: Singular[];
  /** What both have, and differently. */
  differs: Singular[];
  tags: string[];
  attributes: string[];
  /** Whether the other was here first. */
  earlier: boolean;
}

/** What becomes of the survivor, by the server's rules for a merge. */
export function outcomeOf(survivor: CustomerDetail, merged: CustomerDetail): Outcome {
  const fields = Object.keys(singular) as Singular[];
  return {
    takes: fields.filter((field) => survivor[field] === null && merged[field] !== null),
    differs: fields.filter((field) => survivor[field] !== null && merged[field] !== null && survivor[field] !== merged[field]),
    tags: merged.tags.filter((tag) => !survivor.tags.includes(tag)),
    attributes: Object.keys(merged.customAttributes).filter((name) => !(name in survivor.customAttributes)),
    earlier: Date.parse(merged.firstSeenAt) < Date.parse(survivor.firstSeenAt),
  };
}
