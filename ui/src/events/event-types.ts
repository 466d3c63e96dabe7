import type { IconName } from '../components/Icon';
import type { Key } from '../i18n/catalogue';

/** The event types the console has words for. Others are shown by the name the server gives them. */
export const eventTypes = {
  order_completed: { label: 'event.order_completed', icon: 'cart' },
  order_placed: { label: 'event.order_placed', icon: 'cart' },
  order_refunded: { label: 'event.order_refunded', icon: 'refund' },
  order_adjusted: { label: 'event.order_adjusted', icon: 'adjust' },
  page_view: { label: 'event.page_view', icon: 'eye' },
  session_started: { label: 'event.session_started', icon: 'play' },
  product_viewed: { label: 'event.product_viewed', icon: 'eye' },
  product_added: { label: 'event.product_added', icon: 'plus' },
  product_removed: { label: 'event.product_removed', icon: 'undo' },
  products_searched: { label: 'event.products_searched', icon: 'eye' },
  checkout_started: { label: 'event.checkout_started', icon: 'cart' },
  signed_up: { label: 'event.signed_up', icon: 'person' },
  newsletter_subscribed: { label: 'event.newsletter_subscribed', icon: 'person' },
  import_completed: { label: 'event.import_completed', icon: 'import' },
  import_undone: { label: 'event.import_undone', icon: 'undo' },
} as const satisfies Record<string, { label: Key; icon: IconName }>;

export type KnownEventType = keyof typeof eventTypes;

export const isKnownEvent = (type: string): type is KnownEventType => Object.hasOwn(eventTypes, type);

export const iconOf = (type: string): IconName => (isKnownEvent(type) ? eventTypes[type].icon : 'dot');
