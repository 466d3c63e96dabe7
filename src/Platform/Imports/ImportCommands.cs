using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Imports;

/// <summary>What people and the command line do with imports.</summary>
public static class ImportCommands
{
    private sealed record Stored(string Kind, string State, bool Wrote, long? NotUtf8At);

    /// <summary>Checks the mapping against the file and queues the import. A cancelled or failed one starts over; lines it wrote before are known by file and number, and stay.</summary>
    public static async Task Start(Db db, IEnumerable<IImporter> importers, Guid id, Mapping mapping, CancellationToken ct)
    {
        var import = await Find(db, id, ct);
        if (import.State is not ("uploaded" or "failed" or "cancelled"))
            throw new Problem(409, "import_not_startable", $"The import is {import.State}. Only one that was uploaded, cancelled or failed can start.");
        await Open(db, id, ct);
        var importer = Importer(importers, import.Kind);
        var bound = await Bind(db, importer, id, import.NotUtf8At, mapping, ct);
        // What it wrote was read with the first mapping; a second reading beside it would make one file two truths.
        if (import.Wrote && !await db.One<bool>($"select i.mapping = {Json.Of(bound.Mapping)} from platform.imports i where i.id = {id}", ct))
            throw new Problem(409, "mapping_changed", "This import has already written with another mapping. Undo it first, then import the file with the new one.");
        await importer.Check(db, bound, ct);
        await db.InTransaction(async t =>
        {
            var started = await t.Run($"""
                update platform.imports i
                set state = 'queued', mapping = {Json.Of(bound.Mapping)}, lines_read = 0, accepted = 0, rejected = 0, duplicates = 0,
                    staged = 0, written = 0, write_cursor = null,
                    problem = null, started_at = null, finished_at = null, worker = null, leased_until = null
                where i.id = {id} and i.state = {import.State}
                """, ct);
            if (started == 0) throw new Problem(409, "import_not_startable", "Somebody else has just started or changed this import. Reload it.");
            await importer.Begin(t, bound, ct);
            await t.Run($"delete from platform.import_rejects r where r.import_id = {id}", ct);
            await importer.DropStaged(t, new ImportJob(db.Tenant.OrganizationId!.Value, id, Guid.Empty, [], bound.Mapping, null), ct);
        }, ct);
    }

    /// <summary>An import of the same file with the same mapping that was stopped, or is under way: going on with it is what a second one would want.</summary>
    /// <param name="id">The file that was just uploaded.</param>
    public static Task<Guid?> FindUnfinished(Db db, Guid id, Mapping mapping, CancellationToken ct) => db.Find<Guid?>($"""
        select e.id
        from platform.imports i
        join platform.imports e on e.organization_id = i.organization_id and e.kind = i.kind and e.sha256 = i.sha256 and e.id <> i.id
        where i.id = {id} and e.state in ('queued', 'reading', 'writing') and e.mapping = {Json.Of(mapping with { Format = mapping.Format ?? new MappingFormat() })}
        order by e.created_at
        limit 1
        """, ct);

    /// <summary>Whether a worker holds it now.</summary>
    public static Task<bool> IsWorkedOn(Db db, Guid id, CancellationToken ct) =>
        db.One<bool>($"select exists (select from platform.imports i where i.id = {id} and i.worker is not null and i.leased_until > now())", ct);

    /// <summary>Stops an import; what it wrote stays until it is undone.</summary>
    public static async Task Cancel(Db db, Guid id, CancellationToken ct)
    {
        if (await db.Run($"update platform.imports i set state = 'cancelling' where i.id = {id} and i.state in ('queued', 'reading', 'writing')", ct) == 0)
            throw new Problem(409, "import_not_running", $"The import is {(await Find(db, id, ct)).State}; there is nothing to cancel.");
    }

