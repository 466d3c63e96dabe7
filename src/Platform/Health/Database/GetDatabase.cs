using Clientele.Platform.Data;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Npgsql;

namespace Clientele.Platform.Health.Database;

/// <summary>GET /api/operator/database: how the database does, for operators of the installation.</summary>
internal static class GetDatabase
{
    /// <param name="CacheHits">The share of pages that were in PostgreSQL's own memory, from 0 to 1, since its figures were last reset.</param>
    /// <param name="Connections">Of the whole server.</param>
    /// <param name="TransactionAge">Transactions since the oldest row was frozen; the server stops at about 2.1 billion.</param>
    /// <param name="Unread">Sections that could not be read, because something is locked or it took too long: <c>statements</c>, <c>sessions</c>, <c>tables</c>, <c>unusedIndexes</c>, <c>duplicateIndexes</c>, <c>growth</c>. They are empty.</param>
    /// <param name="Since">Since when PostgreSQL counts; null: since it was made.</param>
    public sealed record View(
        string Version, long Bytes, double? CacheHits, long Connections, long MostConnections, long Deadlocks, long TemporaryBytes, long TransactionAge, DateTimeOffset? Since,
        SlowStatements Statements, IReadOnlyList<Running> Running, IReadOnlyList<Waiting> Waiting, IReadOnlyList<Pool> Pools,
        IReadOnlyList<Table> Tables, IReadOnlyList<Index> UnusedIndexes, IReadOnlyList<Twin> DuplicateIndexes, IReadOnlyList<Growth> Growth,
        IReadOnlyList<string> Unread);

    /// <summary>A statement under way for more than a second.</summary>
    /// <param name="Seconds">Since it began.</param>
    /// <param name="Statement">Its beginning, as sent: placeholders stand for values. Null when this login may not see it.</param>
    public sealed record Running(int Pid, string? Application, string? State, string? WaitsFor, double Seconds, string? Statement);

    /// <summary>A session that waits for a lock.</summary>
    /// <param name="BlockedBy">Processes it waits for.</param>
    public sealed record Waiting(int Pid, string? Application, double Seconds, int[] BlockedBy, string? Statement);

    /// <summary>A pool of this node.</summary>
    public sealed record Pool(string Name, long Used, long Idle, long Most, long Pending);

    /// <param name="Rows">As PostgreSQL estimates.</param>
    /// <param name="DeadRows">Old versions that vacuum has yet to clear.</param>
    /// <param name="Parts">Partitions, 1 for a table without.</param>
    /// <param name="GrownBytes">In the last 30 days, or since the first sample.</param>
    public sealed record Table(string Name, long Bytes, long IndexBytes, long Rows, long DeadRows, long Parts, DateTimeOffset? VacuumedAt, DateTimeOffset? AnalyzedAt, long? GrownBytes);

    /// <summary>An index that nothing has read since PostgreSQL counts, and that enforces nothing.</summary>
    public sealed record Index(string Name, string Table, long Bytes);

    /// <summary>An index that another one of the same table makes superfluous.</summary>
    public sealed record Twin(string Name, string Table, string Other, long Bytes);

    /// <param name="Name">A table; empty: the whole database.</param>
    public sealed record Growth(string Name, IReadOnlyList<Size> Days);

    public sealed record Size(DateOnly Day, long Bytes);

    private sealed record Sums(string Version, long Bytes, double? CacheHits, long Connections, long MostConnections, long Deadlocks, long TemporaryBytes, long TransactionAge, DateTimeOffset? Since);

    private sealed record Sample(string Relation, DateOnly Day, long Bytes);

    public static async Task<View> Handle(Caller caller, Databases databases, MetricsStore figures, CancellationToken ct)
    {
        await Operators.Require(caller, databases, ct);
        var service = new Db(databases.Service, Tenant.None);
        var sums = await service.One<Sums>($"""
            select current_setting('server_version') as version, pg_database_size(current_database()) as bytes,
                   d.blks_hit::double precision / nullif(d.blks_hit + d.blks_read, 0) as cache_hits,
                   (select sum(x.numbackends)::bigint from pg_stat_database x) as connections, current_setting('max_connections')::bigint as most_connections,
                   d.deadlocks, d.temp_bytes as temporary_bytes, (select max(age(x.datfrozenxid))::bigint from pg_database x) as transaction_age, d.stats_reset as since
            from pg_stat_database d
            where d.datname = current_database()
            """, ct);
        var unread = new List<string>();
        // Somebody looks because something is wrong: what waits or takes long is left out, and the rest is shown.
        async Task<T> Section<T>(string name, T otherwise, Func<Task<T>> read)
        {
            try { return await read(); }
            catch (Exception e) when (e is NpgsqlException or TimeoutException && !ct.IsCancellationRequested)
            {
                unread.Add(name);
                return otherwise;
            }
        }
        Task<List<T>> Listed<T>(string name, Sql sql) => Section<List<T>>(name, [], () => service.InTransaction(async t =>
        {
            await t.Run($"select set_config('lock_timeout', '200ms', true), set_config('statement_timeout', '5s', true)", ct);
            return await t.List<T>(sql, ct);
        }, ct));
        var (running, waiting) = await Section<(List<Running>, List<Waiting>)>("sessions", ([], []), () => Sessions(databases, ct));
        var statements = await Section("statements", new SlowStatements(true, null, []), () => SlowStatements.Read(databases, ct));
        var samples = await Listed<Sample>("growth", Grown);
        return new View(
            sums.Version, sums.Bytes, sums.CacheHits, sums.Connections, sums.MostConnections, sums.Deadlocks, sums.TemporaryBytes, sums.TransactionAge, sums.Since,
            statements, running, waiting, figures.Pools(), await Listed<Table>("tables", Tables), await Listed<Index>("unusedIndexes", Unused), await Listed<Twin>("duplicateIndexes", Twins),
            [.. samples.GroupBy(x => x.Relation).Select(g => new Growth(g.Key, [.. g.Select(x => new Size(x.Day, x.Bytes))]))], unread);
    }

