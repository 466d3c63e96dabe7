using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Events.Collection;

/// <summary>
/// Writes events of one workspace in one transaction: leaves out what was here before and what must not be kept, finds
/// out whom the rest is about, writes down what was told of them, and appends to the log.
/// </summary>
internal sealed class WriteEvents(Databases databases)
{
    /// <summary>
    /// Whether a refusal may be of this moment only: somebody else has just made the same row, removed one that this refers to, or merged or erased whom it is about. The next look sees what they did.
    /// </summary>
    public static bool MayPass(PostgresException e) => e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation or "CL001";

    /// <param name="Profiles">Of each pair of ids, in their order; null where that must wait until it is known whose events are left.</param>
    private sealed record Looked(string[] Repeats, string[] Erased, Guid[]? Profiles, Guid[] Refusing);

    private sealed record Resolved(Guid[] Profiles, Guid[] Refusing);

    /// <remarks>When it throws nothing was written, and it may be called again with the same events.</remarks>
    public Task Write(Source source, List<CollectedEvent> events, List<(Source Source, RefusedEvent Event)> refused, CancellationToken ct) =>
        new Db(databases.Application, Tenant.System(source.OrganizationId)).InTransaction(async t =>
        {
            await Write(t, source.Settings, events, refused, ct);
            return true;
        }, straight: true, ct);

    /// <summary>The same in a transaction of the platform itself that is under way.</summary>
    public static async Task Write(Transaction t, CollectionSettings settings, List<CollectedEvent> events, List<(Source Source, RefusedEvent Event)> refused, CancellationToken ct)
    {
        foreach (var each in events) (each.Fate, each.Profile) = (Fate.Waiting, null);
        await Look(t, settings, events, ct);
        var fresh = events.Where(e => e.Fate == Fate.Waiting).ToList();
        await PeopleTold.Write(t, settings, fresh, ct);
        await Append(t, fresh, ct);
        await Quarantine(t, refused, ct);
        foreach (var each in fresh) each.Fate = Fate.Stored;
    }

