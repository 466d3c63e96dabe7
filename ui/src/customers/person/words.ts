import type { Customer, Merge } from '../../api/types';
import { customerName } from '../words';

export const mergedName = (merge: Merge) => merge.mergedName ?? merge.mergedExternalId;

/** What to call two people side by side: those of one name by their identifiers too. */
export function namesOfTwo(survivor: Customer, merged: Customer) {
  const alike = customerName(survivor) === customerName(merged);
  const call = (customer: Customer) =>
    alike ? `${customerName(customer)} (${customer.externalId ?? customer.id})` : customerName(customer);
  return { survivor: call(survivor), merged: call(merged) };
}
