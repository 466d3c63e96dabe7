using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Events.Collection;

/// <summary>
/// Writes events of one organization in one transaction: leaves out what was here before and what must not be kept, finds
/// out whom the rest is about, writes down what was told of them, and appends to the log.
/// </summary>
internal sealed class WriteEvents(Databases databases)
{
    private sealed record Resolved(Guid[] Profiles, Guid[] Refusing);

    /// <remarks>When it throws nothing was written, and it may be called again with the same events.</remarks>
    public Task Write(Source source, List<CollectedEvent> events, List<(Source Source, RefusedEvent Event)> refused, CancellationToken ct) =>
        new Db(databases.Application, Tenant.System(source.OrganizationId)).InTransaction(t => Write(t, source.Settings, events, refused, ct), ct);

    /// <summary>The same in a transaction of the platform itself that is under way.</summary>
    public static async Task Write(Transaction t, CollectionSettings settings, List<CollectedEvent> events, List<(Source Source, RefusedEvent Event)> refused, CancellationToken ct)
    {
        foreach (var each in events) (each.Fate, each.Profile) = (Fate.Waiting, null);
        await WithoutRepeats(t, events, ct);
        await WithoutErased(t, events, ct);
        await Resolve(t, settings, events, ct);
        var fresh = events.Where(e => e.Fate == Fate.Waiting).ToList();
        await PeopleTold.Write(t, settings, fresh, ct);
        await Append(t, fresh, ct);
        await Quarantine(t, refused, ct);
        foreach (var each in fresh) each.Fate = Fate.Stored;
    }

    private static async Task WithoutRepeats(Transaction t, List<CollectedEvent> events, CancellationToken ct)
    {
        var ids = events.Where(e => e.MessageId is not null).Select(e => e.MessageId!).Distinct(StringComparer.Ordinal).ToArray();
        if (ids.Length == 0) return;
        var taken = (await t.List<string>($"""
            insert into log.message_ids (organization_id, message_id)
            select platform.organization(), m.message_id from unnest({ids}) as m (message_id)
            order by m.message_id -- one order for all writers: no deadlock between batches that share ids
            on conflict do nothing
            returning message_id
            """, ct)).ToHashSet(StringComparer.Ordinal);
        // Remove, not Contains: the first of several equal ids in one call is the one that counts.
        foreach (var each in events)
            if (each.MessageId is not null && !taken.Remove(each.MessageId)) each.Fate = Fate.Duplicate;
    }

