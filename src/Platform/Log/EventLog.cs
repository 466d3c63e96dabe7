using Clientele.Platform.Data;

namespace Clientele.Platform.Log;

/// <summary>The way into the log. Append in the transaction that changes the state the event tells of.</summary>
public static class EventLog
{
    /// <summary>
    /// Appends all events of one organization (the transaction's) in one statement. Those whose message id was taken
    /// before are left out.
    /// </summary>
    /// <returns>How many were appended.</returns>
    public static async Task<int> Append(Transaction transaction, IReadOnlyList<NewEvent> events, CancellationToken ct)
    {
        if (events.Count == 0) return 0;
        var organization = transaction.Tenant.OrganizationId ?? throw new InvalidOperationException("Events are appended for one organization.");
        var fresh = await WithoutRepeats(transaction, organization, events, ct);
        if (fresh.Count == 0) return 0;
        T[] Column<T>(Func<NewEvent, T> of) => [.. fresh.Select(of)];

        var claimed = Column(e => e.OccurredAt);
        return (int)await transaction.Run($"""
            insert into log.events (
                organization_id, id, workspace_id, event_type, event_name, event_category, properties, event_value, currency,
                customer_id, session_id, page_url, page_title, referrer_url, ip_address, user_agent, device_type, browser, os,
                country, city, utm_source, utm_medium, utm_campaign, occurred_at, claimed_at, data_source, batch_id)
            select
                {organization}, n.id, n.workspace_id, n.event_type, coalesce(n.event_name, n.event_type), n.event_category, n.properties::jsonb,
                n.event_value, n.currency, n.customer_id, n.session_id, n.page_url, n.page_title, n.referrer_url, n.ip_address, n.user_agent,
                n.device_type, n.browser, n.os, n.country, n.city, n.utm_source, n.utm_medium, n.utm_campaign,
                log.moment(n.claimed), nullif(n.claimed, log.moment(n.claimed)), n.data_source, n.batch_id
            from unnest(
                {Column(e => e.Id)}, {Column(e => e.WorkspaceId)}, {Column(e => e.Type)}, {Column(e => e.Name)}, {Column(e => e.Category)},
                {Column(e => e.Properties.Text)}, {Column(e => e.Value)}, {Column(e => e.Currency)}, {Column(e => e.CustomerId)},
                {Column(e => e.SessionId)}, {Column(e => e.PageUrl)}, {Column(e => e.PageTitle)}, {Column(e => e.ReferrerUrl)},
                {Column(e => e.IpAddress)}::inet[], {Column(e => e.UserAgent)}, {Column(e => e.DeviceType)}, {Column(e => e.Browser)},
                {Column(e => e.Os)}, {Column(e => e.Country)}, {Column(e => e.City)}, {Column(e => e.UtmSource)}, {Column(e => e.UtmMedium)},
                {Column(e => e.UtmCampaign)}, {claimed}, {Column(e => e.DataSource)}, {Column(e => e.BatchId)}
            ) as n (
                id, workspace_id, event_type, event_name, event_category, properties, event_value, currency, customer_id,
                session_id, page_url, page_title, referrer_url, ip_address, user_agent, device_type, browser,
                os, country, city, utm_source, utm_medium, utm_campaign, claimed, data_source, batch_id)
            """, ct);
    }

    /// <summary>
    /// Makes everything a batch brought count no more: readers in SQL leave it out, and a control row tells the consumers.
    /// </summary>
    public static async Task Undo(Transaction transaction, Guid batchId, CancellationToken ct)
    {
        await transaction.Run($"""
            insert into log.undone_batches (organization_id, batch_id) values (platform.organization(), {batchId}) on conflict do nothing
            """, ct);
        await transaction.Run($"""
            select log.append('import_undone', properties => jsonb_build_object('batchId', {batchId}::uuid), event_name => 'Import undone', event_category => 'control')
            """, ct);
    }

    private static async Task<IReadOnlyList<NewEvent>> WithoutRepeats(
        Transaction transaction, Guid organization, IReadOnlyList<NewEvent> events, CancellationToken ct)
    {
        var ids = events.Where(e => e.MessageId is not null).Select(e => e.MessageId!).Distinct(StringComparer.Ordinal).ToArray();
        if (ids.Length == 0) return events;
        var taken = (await transaction.List<string>($"""
            insert into log.message_ids (organization_id, message_id)
            select {organization}, m.message_id from unnest({ids}) as m (message_id)
            order by m.message_id -- one order for all writers: no deadlock between batches that share ids
            on conflict do nothing
            returning message_id
            """, ct)).ToHashSet(StringComparer.Ordinal);
        // Remove, not Contains: the first of several equal ids in one call is the one that counts.
        return [.. events.Where(e => e.MessageId is null || taken.Remove(e.MessageId))];
    }
}
