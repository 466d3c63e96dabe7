using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Analytics.Queries.Following;

/// <summary>
/// Keeps what timelines know about profiles: which person each is, what is known of them now. Control rows of the log say when; what they say
/// is read from the tables, so that a row that only looks like one does nothing.
/// </summary>
internal sealed class ProfileMirror(Db db, TimelineFolder folder, TimeProvider clock)
{
    /// <summary>A change may commit this long after the time it is stamped with: longer than a transaction may last.</summary>
    private const int OverlapSeconds = 120;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private DateTimeOffset looked;
    private TimeSpan took;
    private DateTimeOffset? newest;
    private long changes = -1, deletions = -1;
    private int quietLooks;

    private sealed record Mapping(Guid OrganizationId, Guid ProfileId, Guid PersonId);

    private sealed record Batch(Guid OrganizationId, Guid BatchId);

    private sealed record Counters(long Changes, long Deletions);

    private sealed record Profile(
        Guid OrganizationId, Guid Id, bool Known, DateTimeOffset UpdatedAt, string? Country, string? State, string? City, string? Gender, string? Timezone, string CustomerType,
        string CustomerStatus, string LifecycleStage, string? AcquisitionChannel, string? AcquisitionCampaign, string? AcquisitionSource, string DataSource, JsonElement CustomAttributes);

    /// <summary>Does what a control row stands for, as the tables say it.</summary>
    public async Task Obey(ControlRow control, CancellationToken ct)
    {
        if (control.Type == "import_undone" && Ids(control, "batchId") is [var batch]) await LoadUndone(ct, control.Organization, batch);
        if (control.Type is not ("customers_merged" or "merge_undone" or "customer_erased")) return;
        var profiles = Ids(control, "merged", "followers", "survivor", "profiles");
        await LoadMap(control.Organization, profiles, ct);
        await Load(control.Organization, profiles, ct);
    }

    /// <summary>The profiles that a control row says were erased, and were.</summary>
    public Task<List<Guid>> Erased(ControlRow control, CancellationToken ct) => db.List<Guid>($"""
        select c.id from customers.customers c
        where c.organization_id = {control.Organization} and c.id = any ({Ids(control, "profiles")}) and c.erased_at is not null
        """, ct);

    /// <summary>Takes in who is who, of all or of some profiles.</summary>
    public async Task LoadMap(Guid? organization, Guid[] profiles, CancellationToken ct)
    {
        Sql some = organization is { } one ? $"where m.organization_id = {one} and m.profile_id = any ({profiles})" : Sql.Empty;
        var map = await db.List<Mapping>($"select m.organization_id, m.profile_id, m.person_id from customers.person_map m {some}", ct);
        foreach (var of in map.GroupBy(m => m.OrganizationId)) folder.Of(of.Key).Map(of.Select(m => (m.ProfileId, m.PersonId)));
        // Of those asked for, or of all that were somebody else, whoever is not in the map is so no more.
        var still = map.Select(m => (m.OrganizationId, m.ProfileId)).ToHashSet();
        foreach (var (id, store) in organization is { } asked ? [new(asked, folder.Of(asked))] : folder.Stores)
        {
            var free = (organization is null ? store.Mapped() : profiles).Where(p => !still.Contains((id, p))).ToList();
            if (free.Count > 0) store.Map(free.Select(p => (p, p)));
        }
    }

    public async Task LoadUndone(CancellationToken ct, Guid? organization = null, Guid batch = default)
    {
        Sql some = organization is { } one ? $"where u.organization_id = {one} and u.batch_id = {batch}" : Sql.Empty;
        foreach (var u in await db.List<Batch>($"select u.organization_id, u.batch_id from log.undone_batches u {some}", ct)) folder.Of(u.OrganizationId).Undo(u.BatchId);
    }

