using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Platform.Health.Database;

/// <summary>What took the database longest, from the extension pg_stat_statements when it is there.</summary>
/// <param name="Available">Whether PostgreSQL keeps these figures.</param>
/// <param name="HowTo">What an administrator does to switch them on; null when they are.</param>
/// <param name="Items">Those that took longest in all, at most 30.</param>
public sealed record SlowStatements(bool Available, string? HowTo, IReadOnlyList<SlowStatements.Statement> Items)
{
    /// <param name="Role">The role it ran as.</param>
    /// <param name="Text">Placeholders stand for values.</param>
    /// <param name="Rows">In all.</param>
    /// <param name="CacheHits">The share of pages that were in memory, from 0 to 1.</param>
    public sealed record Statement(string Role, string Text, long Calls, double TotalMs, double MeanMs, double MostMs, long Rows, double? CacheHits);

    private sealed record State(bool Preloaded, string? Schema);

    private const string Load = "In postgresql.conf: shared_preload_libraries = 'pg_stat_statements'. Restart PostgreSQL, then as its administrator in this database: create extension pg_stat_statements;";

    internal static async Task<SlowStatements> Read(Databases databases, CancellationToken ct)
    {
        var service = new Db(databases.Service, Tenant.None);
        // Who is no administrator may not see what was loaded; the extension's own settings tell.
        var state = await service.One<State>($"""
            select current_setting('pg_stat_statements.max', true) is not null as preloaded,
                   (select n.nspname::text from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements') as schema
            """, ct);
        if (!state.Preloaded) return new SlowStatements(false, Load, []);
        if (state.Schema is null)
        {
            return await Elsewhere(databases, service, ct) is { } found ? new SlowStatements(true, null, found)
                : new SlowStatements(false, "PostgreSQL counts, but the extension is not in this database. As its administrator: create extension pg_stat_statements;", []);
        }
        try
        {
            // Each role sees its own statements, without any privilege.
            var items = new List<Statement>();
            foreach (var source in new[] { databases.Service, databases.Application })
                items.AddRange(await new Db(source, Tenant.None).List<Statement>(Slowest(state.Schema, $"s.userid = current_user::regrole and s.dbid = (select d.oid from pg_database d where d.datname = current_database())"), ct));
            return new SlowStatements(true, null, [.. items.OrderByDescending(s => s.TotalMs).Take(30)]);
        }
        catch (PostgresException e) when (e.SqlState is "55000" or "42501")
        {
            return new SlowStatements(false, e.SqlState == "55000" ? Load : "The login may not read it. As administrator: grant select on pg_stat_statements to public;", []);
        }
    }

    // The view shows all databases; our private server has it in the maintenance database.
    private static async Task<List<Statement>?> Elsewhere(Databases databases, Db service, CancellationToken ct)
    {
        var ours = await service.One<string>($"select current_database()::text", ct);
        try
        {
            await using var connection = await databases.OpenMaintenance(ct);
            if (await List<string>(connection, $"select n.nspname::text from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'", ct) is not [var schema]) return null;
            return await List<Statement>(connection, Slowest(schema, $"s.userid::regrole::text in ({Databases.App}, {Databases.ServiceRole}) and s.dbid = (select d.oid from pg_database d where d.datname = {ours})"), ct);
        }
        catch (NpgsqlException) { return null; }
    }

    private static async Task<List<T>> List<T>(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        return await Db.Read<T>(batch, null, sql, ct);
    }

    private static Sql Slowest(string schema, Sql which) => $"""
        select s.userid::regrole::text as role, left(s.query, 2000) as text, s.calls, s.total_exec_time as total_ms, s.mean_exec_time as mean_ms, s.max_exec_time as most_ms, s.rows,
               s.shared_blks_hit::double precision / nullif(s.shared_blks_hit + s.shared_blks_read, 0) as cache_hits
        from {Sql.Identifier(schema)}.pg_stat_statements s
        where {which}
        -- What every transaction begins with, and what this login may not see.
        and s.query !~* '^\s*(select set_config|begin|commit|rollback|discard|set )' and s.query <> '<insufficient privilege>'
        order by s.total_exec_time desc
        limit 30
        """;
}
