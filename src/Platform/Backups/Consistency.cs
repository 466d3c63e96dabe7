using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Backups;

/// <param name="Name">What was looked at.</param>
/// <param name="Faults">How many were found; none when all is well.</param>
/// <param name="Detail">How much was looked at, or what is wrong.</param>
public sealed record Checked(string Name, long Faults, string Detail);

/// <summary>
/// Everything the platform can prove about its own data, in one place: what <c>clientele check</c> says, and what a restored
/// database must pass. A module adds to it by a function named <c>drift</c> or <c>…_drift</c> without arguments, which returns
/// the rows that are not what they should be: for one organization or for all.
/// </summary>
/// <param name="given">Of the database.</param>
/// <param name="keys">What seals of the audit trail are checked with.</param>
/// <param name="files">Where stored files lie; null: they are not looked at.</param>
public sealed class Consistency(Databases given, KeyRing keys, IFileStore? files = null)
{

    /// <summary>Reads only. On large data it takes minutes: each ledger, each seal and each drift is worked out anew.</summary>
    public async Task<IReadOnlyList<Checked>> Run(CancellationToken ct)
    {
        // Connections of its own, which wait as long as it takes.
        await using var patient = new Databases(given.ConnectionString, timeout: 0);
        return await new Look(patient, keys, files).Run(ct);
    }
}

internal sealed class Look(Databases databases, KeyRing keys, IFileStore? files)
{
    private readonly Db db = new(databases.Service, Tenant.None);

    private sealed record Organization(Guid Id, string Slug);

    private sealed record Function(string Name, string Schema, string Call);

    private sealed record Ledger(string Relation, string[] Account);

    public async Task<IReadOnlyList<Checked>> Run(CancellationToken ct)
    {
        var organizations = await db.List<Organization>($"select o.id, o.slug from platform.organizations o order by o.slug", ct);
        List<Checked> all = [await Constraints(ct), await Indexes(ct), await Policies(ct), await Log(ct), await Ledgers(organizations, ct)];
        if (files is not null) all.Add(await Files(files, ct));
        foreach (var organization in organizations) all.Add(await Trail(organization, ct));
        foreach (var function in await db.List<Function>($"""
            select n.nspname || '.' || p.proname as name, n.nspname as schema, format('%I.%I()', n.nspname, p.proname) as call
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where p.pronargs = 0 and p.proretset and p.proname ~ '(^|_)drift$' and n.nspname !~ '^(pg_|information_schema)' order by 1
            """, ct)) all.Add(await Drift(function, organizations, ct));
        return all;
    }

    private async Task<Checked> Constraints(CancellationToken ct)
    {
        var faults = await db.List<string>($"""
            select format('%s of %s', c.conname, c.conrelid::regclass) from pg_constraint c join pg_namespace n on n.oid = c.connamespace
            where not c.convalidated and n.nspname !~ '^(pg_|information_schema)' order by 1
            """, ct);
        var all = await db.One<long>($"select count(*) from pg_constraint c join pg_namespace n on n.oid = c.connamespace where n.nspname !~ '^(pg_|information_schema)'", ct);
        return Of("constraints", faults, $"{all:N0}, all hold");
    }

    private async Task<Checked> Indexes(CancellationToken ct)
    {
        var faults = await db.List<string>($"select i.indexrelid::regclass::text from pg_index i where not (i.indisvalid and i.indisready) order by 1", ct);
        return Of("indexes", faults, $"{await db.One<long>($"select count(*) from pg_index i", ct):N0}, all valid");
    }

    // A table without its policies would show one organization's rows to another.
    private async Task<Checked> Policies(CancellationToken ct)
    {
        var faults = await db.List<string>($"""
            select a.relation from platform.table_access a left join pg_class c on c.oid = to_regclass(a.relation)
            where c.oid is null or not (c.relrowsecurity and c.relforcerowsecurity) order by 1
            """, ct);
        return Of("row-level security", faults, $"{await db.One<long>($"select count(*) from platform.table_access", ct):N0} tables, all protected");
    }