    /// <summary>
    /// Takes in what changed about customers. Whether anything did, PostgreSQL's own counters say for nothing; only then is the table read,
    /// for the rows changed since, and never for more than a tenth of the time.
    /// </summary>
    public async Task Refresh(bool force, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (!force && now - looked < (took * 10 > Every ? took * 10 : Every)) return;
        looked = now;
        var counters = await db.One<Counters>($"""
            select coalesce(n_tup_ins + n_tup_upd + n_tup_del, 0) as changes, coalesce(n_tup_del, 0) as deletions
            from (select) as one left join pg_stat_all_tables s on s.relid = 'customers.customers'::regclass
            """, ct);
        // The counters lag behind by a second or so: a few more looks after the last change.
        quietLooks = counters.Changes == changes ? quietLooks + 1 : 0;
        if (!force && newest is not null && quietLooks > 5) return;
        var began = clock.GetTimestamp();
        var deleted = counters.Deletions != deletions || force;
        (changes, deletions) = (counters.Changes, counters.Deletions);
        Sql since = newest is { } time ? $"where c.updated_at > {time.AddSeconds(-OverlapSeconds)}" : Sql.Empty;
        await Describe(since, ct);
        if (deleted) await Forget(ct);
        took = clock.GetElapsedTime(began);
    }

    /// <summary>Takes in what is known of some profiles.</summary>
    public Task Load(Guid organization, Guid[] profiles, CancellationToken ct) =>
        Describe($"where c.organization_id = {organization} and c.id = any ({profiles})", ct);

    private readonly Dictionary<(Guid, Guid), DateTimeOffset> seen = [];

    private async Task Describe(Sql where, CancellationToken ct)
    {
        var rows = await db.List<Profile>($"""
            select c.organization_id, c.id, c.erased_at is null as known, c.updated_at, c.country, c.state, c.city, c.gender, c.timezone, c.customer_type, c.customer_status,
                   c.lifecycle_stage, c.acquisition_channel, c.acquisition_campaign, c.acquisition_source, c.data_source, c.custom_attributes
            from customers.customers c {where}
            """, ct);
        // Rows of the overlap were mostly taken in before.
        var fresh = rows.Where(r => !seen.TryGetValue((r.OrganizationId, r.Id), out var at) || at != r.UpdatedAt).ToList();
        foreach (var of in fresh.GroupBy(r => r.OrganizationId)) folder.Of(of.Key).Describe(of.Select(r => (r.Id, r.Known, Attributes(r))));
        foreach (var row in fresh) if (newest is null || row.UpdatedAt > newest) newest = row.UpdatedAt;
        newest ??= DateTimeOffset.UnixEpoch;
        seen.Clear();
        foreach (var row in rows.Where(r => r.UpdatedAt > newest.Value.AddSeconds(-OverlapSeconds))) seen[(row.OrganizationId, row.Id)] = row.UpdatedAt;
    }

    private async Task Forget(CancellationToken ct)
    {
        foreach (var (organization, store) in folder.Stores)
        {
            var there = (await db.List<Guid>($"select c.id from customers.customers c where c.organization_id = {organization}", ct)).ToHashSet();
            var gone = store.KnownExcept(there);
            if (gone.Count > 0) store.Describe(gone.Select(id => (id, false, (IReadOnlyList<KeyValuePair<string, string>>)[])));
        }
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Attributes(Profile p)
    {
        var all = new List<KeyValuePair<string, string>>(16);
        void Add(string name, string? value) { if (value is not null) all.Add(new(name, value)); }
        Add("country", p.Country);
        Add("state", p.State);
        Add("city", p.City);
        Add("gender", p.Gender);
        Add("timezone", p.Timezone);
        Add("customer_type", p.CustomerType);
        Add("customer_status", p.CustomerStatus);
        Add("lifecycle_stage", p.LifecycleStage);
        Add("acquisition_channel", p.AcquisitionChannel);
        Add("acquisition_campaign", p.AcquisitionCampaign);
        Add("acquisition_source", p.AcquisitionSource);
        Add("data_source", p.DataSource);
        foreach (var custom in p.CustomAttributes.EnumerateObject())
        {
            var value = custom.Value.ValueKind switch
            {
                JsonValueKind.String => custom.Value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => custom.Value.GetRawText(),
                _ => null,
            };
            if (custom.Name.Length <= 100) Add(Names.Custom + custom.Name, value);
        }
        return all;
    }

    // The properties are whatever somebody sent: what is not an id is left out.
    private static Guid[] Ids(ControlRow control, params string[] names)
    {
        using var json = JsonDocument.Parse(control.Properties);
        var ids = new List<Guid>();
        foreach (var name in names)
        {
            if (!json.RootElement.TryGetProperty(name, out var value)) continue;
            foreach (var item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value])
                if (item.ValueKind == JsonValueKind.String && Guid.TryParse(item.GetString(), out var id)) ids.Add(id);
        }
        return [.. ids];
    }
}