    // Under whose name somebody was erased, nothing is taken any more.
    private static async Task WithoutErased(Transaction t, List<CollectedEvent> events, CancellationToken ct)
    {
        var words = events.Where(e => e.Fate == Fate.Waiting).SelectMany(Words).Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
        if (words.Length == 0) return;
        var erased = (await t.List<string>($"select customers.suppressed({words})", ct)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (erased.Count == 0) return;
        foreach (var each in events.Where(e => e.Fate == Fate.Waiting && Words(e).Any(erased.Contains))) each.Fate = Fate.Dropped;
    }

    private static IEnumerable<string> Words(CollectedEvent e)
    {
        if (e.UserId is not null) yield return e.UserId;
        if (e.VisitorId is not null) yield return e.VisitorId;
        if (e.PreviousId is not null) yield return e.PreviousId;
        if (!string.IsNullOrEmpty(e.Email)) yield return e.Email;
        if (!string.IsNullOrEmpty(e.Phone)) yield return e.Phone;
    }

    private static async Task Resolve(Transaction t, CollectionSettings settings, List<CollectedEvent> events, CancellationToken ct)
    {
        foreach (var each in events.Where(e => e.Fate == Fate.Waiting && e.Refused)) Refuse(each, settings);
        var named = events.Where(e => e.Fate == Fate.Waiting && (e.UserId ?? Visitor(e)) is not null).ToList();
        if (named.Count == 0) return;
        var pairs = named.GroupBy(e => (e.UserId, Visitor: Visitor(e))).ToList();
        var found = await t.One<Resolved>($"""
            select r.profiles, case when exists (select from customers.tracking_refusals f where f.organization_id = platform.organization())
                               then array(select customers.refusing(r.profiles)) else array[]::uuid[] end as refusing
            from (select customers.resolve({pairs.Select(p => p.Key.UserId).ToArray()}, {pairs.Select(p => p.Key.Visitor).ToArray()},
                                           {pairs.Select(p => p.Min(e => e.OccurredAt)).ToArray()}, 'api', {settings.MaxBrowsers}) as profiles offset 0) r
            """, ct);
        foreach (var (pair, profile) in pairs.Zip(found.Profiles))
        {
            foreach (var each in pair)
            {
                each.Profile = profile;
                if (found.Refusing.Contains(profile)) Refuse(each, settings);
            }
        }
    }

    // The id somebody had before stands beside the new one as a browser's would.
    private static string? Visitor(CollectedEvent e) => e.Call == Call.Alias ? e.PreviousId : e.VisitorId;

    private static void Refuse(CollectedEvent e, CollectionSettings settings)
    {
        if (settings.StripRefused) e.Strip();
        else e.Fate = Fate.Dropped;
    }

    private static async Task Append(Transaction t, List<CollectedEvent> events, CancellationToken ct)
    {
        if (events.Count == 0) return;
        T[] Column<T>(Func<CollectedEvent, T> of) => [.. events.Select(of)];
        await t.Run($"""
            insert into log.events (
                organization_id, id, workspace_id, event_type, event_name, event_category, properties, context, event_value, currency,
                customer_id, session_id, page_url, page_title, referrer_url, ip_address, user_agent, device_type, browser, os, screen_resolution,
                country, city, utm_source, utm_medium, utm_campaign, utm_term, utm_content, occurred_at, claimed_at, data_source, source_system, batch_id)
            select
                platform.organization(), n.id, n.workspace_id, n.event_type, n.event_name, n.event_category, n.properties::jsonb, n.context::jsonb,
                n.event_value, n.currency, n.customer_id, n.session_id, n.page_url, n.page_title, n.referrer_url, n.ip_address, n.user_agent,
                n.device_type, n.browser, n.os, n.screen_resolution, n.country, n.city, n.utm_source, n.utm_medium, n.utm_campaign, n.utm_term, n.utm_content,
                log.moment(n.claimed), nullif(n.claimed, log.moment(n.claimed)), n.data_source, n.library, n.batch_id
            from unnest(
                {Column(e => e.Id)}, {Column(e => e.WorkspaceId)}, {Column(e => e.Type)}, {Column(e => e.Name)},
                {Column(e => e.Type.StartsWith("order_", StringComparison.Ordinal) ? "transaction" : "behaviour")}, {Column(e => e.Properties)}, {Column(e => e.Context)},
                {Column(e => e.Value)}, {Column(e => e.Currency)}, {Column(e => e.Profile)}, {Column(e => e.SessionId)}, {Column(e => e.PageUrl)}, {Column(e => e.PageTitle)},
                {Column(e => e.Referrer)}, {Column(e => e.Ip)}::inet[], {Column(e => e.UserAgent)}, {Column(e => e.Device)}, {Column(e => e.Browser)}, {Column(e => e.Os)},
                {Column(e => e.Screen)}, {Column(e => e.Country)}, {Column(e => e.City)}, {Column(e => e.UtmSource)}, {Column(e => e.UtmMedium)}, {Column(e => e.UtmCampaign)},
                {Column(e => e.UtmTerm)}, {Column(e => e.UtmContent)}, {Column(e => e.OccurredAt)}, {Column(e => e.DataSource)}, {Column(e => e.Library)}, {Column(e => e.BatchId)}
            ) as n (
                id, workspace_id, event_type, event_name, event_category, properties, context, event_value, currency, customer_id, session_id, page_url, page_title,
                referrer_url, ip_address, user_agent, device_type, browser, os, screen_resolution, country, city, utm_source, utm_medium, utm_campaign,
                utm_term, utm_content, claimed, data_source, library, batch_id)
            """, ct);
    }

    private static async Task Quarantine(Transaction t, List<(Source Source, RefusedEvent Event)> refused, CancellationToken ct)
    {
        if (refused.Count == 0) return;
        T[] Column<T>(Func<(Source Source, RefusedEvent Event), T> of) => [.. refused.Select(of)];
        await t.Run($"""
            insert into events.quarantined_events (workspace_id, reason, problems, event_type, payload, message_id)
            select n.workspace_id, 'unreadable', array[n.problem], left(n.event_type, 200), n.payload::jsonb, left(n.message_id, 200)
            from unnest({Column(r => r.Source.WorkspaceId)}, {Column(r => r.Event.Problem)}, {Column(r => r.Event.EventType)}, {Column(r => r.Event.Payload)}, {Column(r => r.Event.MessageId)})
                as n (workspace_id, problem, event_type, payload, message_id)
            -- Sent again by a library that was not answered in time.
            where n.message_id is null or not exists (select from events.quarantined_events q
                where q.organization_id = platform.organization() and q.status = 'waiting' and q.message_id = left(n.message_id, 200))
            """, ct);
    }
}
