// node send.mjs CLIENT URL KEY TAG: sends with a real SDK what its documentation shows, and ends when the SDK says that it is done.
// TAG stands in every id, so that a test finds its own.
const [client, url, key, tag] = process.argv.slice(2);
const user = `user-${tag}`;

const senders = {
  async segment() {
    const { Analytics } = await import("@segment/analytics-node");
    const analytics = new Analytics({ writeKey: key, host: url, flushAt: 5 });
    analytics.on("error", fail);
    analytics.identify({ userId: user, traits: { email: `${user}@example.com`, plan: "pro" } });
    analytics.track({ userId: user, event: "Order Completed", properties: { order_id: tag, total: 42.5 } });
    analytics.page({ userId: user, name: "Home", properties: { url: "https://shop.example/" } });
    analytics.group({ userId: user, groupId: `group-${tag}`, traits: { name: "Initech" } });
    analytics.alias({ userId: user, previousId: `before-${tag}` });
    await analytics.closeAndFlush();
  },
  async rudderstack() {
    const { default: Analytics } = await import("@rudderstack/rudder-sdk-node");
    const analytics = new (Analytics.default ?? Analytics)(key, { dataPlaneUrl: url, gzip: true, flushAt: 20, flushInterval: 100 });
    analytics.identify({ userId: user, traits: { email: `${user}@example.com` } });
    analytics.track({ userId: user, event: "Order Completed", properties: { order_id: tag, total: 42.5 } });
    analytics.group({ userId: user, groupId: `group-${tag}`, traits: { name: "Initech" } });
    await new Promise((done, failed) => analytics.flush((error) => (error ? failed(error) : done())));
  },
  async posthog() {
    const { PostHog } = await import("posthog-node");
    const posthog = new PostHog(key, { host: url, flushAt: 20 });
    posthog.on?.("error", fail);
    posthog.identify({ distinctId: user, properties: { email: `${user}@example.com` } });
    posthog.capture({ distinctId: user, event: "Order Completed", properties: { order_id: tag, total: 42.5 } });
    posthog.alias({ distinctId: user, alias: `before-${tag}` });
    posthog.groupIdentify({ groupType: "company", groupKey: `group-${tag}`, properties: { name: "Initech" } });
    await posthog.shutdown();
  },
};

function fail(error) {
  console.error(error);
  process.exitCode = 1;
}

await senders[client]();
console.log("sent");
process.exit();