    private async Task<Checked> Log(CancellationToken ct)
    {
        var faults = await db.List<string>($"""
            select format('the log is of another server or database: epoch %s', s.epoch) from log.state s where s.identity <> log.identity()
            union all
            select format('%s events of an epoch that has not begun', count(*)) from log.events e, log.state s where e.epoch > s.epoch having count(*) > 0
            union all
            select format('%s events of a transaction that has not begun', count(*)) from log.events e, log.state s
            where e.epoch = s.epoch and e.writer >= pg_snapshot_xmax(pg_current_snapshot()) having count(*) > 0
            union all
            select format('%s places in the order are taken twice', count(*)) from (
                select 1 from log.events e group by e.epoch, e.writer, e.position having count(*) > 1) twice having count(*) > 0
            union all
            select format('the checkpoint of %s lies beyond the log', c.name) from log.consumers c, log.state s
            where (c.epoch, c.writer) > (s.epoch, pg_snapshot_xmax(pg_current_snapshot()))
            """, ct);
        return Of("log", faults, $"{await db.One<long>($"select count(*) from log.events", ct):N0} events in order");
    }

    // Entries are numbered without a gap in each account, and each balance is the one before it and the amount.
    private async Task<Checked> Ledgers(List<Organization> organizations, CancellationToken ct)
    {
        var (faults, entries) = (new List<string>(), 0L);
        foreach (var ledger in await db.List<Ledger>($"""
            select c.conrelid::regclass::text as relation,
                   (select array_agg(a.attname::text order by k.place) from unnest(c.conkey) with ordinality k (attnum, place)
                    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum where a.attname <> 'entry') as account
            from pg_constraint c where c.conname = 'entry_of_account' order by 1
            """, ct))
        {
            var (table, account) = (Sql.Composed(ledger.Relation), Sql.Join(", ", ledger.Account.Select(Sql.Identifier)));
            entries += await db.One<long>($"select count(*) from {table}", ct);
            var wrong = await db.One<long>($"""
                select count(*) from (
                    select l.entry <> row_number() over (partition by {account} order by l.entry)
                        or l.balance <> sum(l.amount) over (partition by {account} order by l.entry) as wrong from {table} l) e where e.wrong
                """, ct);
            if (wrong > 0) faults.Add($"{wrong:N0} entries of {ledger.Relation} do not follow from those before them");
        }
        return Of("ledgers", faults, $"{entries:N0} entries of {organizations.Count:N0} organizations, every balance is its sum");
    }

    // One that is being uploaded has bytes before it has a row; one that is being deleted, a row no more when its bytes go.
    private async Task<Checked> Files(IFileStore store, CancellationToken ct)
    {
        Task<List<string>> Keys() => db.List<string>($"select f.organization_id || '/' || f.id from platform.files f order by 1", ct);
        var keys = await Keys();
        var there = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            await foreach (var file in store.List(string.Empty, ct)) there.Add(file.Key);
        }
        catch (FileStoreException e) { return new Checked("stored files", 1, e.Message); }
        var faults = keys.Where(k => !there.Contains(k)).ToList();
        if (faults.Count > 0) faults = [.. faults.Intersect(await Keys())];
        return Of("stored files", faults.ConvertAll(k => $"the bytes of {k} are lost"), $"{keys.Count:N0}, each has its bytes");
    }

    private async Task<Checked> Trail(Organization organization, CancellationToken ct)
    {
        var report = await new AuditVerifier(databases, keys).Verify(organization.Id, null, ct);
        return new Checked($"audit trail of {organization.Slug}", report.Faults.Count, report.Faults.Count == 0
            ? $"{report.Entries:N0} entries as they were sealed" + (report.Unsigned > 0 ? $"; {report.Unsigned:N0} of {report.Blocks:N0} seals are signed with keys that are not in this ring" : string.Empty)
            : $"{report.Faults[0].Kind} in block {report.Faults[0].Block:N0}; see clientele audit verify");
    }

    private async Task<Checked> Drift(Function function, List<Organization> organizations, CancellationToken ct)
    {
        var (faults, where) = (0L, new List<string>());
        foreach (var organization in organizations)
        {
            var found = await new Db(databases.Application, Tenant.System(organization.Id)).One<long>($"select count(*) from {Sql.Composed(function.Call)}", ct);
            faults += found;
            if (found > 0) where.Add(organization.Slug);
        }
        return new Checked(function.Name, faults, faults == 0 ? "counted anew: the same" : $"differs in {string.Join(", ", where)}: select * from {function.Call}");
    }

    private static Checked Of(string name, List<string> faults, string well) =>
        new(name, faults.Count, faults.Count == 0 ? well : string.Join("; ", faults.Take(5)) + (faults.Count > 5 ? $" and {faults.Count - 5:N0} more" : string.Empty));
}