    // As the login itself: that role sees what every session of its own does, and needs no privilege for it.
    private static async Task<(List<Running>, List<Waiting>)> Sessions(Databases databases, CancellationToken ct)
    {
        await using var connection = await databases.OpenLogin(ct);
        var running = await Read<Running>(connection, $"""
            select a.pid, a.application_name as application, a.state, a.wait_event as waits_for, extract(epoch from clock_timestamp() - a.query_start)::double precision as seconds, left(a.query, 500) as statement
            from pg_stat_activity a
            where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend' and a.state in ('active', 'idle in transaction', 'idle in transaction (aborted)')
            and a.query_start < clock_timestamp() - interval '1 second'
            order by a.query_start
            limit 20
            """, ct);
        var waiting = await Read<Waiting>(connection, $"""
            select a.pid, a.application_name as application, coalesce(extract(epoch from clock_timestamp() - l.since), 0)::double precision as seconds,
                   pg_blocking_pids(a.pid) as blocked_by, left(a.query, 500) as statement
            from pg_stat_activity a
            join (select w.pid, min(w.waitstart) as since from pg_locks w where not w.granted group by w.pid) as l on l.pid = a.pid
            where a.datname = current_database()
            order by l.since
            limit 20
            """, ct);
        return (running, waiting);
    }

    private static async Task<List<T>> Read<T>(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        return await Db.Read<T>(batch, null, sql, ct);
    }

    private static Sql Tables => $"""
        select t.relation as name, t.bytes, t.index_bytes, t.rows, t.dead_rows, t.parts,
               nullif(t.vacuumed_at, '-infinity') as vacuumed_at, nullif(t.analyzed_at, '-infinity') as analyzed_at,
               t.bytes - (select d.bytes from platform.database_sizes d where d.relation = t.relation and d.day >= current_date - 30 order by d.day limit 1) as grown_bytes
        from platform.table_sizes t
        order by t.bytes desc
        limit 30
        """;

    private static Sql Unused => $"""
        select s.indexrelid::regclass::text as name, s.relid::regclass::text as table, c.relpages * current_setting('block_size')::bigint as bytes
        from pg_stat_user_indexes s
        join pg_index i on i.indexrelid = s.indexrelid
        -- An index of a partition belongs to its parent's; a few pages hold nothing worth while. Pages as of the last vacuum: to measure
        -- an index is to wait for whoever has locked it.
        join pg_class c on c.oid = s.indexrelid and not c.relispartition
        where s.idx_scan = 0 and not i.indisunique and not i.indisexclusion and c.relpages > 8
        order by bytes desc
        limit 50
        """;

    private static Sql Twins => $"""
        select a.indexrelid::regclass::text as name, a.indrelid::regclass::text as table, b.indexrelid::regclass::text as other, c.relpages * current_setting('block_size')::bigint as bytes
        from pg_index a
        join pg_class c on c.oid = a.indexrelid and not c.relispartition
        join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^(pg_|information_schema)'
        -- The other begins with the same columns in the same order, for the same rows.
        join pg_index b on b.indrelid = a.indrelid and b.indexrelid <> a.indexrelid
            and (b.indkey::smallint[])[0:a.indnkeyatts - 1] = (a.indkey::smallint[])[0:a.indnkeyatts - 1]
            and (b.indclass::oid[])[0:a.indnkeyatts - 1] = (a.indclass::oid[])[0:a.indnkeyatts - 1]
            and (b.indoption::smallint[])[0:a.indnkeyatts - 1] = (a.indoption::smallint[])[0:a.indnkeyatts - 1]
            and b.indnkeyatts >= a.indnkeyatts
        join pg_class o on o.oid = b.indexrelid and o.relam = c.relam
        where not a.indisunique and not a.indisexclusion and a.indnatts = a.indnkeyatts
        and a.indpred is null and b.indpred is null and a.indexprs is null and b.indexprs is null
        -- Of two that are quite the same, one.
        and (b.indnkeyatts > a.indnkeyatts or b.indisunique or b.indexrelid < a.indexrelid)
        order by bytes desc, name
        limit 50
        """;

    private static Sql Grown => $"""
        select d.relation, d.day, d.bytes from platform.database_sizes d
        where d.day > current_date - 90
        and (d.relation = '' or d.relation in (
            select x.relation from platform.database_sizes x
            where x.day = (select max(y.day) from platform.database_sizes y) and x.relation <> '' order by x.bytes desc limit 5))
        order by d.relation, d.day
        """;
}