    /// <summary>
    /// Which events were here before, which are about people who were erased, and whom the others are about. Nearly always it is all of
    /// them and one round trip; where some fall away, the ids of the others are looked at in a second one, since those tell nothing any more.
    /// </summary>
    private static async Task Look(Transaction t, CollectionSettings settings, List<CollectedEvent> events, CancellationToken ct)
    {
        // The first of several equal ids in one call is the one that counts.
        var ids = new HashSet<string>(events.Count, StringComparer.Ordinal);
        var words = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var each in events)
        {
            if (each.MessageId is not null && !ids.Add(each.MessageId)) each.Fate = Fate.Duplicate;
            words.UnionWith(Words(each));
        }
        var pairs = Pairs(events);
        if (ids.Count > 0 || words.Count > 0)
        {
            var looked = await t.One<Looked>($"""
                with taken as (
                    insert into log.message_ids (organization_id, message_id)
                    select platform.organization(), m.message_id from unnest({ids.ToArray()}) as m (message_id)
                    order by m.message_id -- one order for all writers: no deadlock between batches that share ids
                    on conflict do nothing
                    returning message_id
                ), looked as materialized (
                    select array(select m.message_id from unnest({ids.ToArray()}) as m (message_id) where m.message_id not in (select t.message_id from taken t)) as repeats,
                           array(select customers.suppressed({words.ToArray()})) as erased
                )
                select r.*, {Refusing}
                from (select l.*, case when l.repeats = '{Sql.Raw("{}")}' and l.erased = '{Sql.Raw("{}")}' then {Resolve(pairs, settings)} end as profiles from looked l offset 0) r
                """, ct);
            if (looked.Profiles is { } profiles) Assign(pairs, profiles, looked.Refusing, settings);
            else
            {
                var (repeats, erased) = (looked.Repeats.ToHashSet(StringComparer.Ordinal), looked.Erased.ToHashSet(StringComparer.OrdinalIgnoreCase));
                foreach (var each in events.Where(e => e.Fate == Fate.Waiting))
                {
                    if (each.MessageId is not null && repeats.Contains(each.MessageId)) each.Fate = Fate.Duplicate;
                    // Under whose name somebody was erased, nothing is taken any more.
                    else if (Words(each).Any(erased.Contains)) each.Fate = Fate.Dropped;
                }
                pairs = Pairs(events);
                if (pairs.Count > 0)
                {
                    var found = await t.One<Resolved>($"select r.profiles, {Refusing} from (select {Resolve(pairs, settings)} as profiles offset 0) r", ct);
                    Assign(pairs, found.Profiles, found.Refusing, settings);
                }
            }
        }
        foreach (var each in events.Where(e => e.Fate == Fate.Waiting && e.Refused)) Refuse(each, settings);
    }

    private static List<IGrouping<(string? UserId, string? Visitor), CollectedEvent>> Pairs(List<CollectedEvent> events) =>
        [.. events.Where(e => e.Fate == Fate.Waiting && !e.Refused && (e.UserId ?? Visitor(e)) is not null).GroupBy(e => (e.UserId, Visitor: Visitor(e)))];

    private static Sql Resolve(List<IGrouping<(string? UserId, string? Visitor), CollectedEvent>> pairs, CollectionSettings settings) => $"""
        customers.resolve({pairs.Select(p => p.Key.UserId).ToArray()}, {pairs.Select(p => p.Key.Visitor).ToArray()}, {pairs.Select(p => p.Min(e => e.OccurredAt)).ToArray()}, 'api', {settings.MaxBrowsers})
        """;

    private static Sql Refusing => Sql.Raw("""
        case when exists (select from customers.tracking_refusals f where f.organization_id = platform.organization())
             then array(select customers.refusing(r.profiles)) else array[]::uuid[] end as refusing
        """);

    private static void Assign(List<IGrouping<(string? UserId, string? Visitor), CollectedEvent>> pairs, Guid[] profiles, Guid[] refusing, CollectionSettings settings)
    {
        foreach (var (pair, profile) in pairs.Zip(profiles))
        {
            foreach (var each in pair)
            {
                each.Profile = profile;
                if (refusing.Contains(profile)) Refuse(each, settings);
            }
        }
    }

    private static IEnumerable<string> Words(CollectedEvent e)
    {
        if (e.UserId is not null) yield return e.UserId;
        if (e.VisitorId is not null) yield return e.VisitorId;
        if (e.PreviousId is not null) yield return e.PreviousId;
        if (!string.IsNullOrEmpty(e.Email)) yield return e.Email;
        if (!string.IsNullOrEmpty(e.Phone)) yield return e.Phone;
    }

    // The id somebody had before stands beside the new one as a browser's would.
    private static string? Visitor(CollectedEvent e) => e.Call == Call.Alias ? e.PreviousId : e.VisitorId;

    private static void Refuse(CollectedEvent e, CollectionSettings settings)
    {
        if (settings.StripRefused) e.Strip();
        else e.Fate = Fate.Dropped;
    }

    /// <summary>One statement. Columns of which no event tells anything are left out: each costs something for every row.</summary>
    private static async Task Append(Transaction t, List<CollectedEvent> events, CancellationToken ct)
    {
        if (events.Count == 0) return;
        var columns = new List<(string Name, Sql Values)>(32);
        T[] Column<T>(Func<CollectedEvent, T> of)
        {
            var values = new T[events.Count];
            for (var i = 0; i < values.Length; i++) values[i] = of(events[i]);
            return values;
        }
        void Always<T>(string name, Func<CollectedEvent, T> of) => columns.Add((name, $"{Column(of)}"));
        void Told<T>(string name, Func<CollectedEvent, T> of)
        {
            if (events.Exists(e => of(e) is not null)) Always(name, of);
        }
        Always("id", e => e.Id);
        Always("event_type", e => e.Type);
        Always("event_name", e => e.Name);
        Told("event_value", e => e.Value);
        Told("currency", e => e.Currency);
        Told("customer_id", e => e.Profile);
        Told("session_id", e => e.SessionId);
        Told("page_url", e => e.PageUrl);
        Told("page_title", e => e.PageTitle);
        Told("referrer_url", e => e.Referrer);
        if (events.Exists(e => e.Ip is not null)) columns.Add(("ip_address", $"{Column(e => e.Ip)}::inet[]"));
        Told("user_agent", e => e.UserAgent);
        Told("device_type", e => e.Device);
        Told("browser", e => e.Browser);
        Told("os", e => e.Os);
        Told("screen_resolution", e => e.Screen);
        Told("country", e => e.Country);
        Told("city", e => e.City);
        Told("utm_source", e => e.UtmSource);
        Told("utm_medium", e => e.UtmMedium);
        Told("utm_campaign", e => e.UtmCampaign);
        Told("utm_term", e => e.UtmTerm);
        Told("utm_content", e => e.UtmContent);
        Told("source_system", e => e.Library);
        var names = Sql.Composed(string.Join(", ", columns.Select(c => c.Name)));
        // Events of one call come from one workspace, one kind of source and one file.
        await t.Run($"""
            insert into log.events (organization_id, {names}, event_category, properties, context, occurred_at, claimed_at, workspace_id, data_source, batch_id)
            select platform.organization(), {names}, case when n.event_type like 'order\_%' then 'transaction' else 'behaviour' end, n.properties::jsonb, n.context::jsonb,
                   log.moment(n.claimed), nullif(n.claimed, log.moment(n.claimed)), {events[0].WorkspaceId}, {events[0].DataSource}, {events[0].BatchId}
            from unnest({Sql.Join(", ", columns.Select(c => c.Values))}, {Column(e => e.Properties)}, {Column(e => e.Context)}, {Column(e => e.OccurredAt)})
                as n ({names}, properties, context, claimed)
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
