import type { Key } from '../../i18n/catalogue';

/** The fields the console has words for; others are shown with the server's label and description. */
export const fieldWords: Record<string, { label: Key; hint: Key }> = {
  orderNumber: { label: 'field.orderNumber', hint: 'field.orderNumber.hint' },
  orderedAt: { label: 'field.orderedAt', hint: 'field.orderedAt.hint' },
  productId: { label: 'field.productId', hint: 'field.productId.hint' },
  quantity: { label: 'field.quantity', hint: 'field.quantity.hint' },
  unitPrice: { label: 'field.unitPrice', hint: 'field.unitPrice.hint' },
  productName: { label: 'field.productName', hint: 'field.productName.hint' },
  customerId: { label: 'field.customerId', hint: 'field.customerId.hint' },
  customerEmail: { label: 'field.customerEmail', hint: 'field.customerEmail.hint' },
  customerName: { label: 'field.customerName', hint: 'field.customerName.hint' },
  country: { label: 'field.country', hint: 'field.country.hint' },
  status: { label: 'field.status', hint: 'field.status.hint' },
  currency: { label: 'field.currency', hint: 'field.currency.hint' },
};
