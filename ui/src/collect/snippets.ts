/** What to paste, by the library that sends. Names are the libraries' own. */
export const snippets = (host: string, key: string): { id: string; name: string | null; text: string }[] => [
  { id: 'script', name: null, text: `<script async src="${host}/clientele.js" data-key="${key}"></script>` },
  {
    id: 'segment-js',
    name: 'analytics.js (@segment/analytics-next)',
    text: `import { AnalyticsBrowser } from '@segment/analytics-next'\n\nconst analytics = AnalyticsBrowser.load({ writeKey: '${key}', cdnURL: '${host}' })\nanalytics.page()`,
  },
  {
    id: 'segment-node',
    name: 'Node (@segment/analytics-node)',
    text: `import { Analytics } from '@segment/analytics-node'\n\nconst analytics = new Analytics({ writeKey: '${key}', host: '${host}' })\nanalytics.track({ userId: '42', event: 'Order Completed', properties: { total: 27.5 } })`,
  },
  {
    id: 'rudder-node',
    name: 'Node (@rudderstack/rudder-sdk-node)',
    text: `import Analytics from '@rudderstack/rudder-sdk-node'\n\nconst analytics = new Analytics('${key}', { dataPlaneUrl: '${host}' })\nanalytics.track({ userId: '42', event: 'Order Completed' })`,
  },
  {
    id: 'posthog-node',
    name: 'Node (posthog-node)',
    text: `import { PostHog } from 'posthog-node'\n\nconst posthog = new PostHog('${key}', { host: '${host}' })\nposthog.capture({ distinctId: '42', event: 'Order Completed' })`,
  },
  {
    id: 'curl',
    name: 'curl',
    text: `curl -u '${key}:' ${host}/v1/track -d '{"userId": "42", "event": "Order Completed", "properties": {"total": 27.5}}'`,
  },
];