    /// <summary>Takes back everything an import wrote.</summary>
    public static async Task Undo(Db db, Guid id, CancellationToken ct)
    {
        var undone = await db.Run($"""
            update platform.imports i
            set state = 'undoing', problem = null, finished_at = null, worker = null, leased_until = null
            where i.id = {id} and i.state in ('completed', 'cancelled', 'failed') and i.mapping is not null
            """, ct);
        if (undone > 0) return;
        var state = (await Find(db, id, ct)).State;
        throw state is "queued" or "reading" or "writing" or "cancelling"
            ? new Problem(409, "import_running", "The import is still running. Cancel it first, then undo it.")
            : new Problem(409, "import_not_undoable", $"The import is {state}; there is nothing to undo.");
    }

    /// <summary>Forgets a file that was never written anywhere.</summary>
    public static async Task Delete(Db db, Guid id, CancellationToken ct)
    {
        // Counts outlive a restart of the import, unlike "written".
        var wroteSomething = (Sql)$"exists (select from jsonb_each_text(i.counts) n where n.key <> 'undone' and n.value::bigint > 0)";
        if (await db.Run($"delete from platform.imports i where i.id = {id} and (i.state in ('uploaded', 'undone') or (i.state = 'failed' and not {wroteSomething}))", ct) == 0)
            throw new Problem(409, "import_in_use", $"The import is {(await Find(db, id, ct)).State}. Undo it first; then it can be deleted.");
    }

    internal static IImporter Importer(IEnumerable<IImporter> importers, string kind) => importers.FirstOrDefault(i => i.Kind == kind)
        ?? throw Problem.Invalid("kind", $"There is no import of \"{kind}\". There is: {string.Join(", ", importers.Select(i => i.Kind))}.");

    /// <exception cref="Problem">All that is wrong, by path; of a file that cannot be read so, all but what its columns would tell.</exception>
    internal static async Task<BoundMapping> Bind(Db db, IImporter importer, Guid id, long? notUtf8At, Mapping mapping, CancellationToken ct)
    {
        var format = mapping.Format ?? new MappingFormat();
        var unreadable = new Dictionary<string, string[]>(StringComparer.Ordinal);
        MappingRules.CheckReading(format, unreadable);
        if (notUtf8At is { } line && MappingRules.TextEncoding(format.Encoding) is UTF8Encoding)
            unreadable["format.encoding"] = [$"The file is not UTF-8 (line {line}). Set format.encoding to windows-1252, or save the file as UTF-8."];
        if (unreadable.Count > 0)
        {
            foreach (var (path, messages) in BoundMapping.Bind(mapping, importer, null).Problems) unreadable.TryAdd(path, messages);
            throw Problem.Invalid(unreadable);
        }
        using var reader = await RecordReader.Open(new PieceReader(db, id), format.Delimiter!, format.Encoding!);
        var (bound, problems) = BoundMapping.Bind(mapping, importer, reader.Columns);
        return bound ?? throw Problem.Invalid(problems);
    }

    internal static async Task<(string Kind, long? NotUtf8At)> Open(Db db, Guid id, CancellationToken ct)
    {
        var import = await Find(db, id, ct);
        if (!await db.One<bool>($"select exists (select from platform.import_pieces p where p.import_id = {id})", ct))
            throw new Problem(409, "file_gone", "The file of a finished import is not kept. Upload it again.");
        return (import.Kind, import.NotUtf8At);
    }

    /// <summary>How an import stands.</summary>
    public static Task<ImportView> Get(Db db, Guid id, CancellationToken ct) => ImportView.Of(db, id, ct);

    private static async Task<Stored> Find(Db db, Guid id, CancellationToken ct) => await db.Find<Stored>($"""
        select i.kind, i.state, i.not_utf8_at,
               exists (select from jsonb_each_text(i.counts) n where n.key <> 'undone' and n.value::bigint > 0) as wrote
        from platform.imports i where i.id = {id}
        """, ct) ?? throw Problem.NotFound("import");
}
